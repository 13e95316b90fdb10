"""A PyTorch training loop with torchvision's transforms, and what synthetic samples of the rare classes change.

    python examples/train_torchvision.py
    python examples/train_torchvision.py --data mnist.npz --thin 25 --share 0.25 0.5 0.75

Without --data: scikit-learn's digits. Files hold ``images``, ``labels`` and, if they have one, ``split`` (1: held out).
--thin leaves so many training images of every other class. Every run augments, and is judged on held-out real images
alone: "share 0" is random over-sampling, the baseline to beat.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

import ganaug
from ganaug import GANReplace, PoolRefresh, SyntheticMix


def load(path: str | None, thin: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training images and labels, held-out ones, and which classes are rare."""
    if path is None:
        digits = load_digits()
        images, labels, held_out = (digits.images * 15.9).astype(np.uint8), digits.target, None
    else:
        with np.load(path) as archive:
            images, labels = archive["images"], archive["labels"]
            held_out = archive["split"] == 1 if "split" in archive else None
    classes, labels = np.unique(labels, return_inverse=True)
    rng = np.random.default_rng(seed)
    held_out = rng.random(len(labels)) < 0.3 if held_out is None else held_out
    rows = [rng.permutation(np.flatnonzero((labels == k) & ~held_out)) for k in range(len(classes))]
    if thin:
        rows = [own[:thin] if k % 2 else own for k, own in enumerate(rows)]
    train = np.concatenate(rows)
    counts = np.bincount(labels[train], minlength=len(classes))
    return images[train], labels[train], images[held_out], labels[held_out], np.flatnonzero(counts < counts.max() / 3)


def tensors(images: np.ndarray) -> torch.Tensor:
    """Return images ``(n, channels, height, width)``."""
    return torch.from_numpy(images[:, None] if images.ndim == 3 else np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def network(images: torch.Tensor, n_classes: int) -> nn.Module:
    """Return a small CNN."""
    return nn.Sequential(
        *(nn.Conv2d(images.shape[1], 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten()),
        nn.Linear(1024, n_classes),
    )


@torch.no_grad()
def recalls(model: nn.Module, images: torch.Tensor, labels: np.ndarray) -> dict[int, float]:
    """Return the recall of every class on real images."""
    model.eval()
    called = torch.cat([model(part.float() / 255).argmax(1) for part in images.split(500)]).numpy()
    return {int(k): float((called[labels == k] == k).mean()) for k in np.unique(labels)}


def main() -> None:
    """Print minority recall with and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--thin", type=int, help="default: 15 of the digits, all of a file")
    parser.add_argument("--share", type=float, nargs="+", default=[0.25, 0.5])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--gan-steps", type=int, help="default: auto")
    parser.add_argument("--refresh", type=int, default=0, help="refresh the pool every so many epochs")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    thin = options.thin if options.thin is not None else 0 if options.data else 15
    X, y, X_test, y_test, rare = load(options.data, thin, options.seed)
    augment = v2.Compose(
        [
            v2.RandomAffine(12, translate=(0.1, 0.1), scale=(0.9, 1.1)),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    dataset = TensorDataset(tensors(X), torch.from_numpy(y))
    print(f"{len(X):,} training images; rare: " + ", ".join(f"{k} ({(y == k).sum()})" for k in rare))

    few = np.isin(y, rare)
    gan = ganaug.train(X[few], y[few], random_state=options.seed, max_steps=options.gan_steps or "auto")
    with tempfile.TemporaryDirectory() as folder:
        pool = ganaug.make_pool(gan, 2000, Path(folder) / "rare.pool", random_state=options.seed)
        runs = {f"SyntheticMix, share {share:g}": share for share in (0.0, *options.share)}
        for name, share in {"nothing": None, **runs, "GANReplace, p 0.25": 0.0}.items():
            torch.manual_seed(options.seed)
            filled = {"balance": {}} if share is None else {"share": share}
            data = SyntheticMix(dataset, pool, transform=augment, **filled)
            replace = GANReplace(pool, p=0.25, classes=rare.tolist()) if name.startswith("GANReplace") else None
            loader = DataLoader(data, 64, shuffle=True, num_workers=options.workers)
            steps = options.gan_steps or 100
            refresh = PoolRefresh(gan, pool, X[few], y[few], random_state=options.seed, max_steps=steps)
            model = network(dataset.tensors[0], len(np.unique(y)))
            optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
            for epoch in range(options.epochs):
                model.train()
                for images, labels in loader:
                    if replace is not None:
                        images, labels = replace(images, labels)
                    optimizer.zero_grad()
                    F.cross_entropy(model(images), labels).backward()
                    optimizer.step()
                if share and options.refresh and (epoch + 1) % options.refresh == 0:
                    seen = recalls(model, dataset.tensors[0], y)  # real training images; better: a validation set
                    print(f"  refreshed {refresh({k: seen[k] for k in rare.tolist()})}")
            found = recalls(model, tensors(X_test), y_test)
            minority = np.mean([found[k] for k in rare.tolist()])
            print(f"{name:24} minority recall {minority:.3f}, all classes {np.mean(list(found.values())):.3f}")


if __name__ == "__main__":
    main()
