"""The small image classifier that samples are judged with."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.core.extras import require
from ganaug.core.threads import threads

_BATCH = 128
_TOGETHER = 4  # images that share one random move


def classify(
    images: np.ndarray, labels: np.ndarray, weights: np.ndarray, unseen: np.ndarray, *, steps: int, seed: int
) -> np.ndarray:
    """Train a small convolutional classifier on weighted, augmented batches; return the classes of unseen images.

    Parameters
    ----------
    images, unseen : ndarray of shape (n, channels, height, width)
        In [-1, 1]; at least 4 pixels a side.
    labels : ndarray of shape (n,)
        Integers from 0.
    weights : ndarray of shape (n,)
        Images are drawn in proportion to them.
    steps : int
        Of 128 images, moved by up to 12 degrees, 8 % of the side and 10 % in scale.
    seed : int
        Seeds weights, batches and moves; torch's global generator is left as it was.
    """
    model = fit_classifier(images, labels, weights, steps=steps, seed=seed)
    return outputs(model, unseen).argmax(1)


def fit_classifier(
    images: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    steps: int,
    seed: int,
    loss_weights: np.ndarray | None = None,
) -> nn.Sequential:
    """Train the network of `classify` and return it; ``loss_weights (n_classes,)`` weigh its loss by class."""
    x, c = torch.from_numpy(images), torch.from_numpy(labels)
    drawn = torch.from_numpy(np.asarray(weights, dtype=np.float64))
    importance = None if loss_weights is None else torch.tensor(loss_weights, dtype=torch.float32)
    v2 = require("torchvision.transforms.v2", extra="images", purpose="judging images")
    bilinear = v2.InterpolationMode.BILINEAR
    move = v2.RandomAffine(12, translate=(0.08, 0.08), scale=(0.9, 1.1), interpolation=bilinear, fill=-1)
    with torch.random.fork_rng(devices=[]), threads(1):
        torch.default_generator.manual_seed(seed)
        # channels last: the same network, 1.7 times as fast on a CPU
        model = _network(images.shape[1], int(labels.max()) + 1).to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
        for _ in range(steps):
            chosen = torch.multinomial(drawn, _BATCH, replacement=True)
            batch = torch.cat([move(part) for part in x[chosen].split(_TOGETHER)])
            loss = F.cross_entropy(model(batch), c[chosen], importance)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def outputs(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Return a network's outputs ``(n, ...)`` for encoded images, in pieces and on one thread."""
    with threads(1):
        scores: list[Tensor] = [model(part) for part in torch.from_numpy(images).split(1000)]
    return torch.cat(scores).numpy()


def batch_weights(labels: np.ndarray, synthetic: np.ndarray, share: float) -> np.ndarray:
    """Return how likely each image is drawn: classes equally, and by `share` one of its synthetic images if it has any.

    Parameters
    ----------
    labels : ndarray of shape (n,)
    synthetic : ndarray of bool, of shape (n,)
    share : float
        In [0, 1].
    """
    weights = np.zeros(len(labels))
    for k in np.unique(labels):
        real, made = (labels == k) & ~synthetic, (labels == k) & synthetic
        own = share if made.any() else 0.0
        weights[real] = (1 - own) / real.sum()
        weights[made] = own / max(1, made.sum())
    return weights / weights.sum()


def _network(channels: int, n_classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in ((channels, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    layers[-1] = nn.AdaptiveMaxPool2d(2)
    head = [nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, n_classes)]
    return nn.Sequential(*layers, *head)
