"""Bending images: pixels fetched from displaced places, and which way one image has to be bent to look like another."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_POINTS = 8  # control points along a side
_STEPS = 40
_LEARNING_RATE = 0.03  # in halves of a side
_STIFFNESS = 0.4
_BLUR = 1.5 / 28  # of the side: standard deviation of the kernel that both images are smoothed with
_MIN_VARIANCE = 1e-4  # of an image: fainter ones count as this
_MAX_SIDE = 32  # pixels that larger images are reduced to


def warp(images: Tensor, displacements: Tensor, mode: str) -> Tensor:
    """Fetch pixels from displaced places; outside there is the border's.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
    displacements : Tensor of shape (n, height, width, 2)
        Right and down, in halves of the image's width and height.
    mode : str
        Interpolation, as in ``torch.nn.functional.grid_sample``.
    """
    still = F.affine_grid(torch.eye(2, 3)[None], [1, 1, *images.shape[2:]], align_corners=False)
    return F.grid_sample(images, still + displacements, mode, padding_mode="border", align_corners=False)


def sharply_warped(images: np.ndarray, displacements: Tensor) -> np.ndarray:
    """Fetch pixels as `warp` does, but without blur.

    Interpolation blurs; so each channel gets the values that its nearest pixels have, in the order of the
    interpolated ones.
    """
    smooth, sharp = (
        warp(torch.from_numpy(images), displacements, mode).flatten(2).numpy() for mode in ("bicubic", "nearest")
    )
    np.put_along_axis(sharp, smooth.argsort(axis=2, kind="stable"), np.sort(sharp, axis=2), axis=2)
    return sharp.reshape(images.shape)


def smoothed(x: Tensor, std: float, padding: str = "constant") -> Tensor:
    """Smooth images ``(n, channels, height, width)`` by a Gaussian whose standard deviation is a share of the side."""
    for axis in (2, 3):
        scale = std * x.shape[axis]
        reach = math.ceil(3 * scale)
        kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / scale) ** 2)
        shape = [-1 if i == axis else 1 for i in range(4)]
        pad = [0, 0, reach, reach] if axis == 2 else [reach, reach, 0, 0]
        weight = (kernel / kernel.sum()).view(shape).repeat(x.shape[1], 1, 1, 1)
        x = F.conv2d(F.pad(x, pad, padding), weight, groups=x.shape[1])
    return x


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
    sides = min(_MAX_SIDE, moving.shape[2]), min(_MAX_SIDE, moving.shape[3])
    moving, fixed = (smoothed(F.adaptive_avg_pool2d(x, sides), _BLUR, "replicate") for x in (moving, fixed))
    scale = torch.stack([moving, fixed]).flatten(2).var(2).mean(0).clamp_min(_MIN_VARIANCE)
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
