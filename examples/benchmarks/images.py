"""Measure whether synthetic images of rare classes help a classifier that is augmented already.

Half of the classes are thinned. A small convolutional network is trained on class-balanced, augmented batches: on the
real images alone, or with half of each rare class's share of a batch from `GANOverSampler`. Recall of the rare classes
and balanced accuracy are those on unseen images. The distance ratio is that of synthetic images to the nearest training
image of a rare class, over the same of unseen images: well under 1 means copies.

By default on scikit-learn's digits; ``--data`` takes an .npz with ``images``, ``labels`` and ``split`` (0: training,
1: unseen).
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from torch import nn
from torchvision.transforms import v2

from ganaug import GANOverSampler
from ganaug.evaluation.fidelity import nearest_distances

ARMS: dict[str, dict | None] = {
    "real only": None,
    "GANOverSampler": {},
    "the GAN's alone": {"from_real": 0.0},
    "bent alone": {"from_real": 1.0},
}


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


def network(channels: int, n_classes: int) -> nn.Module:
    """Return a small classifier."""
    layers: list[nn.Module] = []
    for a, b in ((channels, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    layers[-1] = nn.AdaptiveMaxPool2d(2)
    head = [nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, n_classes)]
    return nn.Sequential(*layers, *head)


def classify(
    X: np.ndarray, y: np.ndarray, weights: np.ndarray, X_test: np.ndarray, steps: int, seed: int
) -> np.ndarray:
    """Train on weighted, augmented batches and return the classes of unseen images."""
    torch.manual_seed(seed)
    x, x_test, c = tensor(X), tensor(X_test), torch.from_numpy(y)
    model = network(x.shape[1], int(c.max()) + 1)
    bilinear = v2.InterpolationMode.BILINEAR
    moves = v2.RandomAffine(12, translate=(0.08, 0.08), scale=(0.9, 1.1), interpolation=bilinear, fill=-1)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        chosen = torch.multinomial(torch.from_numpy(weights), 128, replacement=True)
        batch = torch.cat([moves(part) for part in x[chosen].split(4)])
        loss = nn.functional.cross_entropy(model(batch), c[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part).argmax(1) for part in x_test.split(1000)]).numpy()


def tensor(X: np.ndarray) -> torch.Tensor:
    """Return images as ``(n, channels, height, width)`` in [-1, 1]."""
    x = torch.from_numpy(X).float() / 127.5 - 1
    return x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2)


def batch_weights(y: np.ndarray, synthetic: np.ndarray) -> np.ndarray:
    """Every class weighs the same; half of the weight of a class with synthetic images is theirs."""
    weights = np.zeros(len(y))
    for k in np.unique(y):
        real, made = (y == k) & ~synthetic, (y == k) & synthetic
        share = 0.5 if made.any() else 0.0
        weights[real] = (1 - share) / real.sum()
        weights[made] = share / max(1, made.sum())
    return weights


def main() -> None:
    """Run every arm on every split and print the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help=".npz; by default scikit-learn's digits")
    parser.add_argument("--natural", action="store_true", help="thin nothing; rare: below a third of the largest class")
    parser.add_argument("--n-rare", type=int, default=10)
    parser.add_argument("--n-usual", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=500, help="of the classifier")
    parser.add_argument("--max-steps", type=int, help="of the GAN")
    args = parser.parse_args()
    settings = {} if args.max_steps is None else {"max_steps": args.max_steps}
    rows = []
    for seed in range(args.seeds):
        X, y, X_test, y_test = load(args.data, seed)
        kept, rare = thin(y, args, np.random.default_rng(seed))
        X, y = X[kept], y[kept].astype(np.int64)
        for arm, own in ARMS.items():
            made, labels, seconds = X[:0], y[:0], 0.0
            if own is not None:
                wanted = dict.fromkeys(rare, int(np.bincount(y).max()))
                start = time.process_time()
                sampler = GANOverSampler(sampling_strategy=wanted, random_state=seed, **own, **settings)
                made, labels = (part[len(X) :] for part in sampler.fit_resample(X, y))
                seconds = time.process_time() - start
            weights = batch_weights(np.r_[y, labels], np.arange(len(y) + len(labels)) >= len(y))
            predicted = classify(np.r_[X, made], np.r_[y, labels], weights, X_test, args.steps, seed)
            row = {
                "arm": arm,
                "recall of rare": recall_score(y_test, predicted, labels=rare, average="macro"),
                "balanced accuracy": balanced_accuracy_score(y_test, predicted),
                "CPU-seconds": seconds,
            }
            if len(made):
                own_rare, unseen = X[np.isin(y, rare)], X_test[np.isin(y_test, rare)]
                flat = [part.reshape(len(part), -1).astype(np.float32) for part in (made, own_rare, unseen)]
                ours, theirs = nearest_distances(flat[0], flat[1]), nearest_distances(flat[2], flat[1])
                row["distance ratio"] = float(np.median(ours) / np.median(theirs))
            rows.append(row)
            print(f"split {seed}, {arm}: recall of rare {row['recall of rare']:.3f}", flush=True)
    print(f"\nmean over {args.seeds} splits\n")
    print(pd.DataFrame(rows).groupby("arm", sort=False).mean().round(3).to_string())


if __name__ == "__main__":
    main()
