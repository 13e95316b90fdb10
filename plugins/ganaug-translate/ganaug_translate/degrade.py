"""What a restorer learns to undo: images made small, noisy, blurred or partly hidden."""

import math
from typing import Any

import torch
from ganaug.models.noise import Noise
from torch import Tensor
from torch.nn import functional as F

_MAX_HOLES = 4  # in an image
_BLUR_REACH = 3  # standard deviations


def degrade(x: Tensor, config: Any, noise: Noise) -> Tensor:
    """Spoil images as a task of restoration asks for.

    Parameters
    ----------
    x : Tensor of shape (batch, channels, height, width)
        In [-1, 1].
    config : RestorationConfig
    noise : Noise

    Returns
    -------
    Tensor
        Of ``(batch, channels, height, width)``; of `superres` ``(…, height / scale, width / scale)``; of `inpaint` with
        another channel, 1 where a pixel is hidden (and 0 in all others).
    """
    if config.network == "superres":
        return reduce(x, config.scale)
    if config.network == "denoise":
        return (x + config.sigma / 127.5 * noise.randn(*x.shape)).clamp(-1, 1)  # as a camera stores it
    if config.network == "deblur":
        return blur(x, config.blur)
    return hide(x, draw_holes(x, config.hidden, noise))


def reduce(x: Tensor, scale: int) -> Tensor:
    """Make images smaller by bicubic interpolation of what an anti-aliasing filter leaves."""
    sides = [side // scale for side in x.shape[2:]]
    return F.interpolate(x, sides, mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def blur(x: Tensor, sigma: float) -> Tensor:
    """Blur images by a Gaussian of a standard deviation in pixels; edges are reflected."""
    reach = min(math.ceil(_BLUR_REACH * sigma), min(x.shape[2:]) - 1)
    places = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-((places / sigma) ** 2) / 2)
    weights = (weights / weights.sum()).expand(x.shape[1], 1, 1, -1)
    padded = F.pad(x, [reach] * 4, mode="reflect")
    rows = F.conv2d(padded, weights, groups=x.shape[1])
    return F.conv2d(rows, weights.transpose(2, 3), groups=x.shape[1])


def hide(x: Tensor, mask: Tensor) -> Tensor:
    """Set hidden pixels to 0 and add the mask ``(batch, 1, height, width)`` as a channel."""
    return torch.cat([x * (1 - mask), mask], dim=1)


def draw_holes(x: Tensor, hidden: float, noise: Noise) -> Tensor:
    """Draw one to four rectangles an image, which hide a given share of it on average; 1 where a pixel is hidden.

    The share is met on average before they overlap, and each is at least as wide as half of its height, and the
    other way round.
    """
    n, (height, width) = len(x), x.shape[2:]
    drawn = noise.rand(n, 1 + 4 * _MAX_HOLES).to(x.device)
    count = 1 + (drawn[:, :1] * _MAX_HOLES).long().clamp(max=_MAX_HOLES - 1)
    exists = torch.arange(_MAX_HOLES, device=x.device) < count
    top, left, aspect, size = drawn[:, 1:].view(n, 4, _MAX_HOLES).unbind(1)
    side = (hidden * (0.5 + size) / count).sqrt()  # of a square hole, as a share of the image's side
    stretch = 2 ** (aspect - 0.5)
    tall, wide = (side * stretch).clamp(max=1) * height, (side / stretch).clamp(max=1) * width
    first = top * (height - tall), left * (width - wide)
    rows = torch.arange(height, device=x.device) + 0.5
    columns = torch.arange(width, device=x.device) + 0.5
    in_rows = (rows >= first[0][..., None]) & (rows < (first[0] + tall)[..., None])  # (n, holes, height)
    in_columns = (columns >= first[1][..., None]) & (columns < (first[1] + wide)[..., None])
    holes = in_rows[..., None] & in_columns[..., None, :] & exists[..., None, None]
    return holes.any(1, keepdim=True).to(x.dtype)
