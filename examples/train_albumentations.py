"""A PyTorch training loop with albumentations, and what synthetic samples of the rare classes change.

    python examples/train_albumentations.py
    python examples/train_albumentations.py --data mnist.npz --thin 25 --p 0.25 0.5

Data, options and judgement are those of train_torchvision.py; here a sampler balances the classes, and GANReplace
stands in the transforms, before what augments real and synthetic images alike.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler, get_worker_info
from train_torchvision import load, network, recalls, tensors

import ganaug
from ganaug.loops.albumentations import A, GANReplace  # before albumentations itself: no call to its server


class Images(Dataset):
    """Arrays through albumentations."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: A.Compose) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        label = int(self.labels[i])
        image = self.transform(image=self.images[i], label=label)["image"]
        return tensors(image[None])[0], label


def reseed(worker: int) -> None:
    """Give albumentations' own transforms a seed of torch's: in forked workers they would all draw alike."""
    get_worker_info().dataset.transform.set_random_seed(torch.initial_seed() % 2**32)


def main() -> None:
    """Print minority recall with and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--thin", type=int, help="default: 15 of the digits, all of a file")
    parser.add_argument("--p", type=float, nargs="+", default=[0.25, 0.5])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--gan-steps", type=int, help="default: auto")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    thin = options.thin if options.thin is not None else 0 if options.data else 15
    X, y, X_test, y_test, rare = load(options.data, thin, options.seed)
    print(f"{len(X):,} training images; rare: " + ", ".join(f"{k} ({(y == k).sum()})" for k in rare))
    few = np.isin(y, rare)
    gan = ganaug.train(X[few], y[few], random_state=options.seed, max_steps=options.gan_steps or "auto")
    weights = (1 / np.bincount(y))[y].tolist()
    with tempfile.TemporaryDirectory() as folder:
        pool = ganaug.make_pool(gan, 2000, Path(folder) / "rare.pool", random_state=options.seed)
        for p in (None, 0.0, *options.p):
            torch.manual_seed(options.seed)
            augment = [A.Affine(rotate=(-12, 12), translate_percent=(-0.1, 0.1), scale=(0.9, 1.1), p=1), A.ToFloat(255)]
            transform = A.Compose([GANReplace(str(pool.path), p=p or 0.0), *augment], seed=options.seed)
            loader = DataLoader(
                Images(X, y, transform),
                batch_size=64,
                sampler=None if p is None else WeightedRandomSampler(weights, len(y)),
                shuffle=True if p is None else None,
                num_workers=options.workers,
                worker_init_fn=reseed,
            )
            model: nn.Module = network(tensors(X[:1]), len(np.unique(y)))
            optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
            for _ in range(options.epochs):
                model.train()
                for images, labels in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(images), labels).backward()
                    optimizer.step()
            found = recalls(model, tensors(X_test), y_test)
            name = "nothing" if p is None else f"balanced, GANReplace p {p:g}"
            minority = np.mean([found[k] for k in rare.tolist()])
            print(f"{name:28} minority recall {minority:.3f}, all classes {np.mean(list(found.values())):.3f}")


if __name__ == "__main__":
    main()
