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
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

from ganaug import GANOverSampler
from ganaug.evaluation.fidelity.prdc import nearest_distances
from ganaug.models.classifier import batch_weights, classify

ARMS: dict[str, dict | None] = {
    "real only": None,
    "GANOverSampler": {},
    "the GAN's alone": {"from_real": 0.0},
    "from real ones alone": {"from_real": 1.0},
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


def encoded(X: np.ndarray) -> np.ndarray:
    """Return images as ``(n, channels, height, width)`` in [-1, 1]."""
    x = X.astype(np.float32) / 127.5 - 1
    return x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2).copy()


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
            both = np.r_[y, labels]
            weights = batch_weights(both, np.arange(len(both)) >= len(y), 0.5)
            images = encoded(np.r_[X, made])
            predicted = classify(images, both, weights, encoded(X_test), steps=args.steps, seed=seed)
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
