"""Images whose pixels are fetched from other places."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


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
