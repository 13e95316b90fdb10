"""Images whose pixels are fetched from other places."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def warp(images: Tensor, displacements: Tensor, mode: str, padding: str = "border") -> Tensor:
    """Fetch pixels from displaced places.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
    displacements : Tensor of shape (n, height, width, 2)
        Right and down, in halves of the image's width and height.
    mode, padding : str
        Interpolation and what lies outside; as in ``torch.nn.functional.grid_sample``.
    """
    return F.grid_sample(images, _still(images) + displacements, mode, padding_mode=padding, align_corners=False)


def sharply_warped(images: np.ndarray, displacements: Tensor, padding: str = "border") -> np.ndarray:
    """Fetch pixels as `warp` does, but without blur.

    Interpolation blurs; so each channel gets the values that its nearest pixels have, in the order of the
    interpolated ones.
    """
    smooth, sharp = (
        warp(torch.from_numpy(images), displacements, mode, padding).flatten(2).numpy()
        for mode in ("bicubic", "nearest")
    )
    np.put_along_axis(sharp, smooth.argsort(axis=2, kind="stable"), np.sort(sharp, axis=2), axis=2)
    return sharp.reshape(images.shape)


def turns(angles: Tensor, images: np.ndarray) -> Tensor:
    """Return displacements ``(n, height, width, 2)`` that turn images ``(n, channels, height, width)``; in radians."""
    height, width = images.shape[2:]
    cos, sin = angles.cos(), angles.sin()
    rows = torch.stack([cos, -sin * height / width]), torch.stack([sin * width / height, cos])
    matrices = torch.stack(rows).permute(2, 0, 1) - torch.eye(2)
    return torch.einsum("hwj,nij->nhwi", _still(images)[0], matrices)


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


def _still(images: Tensor | np.ndarray) -> Tensor:
    return F.affine_grid(torch.eye(2, 3)[None], [1, 1, *images.shape[2:]], align_corners=False)
