"""Which way an image has to be bent to look like another one."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ganaug.oversampling.warping import smoothed, warp

_POINTS = 8  # control points along a side
_STEPS = 40
_LEARNING_RATE = 0.03  # in halves of a side
_STIFFNESS = 0.4
_BLUR = 1.5 / 28  # of the side: standard deviation of the kernel that both images are smoothed with
_FAINTEST = 1e-4  # variance
_SIDE = 32  # pixels that larger images are reduced to


def register(moving: Tensor, fixed: Tensor) -> Tensor:
    """Bend images towards others: free-form deformations (Rueckert et al. 1999) by gradient descent.

    Minimises the squared difference of both, smoothed and in units of their variance, plus the roughness of the
    deformation. Each pair for itself; larger images are reduced to 32 pixels a side first.

    Parameters
    ----------
    moving, fixed : Tensor of shape (n, channels, height, width)
        Pairs of images.

    Returns
    -------
    Tensor of shape (n, 2, 8, 8)
        How far control points move, right and down, in halves of the image's width and height; see `field`.
    """
    sides = min(_SIDE, moving.shape[2]), min(_SIDE, moving.shape[3])
    moving, fixed = (smoothed(F.adaptive_avg_pool2d(x, sides), _BLUR, "replicate") for x in (moving, fixed))
    scale = torch.stack([moving, fixed]).flatten(2).var(2).mean(0).clamp_min(_FAINTEST)
    control = torch.zeros(len(moving), 2, _POINTS, _POINTS, requires_grad=True)
    optimizer = torch.optim.Adam([control], _LEARNING_RATE)
    for _ in range(_STEPS):
        bent = warp(moving, field(control, sides), "bilinear")
        difference = (bent - fixed).square().mean((1, 2, 3)) / scale
        slopes = control.diff(dim=2).square().mean((1, 2, 3)) + control.diff(dim=3).square().mean((1, 2, 3))
        loss = (difference + _STIFFNESS * _POINTS**2 * slopes).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return control.detach()


def field(control: Tensor, sides: tuple[int, int]) -> Tensor:
    """Return displacements ``(n, height, width, 2)`` of all pixels from those of control points ``(n, 2, k, k)``."""
    return F.interpolate(control, sides, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
