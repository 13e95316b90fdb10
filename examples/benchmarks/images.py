"""Measure whether new images of rare classes help classifiers that are augmented and balanced already.

    python examples/benchmarks/images.py                                     # scikit-learn's digits, 10 of 5 classes
    python examples/benchmarks/images.py --data cells.npz --natural --seeds 5

An arm is a way to train on the same real images: random over-sampling (ROS) with augmentation; the same with mixup, or
with CMO (rare images pasted on frequent ones); deferred re-weighting, where images are drawn as they come and the loss
is weighted by class in the last third, alone or with mixup; or half of each rare class's share of a batch from
`GANOverSampler`, by each source alone or by ``sources="auto"``. Two classifiers judge every arm: a small CNN, and a
residual network with batch norm. Printed are recall of the rare classes and balanced accuracy on unseen images, in
percent, their gains over the first arm, with standard errors over splits and judges, and the CPU-seconds that
over-sampling took.

``--data`` takes an .npz with ``images`` (n, height, width[, 3]) uint8, ``labels``, ``split`` (0: training, 1: unseen)
and, optionally, ``group``: which images show one object. Split 0 is that of the file; others are drawn anew, with
every group on one side. Rare classes are every other one, at random, thinned to ``--n-rare`` images; with
``--natural`` nothing is thinned, and classes below a third of the largest are rare.
"""

import argparse
import time
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug import GANOverSampler
from ganaug.models.classifier import batch_weights
from ganaug.oversampling.sampler import NoGainWarning

SOURCES = {
    "repeat": {"repeat": 1.0},
    "gan": {"gan": 1.0},
    "deformation": {"deformation": 1.0},
    "recolouring": {"recolouring": 1.0},
    "symmetry": {"symmetry": 1.0},
    "gan + deformation": {"gan": 0.5, "deformation": 0.5},
    "auto": "auto",
}
DEFERRED = "deferred re-weighting"
CLASSICAL = ["ROS + augmentation", "+ mixup", "+ CMO", DEFERRED, f"+ mixup, {DEFERRED}"]
BATCH = 64


class Split(NamedTuple):
    """Training images and unseen ones, and which classes are rare."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    rare: list[int]


def load(args: argparse.Namespace, seed: int) -> Split:
    """Return the split of a seed."""
    if args.data is None:
        pixels, y = load_digits(return_X_y=True)
        X, group, split = (pixels.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8), np.arange(len(y)), None
    else:
        with np.load(args.data, allow_pickle=False) as data:
            X, y, split = data["images"], data["labels"].astype(np.int64), data["split"]
            group = data["group"] if "group" in data else np.arange(len(y))
    if split is None or seed > 0:
        folds = StratifiedGroupKFold(3, shuffle=True, random_state=seed)
        test = next(folds.split(y, y, group))[1]
        split = np.isin(np.arange(len(y)), test)
    rng = np.random.default_rng(seed)
    labels, counts = np.unique(y[split == 0], return_counts=True)
    kept = np.flatnonzero(split == 0)
    rare = labels[counts < counts.max() / 3].tolist()
    if not args.natural:
        rare = sorted(rng.permutation(labels)[len(labels) // 2 :].tolist())
        most = {k: args.n_rare if k in rare else args.n_usual for k in labels.tolist()}
        kept = np.concatenate([rng.permutation(kept[y[kept] == k])[:n] for k, n in most.items()])
    return Split(X[kept], y[kept], X[split == 1], y[split == 1], rare)


def as_tensor(X: np.ndarray) -> Tensor:
    """Return images ``(n, channels, height, width)`` in [-1, 1], at most 32 pixels a side."""
    x = torch.from_numpy(X.astype(np.float32) / 127.5 - 1)
    x = x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2)
    side = min(32, x.shape[2])
    return F.adaptive_avg_pool2d(x, side).contiguous(memory_format=torch.channels_last)


class Residual(nn.Module):
    """Two convolutions with batch norm, and a way around them."""

    def __init__(self, a: int, b: int, stride: int) -> None:
        super().__init__()
        first = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()
        self.block = nn.Sequential(*first, nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
        self.around = nn.Identity() if stride == 1 else nn.Conv2d(a, b, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Add both ways."""
        return F.relu(self.block(x) + self.around(x))


def small_cnn(channels: int, n_classes: int) -> nn.Module:
    """Return three convolutions and two linear layers."""
    layers: list[nn.Module] = []
    for a, b in ((channels, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    layers[-1] = nn.AdaptiveMaxPool2d(2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, n_classes))


def resnet(channels: int, n_classes: int) -> nn.Module:
    """Return a ResNet as of CIFAR (He et al. 2016), with two blocks a size and half of the width."""
    blocks = [Residual(8, 8, 1), Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 16, 1)]
    blocks += [Residual(16, 32, 2), Residual(32, 32, 1)]
    stem = nn.Conv2d(channels, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, n_classes))


JUDGES = {"CNN": small_cnn, "ResNet": resnet}


def augmented(x: Tensor) -> Tensor:
    """Turn by up to 12 degrees, shift by 8 % of the side, scale by 10 %, each image for itself."""
    n = len(x)
    angle, scale = (torch.rand(2, n) * 2 - 1) * torch.tensor([[np.pi / 15], [0.1]])
    cos, sin = (1 + scale) * angle.cos(), (1 + scale) * angle.sin()
    shift = (torch.rand(n, 2, 1) * 2 - 1) * 0.16
    moves = torch.cat([torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2), shift], 2)
    grid = F.affine_grid(moves, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def batch(x: Tensor, weights: Tensor, frequency: Tensor, arm: str) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a batch: images, and two classes' positions with the share of the second."""
    chosen = torch.multinomial(weights, BATCH, replacement=True)
    images, other, share = augmented(x[chosen]), chosen, torch.zeros(BATCH)
    if arm.startswith("+ mixup"):  # Zhang et al. 2018
        share = torch.distributions.Beta(0.2, 0.2).sample().expand(BATCH)
        order = torch.randperm(BATCH)
        images, other = torch.lerp(images, images[order], share.view(-1, 1, 1, 1)), chosen[order]
    elif arm == "+ CMO" and torch.rand(()) < 0.5:  # Park et al. 2022: a window of a rare image, on any image
        other, chosen = chosen, torch.multinomial(frequency, BATCH, replacement=True)
        ground, side = augmented(x[chosen]), x.shape[2]
        edge = int(side * torch.rand(()).sqrt())
        top, left = torch.randint(side - edge + 1, (2,)).tolist()
        ground[:, :, top : top + edge, left : left + edge] = images[:, :, top : top + edge, left : left + edge]
        images, share = ground, torch.full((BATCH,), edge**2 / side**2)
    return images, torch.stack([chosen, other]), share


def predict(
    X: np.ndarray, y: np.ndarray, n_real: int, X_test: np.ndarray, *, judge: str, arm: str, seed: int, steps: int
) -> np.ndarray:
    """Train a judge on class-balanced batches; half of a rare class's share is new images where there are any."""
    x, labels = as_tensor(X), torch.from_numpy(y)
    weights, natural = torch.from_numpy(batch_weights(y, np.arange(len(y)) >= n_real, 0.5)), torch.ones(len(y))
    counts = torch.bincount(labels)
    by_class = len(y) / (counts * (counts > 0).sum()).clamp_min(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = JUDGES[judge](x.shape[1], int(y.max()) + 1).to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
        for step in range(steps):
            images, drawn, share = batch(x, natural if DEFERRED in arm else weights, natural, arm)
            importance = by_class if DEFERRED in arm and step >= steps * 2 // 3 else None  # Cao et al. 2019
            output = model(images)
            both = [F.cross_entropy(output, labels[k], importance, reduction="none") for k in drawn]
            loss = torch.lerp(*both, share).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part).argmax(1) for part in as_tensor(X_test).split(500)]).numpy()


def main() -> None:
    """Run every arm on every split, and print the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help=".npz; by default scikit-learn's digits")
    parser.add_argument("--natural", action="store_true", help="thin nothing; rare: below a third of the largest class")
    parser.add_argument("--n-rare", type=int, default=10)
    parser.add_argument("--n-usual", type=int, default=80)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="splits; 0 is the file's own")
    parser.add_argument("--arms", nargs="+", default=[*CLASSICAL, *SOURCES], choices=[*CLASSICAL, *SOURCES])
    parser.add_argument("--judges", nargs="+", default=list(JUDGES), choices=list(JUDGES))
    parser.add_argument("--steps", type=int, default=500, help="of a judge")
    parser.add_argument("--max-steps", type=int, help="of the GAN")
    args = parser.parse_args()
    warnings.simplefilter("ignore", NoGainWarning)
    rows = []
    for seed in args.seeds:
        X, y, X_test, y_test, rare = load(args, seed)
        wanted = dict.fromkeys(rare, int(np.bincount(y).max()))
        for arm in args.arms:
            both, labels, start = X, y, time.process_time()
            if arm in SOURCES:
                settings = {} if args.max_steps is None else {"max_steps": args.max_steps}
                sampler = GANOverSampler(sampling_strategy=wanted, sources=SOURCES[arm], random_state=seed, **settings)
                both, labels = sampler.fit_resample(X, y)
                print(f"split {seed}, {arm}: {sampler.judgement_ or sampler.mixture_}", flush=True)
            seconds = time.process_time() - start
            for judge in args.judges:
                predicted = predict(both, labels, len(y), X_test, judge=judge, arm=arm, seed=seed, steps=args.steps)
                recall = recall_score(y_test, predicted, labels=rare, average="macro")
                scores = {"recall": 100 * recall, "balanced": 100 * balanced_accuracy_score(y_test, predicted)}
                rows.append({"arm": arm, "split": seed, "judge": judge, **scores, "CPU-s": seconds})
                print(f"split {seed}, {arm}, {judge}: {recall:.3f}, {scores['balanced'] / 100:.3f}", flush=True)
    table = pd.DataFrame(rows).set_index(["arm", "split", "judge"])
    gains = table.drop(columns="CPU-s").sub(table.drop(columns="CPU-s").loc[args.arms[0]]).groupby("arm", sort=False)
    means = table.groupby("arm", sort=False).mean()
    print(f"\nmeans over splits and judges; gains over {args.arms[0]}, paired, with standard errors\n")
    print(means.join(gains.mean().add_suffix(" gain")).join(gains.sem().add_suffix(" ±")).round(1).to_string())


if __name__ == "__main__":
    main()
