"""Learn classes of 10 images each, from scratch and from a model of other classes; compare at equal steps.

    python examples/benchmarks/transfer.py
    python examples/benchmarks/transfer.py --data mnist.npz --steps 100 200 300 500 1000 1500
    python examples/benchmarks/transfer.py --source letters.npz --data mnist.npz
    python examples/benchmarks/transfer.py --source letters.safetensors --data mnist.npz

Without --data: scikit-learn's digits. Without --source, the source is the first half of the classes of --data, and the
target the second. Files hold ``images``, ``labels`` and, if they have one, ``split`` (1: held out; by default a third).

Fréchet distance (lower is better) between 200 samples of each class and held-out images, in 64 features of a
convolutional classifier of the other target images, and the share of the samples that it calls by the class asked for.
Steps of one kind of training take about the same time; the table has the CPU-seconds.
"""

import argparse
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

import ganaug
from ganaug.evaluation.fidelity.distances import frechet_distance
from ganaug.training.callbacks import Callback


def load(path: str | None, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, labels, and whether each image is held out."""
    if path is None:
        digits = load_digits()
        archive = {"images": (digits.images * 15.9).astype(np.uint8), "labels": digits.target}
    else:
        with np.load(path) as file:
            archive = dict(file)
    labels = archive["labels"]
    split = archive.get("split", np.random.default_rng(seed).permutation(len(labels)) % 3 == 0)
    return archive["images"], labels, split == 1


class Judge:
    """A classifier of real images, its features, and the held-out images in them."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, held_out: np.ndarray, steps: int) -> None:
        self.classes, y = np.unique(labels, return_inverse=True)
        x, targets = tensor(images[~held_out]), torch.from_numpy(y[~held_out])
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.body = nn.Sequential(
                *(part for a, b in ((x.shape[1], 16), (16, 32), (32, 64)) for part in self._block(a, b)),
                *(nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(256, 64), nn.ReLU()),
            )
            self.head = nn.Linear(64, len(self.classes))
            network = nn.Sequential(self.body, self.head)
            optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
            for _ in range(steps):
                batch = torch.randint(len(x), (128,))
                loss = F.cross_entropy(network(x[batch]), targets[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        network.eval()
        self.held_out = self.features(tensor(images[held_out])).double().numpy()

    @staticmethod
    def _block(a: int, b: int) -> list[nn.Module]:
        return [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Return features ``(n, 64)`` of images ``(n, channels, height, width)``."""
        return torch.cat([self.body(part) for part in x.split(500)])

    def __call__(self, x: Tensor, labels: np.ndarray) -> tuple[float, float]:
        """Return the Fréchet distance to the held-out images, and the share that is called by its label."""
        features = self.features(x)
        distance = frechet_distance(self.held_out, features.double().numpy())
        called = self.classes[self.head(features).argmax(1).numpy()]
        return distance, float((called == labels).mean())


class Curve(Callback):
    """Judges the averaged generator after so many steps, as it would be if training ended there; off the clock."""

    def __init__(self, judge: Judge, steps: list[int], images: np.ndarray, labels: np.ndarray) -> None:
        self.judge, self.steps, self.rows = judge, steps, []
        self.images, self.labels = images, labels

    def on_train_start(self, trainer) -> None:
        """Start the clock."""
        self.start = time.process_time()

    @torch.no_grad()
    def on_step(self, trainer) -> None:
        """Give a copy of the generator its tone curves, and judge it."""
        gan, before = trainer.gan, time.process_time()
        if gan.step in self.steps:
            generator, random = deepcopy(trainer.generator_ema), torch.Generator().manual_seed(0)
            made, labels = [], np.repeat(gan.classes_, 200)
            for k, label in enumerate(gan.classes_):
                z = torch.randn(456, gan.latent_dim, generator=random)
                c = torch.full((len(z),), k)
                generator.tone.fit(k, generator(z[200:], c[200:]), tensor(self.images[self.labels == label]))
                made.append(generator(z[:200], c[:200]))
            self.rows.append((gan.step, before - self.start, *self.judge(torch.cat(made), labels)))
        self.start += time.process_time() - before


def tensor(images: np.ndarray) -> Tensor:
    """Return images ``(n, channels, height, width)`` from -1 to 1."""
    x = torch.from_numpy(images).float() / 127.5 - 1
    return x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2)


def picture(path: str, rows: list[np.ndarray]) -> None:
    """Write rows of images, enlarged."""
    from PIL import Image

    height = max(row.shape[1] for row in rows)
    scale = max(1, round(32 / height))
    tiles = [np.concatenate([np.pad(image, ((1, 1), (1, 1)), constant_values=96) for image in row], 1) for row in rows]
    widest = max(tile.shape[1] for tile in tiles)
    sheet = np.concatenate([np.pad(tile, ((3, 0), (0, widest - tile.shape[1])), constant_values=255) for tile in tiles])
    Image.fromarray(sheet).resize((sheet.shape[1] * scale, sheet.shape[0] * scale), Image.Resampling.NEAREST).save(path)


def tuned(source: ganaug.ConditionalGAN, variant: str, images: np.ndarray, labels: np.ndarray, **settings):
    """Train from scratch, or from the source by a method and a start of new classes."""
    if variant == "scratch":
        return ganaug.train(images, labels, **settings)
    method, embeddings = variant.split("/")
    gan = ganaug.finetune(source, images, labels, method=method, embeddings=embeddings, **settings)
    print(f"{variant}: {gan.transfer}\n", flush=True)
    return gan


def compare(curves: dict[str, Curve]) -> str:
    """Say when each training is as near as training from scratch ever is, and where it ends."""
    own = curves.pop("scratch").rows
    step, _, best, _ = min(own, key=lambda row: row[2])
    lines = [f"from scratch: {best:.1f} at best, after {step} steps"]
    for name, curve in curves.items():
        there = next((f"after {row[0]} steps" for row in curve.rows if row[2] <= best), "never")
        lines.append(f"{name}: as near {there}; ends at {curve.rows[-1][2] / own[-1][2]:.0%} of its last distance")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--source")
    parser.add_argument("--per-class", type=int, default=10)
    parser.add_argument("--source-steps", type=int, default=1000)
    parser.add_argument("--judge-steps", type=int, default=600)
    parser.add_argument("--steps", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--variants", nargs="+", default=["full/fresh", "full/mixture", "freeze-d/fresh"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-source", help="checkpoint to write the source to")
    parser.add_argument("--picture", help="gray images only")
    options = parser.parse_args()

    images, labels, held_out = load(options.data, options.seed)
    classes = np.unique(labels)
    common = {"random_state": options.seed}
    if options.source is None:
        half = classes[len(classes) // 2]
        first = labels < half
        source = ganaug.train(
            images[first & ~held_out], labels[first & ~held_out], max_steps=options.source_steps, **common
        )
        images, held_out, labels = images[~first], held_out[~first], labels[~first]
        classes = np.unique(labels)
    elif Path(options.source).suffix == ".safetensors":
        source = ganaug.load(options.source)
    else:
        source_images, source_labels, _ = load(options.source, options.seed)
        source_labels = np.char.add("source ", source_labels.astype(str))  # equal names would mean equal classes
        source = ganaug.train(source_images, source_labels, max_steps=options.source_steps, **common)
    if options.save_source:
        source.save(options.save_source)
    rng = np.random.default_rng(options.seed)
    few = np.concatenate(
        [rng.permutation(np.flatnonzero((labels == k) & ~held_out))[: options.per_class] for k in classes]
    )
    judge = Judge(images, labels, held_out, options.judge_steps)

    curves, models = {}, {}
    for variant in ["scratch", *options.variants]:
        curves[variant] = curve = Curve(judge, options.steps, images[few], labels[few])
        settings = common | {"max_steps": max(options.steps), "callbacks": [curve]}
        models[variant] = tuned(source, variant, images[few], labels[few], **settings)
    found = {
        name: {
            step: f"{distance:.1f} ({agreed:.0%}, {seconds:.0f} s)" for step, seconds, distance, agreed in curve.rows
        }
        for name, curve in curves.items()
    }
    print("Fréchet distance (called by the class asked for, CPU-seconds) after so many steps:")
    print(pd.DataFrame(found).to_string())
    print(compare(curves))
    if options.picture:
        own = [few[labels[few] == k] for k in classes]
        per = max(1, 20 // len(classes))
        rows = [np.concatenate([source.sample(per, label=k, random_state=0) for k in source.classes_[: len(classes)]])]
        rows.append(np.concatenate([images[rows_of_class[:per]] for rows_of_class in own]))
        for variant in ("scratch", options.variants[0]):
            rows.append(np.concatenate([models[variant].sample(per, label=k, random_state=0) for k in classes]))
        picture(options.picture, rows)


if __name__ == "__main__":
    main()
