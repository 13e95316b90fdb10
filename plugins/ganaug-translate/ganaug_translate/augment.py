"""What the discriminator sees moved and recoloured, real and fake alike (DiffAugment, Zhao et al. 2020)."""

import torch
from ganaug.models.noise import Noise
from torch import Tensor
from torch.nn import functional as F

_SHIFT = 0.125  # of a side, at most
_BRIGHTNESS, _CONTRAST = 0.2, 0.3  # of the range, and as a factor, at most


def augment(x: Tensor, noise: Noise, *, colours: bool) -> Tensor:
    """Shift images at random, and with `colours` change brightness and contrast, so that gradients pass.

    Without it a discriminator of a few hundred images learns them by heart (arXiv:2006.10738).

    Parameters
    ----------
    x : Tensor of shape (batch, channels, height, width)
        In [-1, 1].
    noise : Noise
        Draws for each image of its own.
    colours : bool
        Whether brightness and contrast mean nothing: not in gray images whose defects are darker.
    """
    drawn = noise.rand(len(x), 4) * 2 - 1
    move = torch.eye(2, 3, device=x.device).repeat(len(x), 1, 1)
    pixels = torch.tensor(x.shape[3:1:-1], device=x.device)
    move[:, :, 2] = (drawn[:, :2] * _SHIFT * pixels).round() * 2 / pixels
    grid = F.affine_grid(move, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    if not colours:
        return x
    brightness, contrast = drawn[:, 2:].T[..., None, None, None]
    mean = x.mean((1, 2, 3), keepdim=True)
    return (x - mean) * (1 + _CONTRAST * contrast) + mean + _BRIGHTNESS * brightness
