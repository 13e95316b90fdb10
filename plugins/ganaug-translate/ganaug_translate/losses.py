"""Losses between images that belong to each other."""

import torch
from torch import Tensor
from torch.nn import functional as F


def patch_nce(queries: list[Tensor], keys: list[Tensor], temperature: float) -> Tensor:
    """Return how badly each patch of an output finds its own place in the input among others of the same image.

    Contrastive (InfoNCE), as in CUT (Park et al. 2020, arXiv:2007.15651); the mean over maps, ``(batch,)``.

    Parameters
    ----------
    queries, keys : list of Tensor of shape (batch, n_positions, dim)
        Of the output and of the input, of length 1, at the same positions; keys get no gradient.
    temperature : float
    """
    losses = []
    for q, k in zip(queries, keys, strict=True):
        likeness = q @ k.detach().transpose(1, 2) / temperature  # (batch, n_positions, n_positions)
        own = torch.arange(q.shape[1], device=q.device).expand(q.shape[:2])
        losses.append(F.cross_entropy(likeness.transpose(1, 2), own, reduction="none").mean(1))
    return torch.stack(losses).mean(0)


def real_gradient_penalty(logits: Tensor, x: Tensor) -> Tensor:
    """Return half the mean squared gradient of D at real images (R1, Mescheder et al. 2018, arXiv:1801.04406).

    Parameters
    ----------
    logits : Tensor of shape (batch, h, w)
        Of `x`.
    x : Tensor of shape (batch, channels, height, width)
        A leaf that requires grad.
    """
    (slopes,) = torch.autograd.grad(logits.mean((1, 2)).sum(), x, create_graph=True)
    return slopes.square().sum((1, 2, 3)).mean() / 2
