"""The networks of translation: a generator that blends a new picture into the old one, a patch discriminator, heads."""

from typing import NamedTuple

import torch
from ganaug.models.conv import UpConvolution, doubled_widths, halved_sizes
from torch import Tensor, nn
from torch.nn import functional as F

_GROUP = 8  # channels that are normalised together
_SLOPE = 0.2
_SHOWN_AT_FIRST = -1.0  # bias of the blend: sigmoid(-1) = 27 % of the new picture, so that D has something to judge


class Translated(NamedTuple):
    """What a generator makes of images."""

    images: Tensor  # (batch, channels, height, width) in [-1, 1]
    mask: Tensor  # (batch, 1, height, width) in [0, 1]: how much of each pixel is new
    features: list[Tensor]  # of the encoder, the finest first


class TranslationGenerator(nn.Module):
    """Image to image: an encoder, residual blocks, a decoder, and a blend of what it paints with what was there.

    The output is ``x + mask * (painted - x)``, with a mask for each pixel (as in GANimation, Pumarola et al. 2018,
    arXiv:1807.09251): what need not change keeps the texture of the real image, and the output never leaves [-1, 1].
    Doublings are nearest-neighbour resizing and convolution.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width.
    width, depth, n_blocks : int
        Channels at full size, halvings, residual blocks at the bottom.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, depth: int, n_blocks: int) -> None:
        super().__init__()
        channels = shape[0]
        sizes, widths = halved_sizes(shape, depth), doubled_widths(width, depth)
        self.widths = [*widths, widths[-1]]  # of the features
        self.stem = _layer(channels, widths[0])
        self.downs = nn.ModuleList(_layer(a, b, stride=2) for a, b in zip(widths, widths[1:], strict=False))
        self._half = (n_blocks + 1) // 2
        self.blocks = nn.ModuleList(_ResidualBlock(widths[-1]) for _ in range(n_blocks))
        self.ups = nn.ModuleList()
        for level in range(depth, 0, -1):
            (height, wide), (above, left) = sizes[level - 1], sizes[level]
            up = UpConvolution(widths[level], widths[level - 1], (height - 2 * above, wide - 2 * left))
            self.ups.append(nn.Sequential(up, _norm(widths[level - 1]), nn.ReLU()))
        self.out = nn.Conv2d(widths[0], channels + 1, 3, padding=1)
        with torch.no_grad():
            self.out.bias[-1] = _SHOWN_AT_FIRST

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the maps that patches are compared in: at each size, and after half of the blocks."""
        maps = [self.stem(x)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        h = maps[-1]
        for block in self.blocks[: self._half]:
            h = block(h)
        return [*maps, h]

    def forward(self, x: Tensor) -> Translated:
        """Translate ``x (batch, channels, height, width)``."""
        features = self.features(x)
        h = features[-1]
        for block in self.blocks[self._half :]:
            h = block(h)
        for up in self.ups:
            h = up(h)
        painted, mask = self.out(h).float().split([x.shape[1], 1], dim=1)
        mask = mask.sigmoid()
        return Translated(torch.lerp(x, painted.tanh(), mask), mask, features)


class PatchDiscriminator(nn.Module):
    """Image to a map of logits ``(batch, h, w)``, each of a patch (Isola et al. 2017, arXiv:1611.07004)."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in zip([channels, *doubled_widths(width, depth)], doubled_widths(width, depth), strict=False):
            layers += [nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(_SLOPE)]
        self.body = nn.Sequential(*layers, nn.Conv2d(b, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.body(x)[:, 0].float()


class PatchHeads(nn.Module):
    """Features of some positions to vectors of length 1, by a small network for each map (CUT)."""

    def __init__(self, widths: list[int], dim: int = 64) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, dim), nn.ReLU(), nn.Linear(dim, dim)) for width in widths
        )

    def forward(self, features: list[Tensor], positions: list[Tensor]) -> list[Tensor]:
        """Return ``(batch, n_positions, dim)`` for each map ``(batch, width, h, w)``."""
        flat = [maps.movedim(1, -1).flatten(1, 2) for maps in features]  # a view where channels are last in memory
        chosen = [maps[:, where] for maps, where in zip(flat, positions, strict=True)]
        return [F.normalize(head(x).float(), dim=2) for head, x in zip(self.heads, chosen, strict=True)]


class _ResidualBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_layer(width, width), nn.Conv2d(width, width, 3, padding=1, bias=False), _norm(width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    if stride == 2:  # halves as `halved_sizes` does: 7 → 3
        convolution = nn.Conv2d(inputs, outputs, 4, 2, padding=1, bias=False)
    return nn.Sequential(convolution, _norm(outputs), nn.ReLU())


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, width // _GROUP), width)
