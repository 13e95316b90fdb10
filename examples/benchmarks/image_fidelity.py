"""Measure how real the images are that the GAN alone makes of rare classes, against the CPU-seconds of training.

Half of the classes are thinned (``--natural``: a set's own tail). A small convolutional network that learnt all real
training images gives the features. For each rare class the Fréchet distance to unseen images is taken, and averaged;
label: share that the network calls by the class asked for; coverage and recall (k = 5) against unseen images; worst
octave: power of the synthetic images over that of unseen ones, in the octave of the spectrum that is farthest off.

Beside ganaug stands the loop that one would write first: DCGAN with class embeddings and binary cross-entropy.

By default on scikit-learn's digits; ``--data`` takes .npz files with ``images``, ``labels`` and ``split`` (0: training,
1: unseen). ``--grid`` writes a picture of the last samples, a row for each rare class.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F

import ganaug
from ganaug.evaluation.fidelity.distances import frechet_distance
from ganaug.evaluation.fidelity.prdc import prdc
from ganaug.evaluation.fidelity.spectrum import octaves
from ganaug.models.classifier import batch_weights, fit_classifier, outputs
from ganaug.models.gan import ConditionalGAN
from ganaug.training.callbacks import Callback

Look = Callable[[float, int, np.ndarray], None]  # CPU-seconds, steps, images (n, channels, height, width)


def load(path: str | None, seed: int) -> tuple[np.ndarray, ...]:
    """Return training images and labels, and unseen ones."""
    if path is None:
        X, y = load_digits(return_X_y=True)
        images = (X.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
        X, X_test, y, y_test = train_test_split(images, y, test_size=0.4, stratify=y, random_state=seed)
        return X, y, X_test, y_test
    with np.load(path, allow_pickle=False) as data:
        images, labels, split = data["images"], data["labels"], data["split"]
    return images[split == 0], labels[split == 0], images[split == 1], labels[split == 1]


def thin(y: np.ndarray, args: argparse.Namespace, rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Return which samples stay, and which classes are rare."""
    labels, counts = np.unique(y, return_counts=True)
    if args.natural:
        return np.arange(len(y)), labels[counts < counts.max() / 3].tolist()
    rare = sorted(rng.permutation(labels)[len(labels) // 2 :].tolist())
    kept = [rng.permutation(np.flatnonzero(y == k))[: args.n_rare if k in rare else args.n_usual] for k in labels]
    return np.concatenate(kept), rare


def encoded(X: np.ndarray) -> np.ndarray:
    """Return images as ``(n, channels, height, width)`` in [-1, 1]."""
    x = X.astype(np.float32) / 127.5 - 1
    return x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2).copy()


class Curve(Callback):
    """Calls `look` with calibrated samples whenever so many CPU-seconds of training are spent, and ends it."""

    def __init__(self, budgets: list[float], labels: np.ndarray, look: Look) -> None:
        self.budgets, self.labels, self.look = list(budgets), labels, look

    def on_train_start(self, trainer) -> None:
        """Start the clock."""
        self.start = time.process_time()

    def on_step(self, trainer) -> None:
        """Look, without a trace in the training that goes on."""
        spent = time.process_time() - self.start
        if spent < self.budgets[0]:
            return
        generator = trainer.gan.generator_ema
        state = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
        generator.calibrate(trainer.batches, torch.Generator().manual_seed(0))
        made = encoded(np.asarray(trainer.gan.sample(labels=self.labels, random_state=0)))
        generator.load_state_dict(state)
        self.look(spent, trainer.gan.step, made)
        del self.budgets[0]
        if not self.budgets:
            trainer.stop_reason = "enough"
        self.start = time.process_time() - spent


def ours(X: np.ndarray, y: np.ndarray, wanted: np.ndarray, budgets: list[float], look: Look) -> ConditionalGAN:
    """Train ganaug's default GAN."""
    return ganaug.train(X, y, max_steps=10**6, random_state=0, device="cpu", callbacks=[Curve(budgets, wanted, look)])


def dcgan(X: np.ndarray, y: np.ndarray, wanted: np.ndarray, budgets: list[float], look: Look) -> None:
    """Train a DCGAN (Radford et al. 2016) with the class given to both networks, on class-balanced batches of 64."""
    torch.manual_seed(0)
    x, c = torch.from_numpy(encoded(X)), torch.from_numpy(np.unique(y, return_inverse=True)[1])
    asked = torch.from_numpy(np.searchsorted(np.unique(y), wanted))
    n, (channels, height, width) = int(c.max()) + 1, x.shape[1:]
    low = height // 4, width // 4
    embed = nn.Embedding(n, 100)
    body = nn.Sequential(
        nn.Linear(200, 128 * low[0] * low[1]),
        nn.Unflatten(1, (128, *low)),
        *(nn.BatchNorm2d(128), nn.ReLU(), nn.ConvTranspose2d(128, 64, 4, 2, 1)),
        *(
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, channels, 4, 2, 1),
            nn.Upsample((height, width)),
            nn.Tanh(),
        ),
    )
    critic = nn.Sequential(
        *(nn.Conv2d(channels + 1, 64, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(1)),
    )
    plane = nn.Embedding(n, height * width)

    def generate(c: torch.Tensor) -> torch.Tensor:
        return body(torch.cat([torch.randn(len(c), 100), embed(c)], 1))

    def judge(x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return critic(torch.cat([x, plane(c).view(-1, 1, height, width)], 1))[:, 0]

    judge(x[:2], c[:2])
    weights = batch_weights(c.numpy(), np.zeros(len(c), bool), 0)
    to_g = torch.optim.Adam([*body.parameters(), *embed.parameters()], 2e-4, (0.5, 0.999))
    to_d = torch.optim.Adam([*critic.parameters(), *plane.parameters()], 2e-4, (0.5, 0.999))
    left, step, start = list(budgets), 0, time.process_time()
    while left:
        some = torch.multinomial(torch.from_numpy(weights), 64, replacement=True)
        fake = generate(c[some])
        loss = F.softplus(-judge(x[some], c[some])).mean() + F.softplus(judge(fake.detach(), c[some])).mean()
        to_d.zero_grad()
        loss.backward()
        to_d.step()
        to_g.zero_grad()
        F.softplus(-judge(fake, c[some])).mean().backward()
        to_g.step()
        step += 1
        spent = time.process_time() - start
        if spent >= left[0]:
            del left[0]
            body.eval()
            with torch.no_grad():
                made = torch.cat([generate(part) for part in asked.split(500)]).numpy()
            body.train()
            look(spent, step, made)
            start = time.process_time() - spent


def fidelity(made: np.ndarray, labels: np.ndarray, unseen: np.ndarray, y_unseen: np.ndarray, judge: nn.Sequential):
    """Return the numbers of a row."""
    body = judge[:-2]  # features of 64 numbers
    features, real = outputs(body, made), outputs(body, unseen)
    rare = np.unique(labels)
    distances, ratios = [], []
    for k in rare:
        distances.append(frechet_distance(real[y_unseen == k], features[labels == k]))
        pairs = zip(octaves(made[labels == k]), octaves(unseen[y_unseen == k]), strict=True)
        ratios.append([one.power / other.power for one, other in pairs])
    ratio = np.mean(ratios, 0)
    mine = np.random.default_rng(0).permutation(len(made))[: np.isin(y_unseen, rare).sum()]
    found = prdc(real[np.isin(y_unseen, rare)], features[mine])
    return {
        "distance": float(np.mean(distances)),
        "label": float((outputs(judge, made).argmax(1) == labels).mean()),
        "coverage": found.coverage,
        "recall": found.recall,
        "worst octave": float(ratio[np.abs(np.log(ratio)).argmax()]),
    }


def save_grid(made: np.ndarray, labels: np.ndarray, path: Path, columns: int = 16) -> None:
    """Write the first images of each class side by side."""
    rows = [np.concatenate(list(made[labels == k][:columns]), axis=2) for k in np.unique(labels)]
    pixels = ((np.concatenate(rows, axis=1) + 1) * 127.5).round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path, optimize=True)


def main() -> None:
    """Print a row for each method and budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=[None], help=".npz files; by default scikit-learn's digits")
    parser.add_argument("--natural", action="store_true", help="thin nothing; rare: below a third of the largest class")
    parser.add_argument("--n-rare", type=int, default=25)
    parser.add_argument("--n-usual", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the split")
    parser.add_argument("--seconds", type=float, nargs="+", default=[10, 20, 30], help="CPU-seconds of training")
    parser.add_argument("--methods", nargs="+", choices=("ganaug", "dcgan"), default=["ganaug", "dcgan"])
    parser.add_argument("--judge-steps", type=int, default=1500)
    parser.add_argument("--grid", type=Path, help="folder for pictures of samples")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for path in args.data:
        name = "digits" if path is None else Path(path).stem
        X_all, y_all, X_test, y_test = load(path, args.seed)
        y_all, y_test = y_all.astype(np.int64), y_test.astype(np.int64)
        weights = batch_weights(y_all, np.zeros(len(y_all), bool), 0)
        judge = fit_classifier(encoded(X_all), y_all, weights, steps=args.judge_steps, seed=0)
        kept, rare = thin(y_all, args, np.random.default_rng(args.seed))
        X, y = X_all[kept], y_all[kept]
        counts = np.bincount(y)
        wanted = np.repeat(rare, [counts.max() - counts[k] for k in rare])
        for method in args.methods:

            def look(spent: float, steps: int, made: np.ndarray, name: str = name, method: str = method) -> None:
                row = fidelity(made, wanted, encoded(X_test), y_test, judge)  # noqa: B023
                rows.append({"data": name, "method": method, "CPU-s": spent, "steps": steps} | row)
                print({key: round(v, 3) if isinstance(v, float) else v for key, v in rows[-1].items()}, flush=True)
                if args.grid is not None and spent >= max(args.seconds):
                    args.grid.mkdir(parents=True, exist_ok=True)
                    save_grid(made, wanted, args.grid / f"{name}-{method}.png")  # noqa: B023

            (ours if method == "ganaug" else dcgan)(X, y, wanted, args.seconds, look)
    print("\n" + pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
