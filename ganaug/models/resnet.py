"""A larger network for images, for graphics cards: residual blocks without normalisation.

After R3GAN (Huang et al. 2024, arXiv:2501.05441): inverted bottlenecks with grouped convolutions in G and in D alike,
Fixup initialisation (Zhang et al. 2019, arXiv:1901.09321), bilinear resampling, no normalisation.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.models.calibration import CalibratedGenerator
from ganaug.models.conv import SelfAttention, doubled_widths, halved_sizes, image_network
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.layout import CHANNEL, FEATURE, Grid, Part

_EMBEDDING_DIM = 64
_MAPPED = 256  # of a latent and its class, that G draws from
_FEATURES = 256  # of an image, that D judges by
_BLOCKS = 2  # at each resolution
_EXPANSION = 2  # channels within a block over those between blocks
_GROUP = 16  # channels of a group
_SLOPE = 0.2


class ResidualBlock(nn.Module):
    """``x + W₃ φ(W₂ φ(W₁ x))``: to more channels, grouped 3 × 3, and back; at first the identity.

    Parameters
    ----------
    channels : int
    n_blocks : int
        In the whole network, for its initialisation.
    n_classes : int
        Classes that shift and scale what is between W₂ and W₃; 0: none.
    normalise : bool
        Whether weights are under spectral normalisation.
    """

    def __init__(self, channels: int, n_blocks: int, n_classes: int = 0, normalise: bool = False) -> None:
        super().__init__()
        inner = _EXPANSION * channels
        layers = (
            nn.Conv2d(channels, inner, 1),
            nn.Conv2d(inner, inner, 3, padding=1, groups=math.gcd(inner, max(1, inner // _GROUP))),
            nn.Conv2d(inner, channels, 1, bias=False),
        )
        for layer in layers[:2]:
            nn.init.kaiming_normal_(layer.weight, _SLOPE)
            with torch.no_grad():
                layer.weight *= n_blocks**-0.25  # Fixup: the sum over blocks neither grows nor vanishes
        nn.init.zeros_(layers[2].weight)
        if normalise:  # a norm of 0 cannot be divided by
            nn.init.kaiming_normal_(layers[2].weight)
        self.enter, self.mix, self.leave = (normalised(layer, normalise) for layer in layers)
        self.scale = ClassEmbedding(n_classes, inner) if n_classes else None
        self.shift = ClassEmbedding(n_classes, inner) if n_classes else None
        if self.scale is not None and self.shift is not None:
            nn.init.ones_(self.scale.weight)
            nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Return features of the shape of ``x (batch, channels, height, width)``."""
        inner = self.mix(F.leaky_relu(self.enter(x), _SLOPE))
        if c is not None and self.scale is not None and self.shift is not None:
            scale, shift = (each(c).to(inner.dtype)[:, :, None, None] for each in (self.scale, self.shift))
            inner = torch.addcmul(shift, inner, scale)
        return x + self.leave(F.leaky_relu(inner, _SLOPE))


class ResidualGenerator(CalibratedGenerator):
    """Latent and class to an image in [-1, 1]: a hidden layer, then residual blocks at each size, the smallest first.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width of the images; any height and width.
    n_classes, latent_dim, width, depth : int
        `width` is the number of channels at full size, `depth` the number of doublings.
    attention : bool
        Whether the smallest size but one gets a self-attention block.
    """

    def __init__(
        self, shape: tuple[int, int, int], n_classes: int, latent_dim: int, width: int, depth: int, attention: bool
    ) -> None:
        super().__init__(shape, n_classes, latent_dim)
        self.sizes = halved_sizes(shape, depth)[::-1]
        widths = doubled_widths(width, depth)[::-1]
        self.base = Grid(widths[0], *self.sizes[0])
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        self.hidden = nn.Linear(latent_dim + _EMBEDDING_DIM, _MAPPED)
        self.linear = nn.Linear(_MAPPED, widths[0] * self.base.height * self.base.width)
        n_blocks = _BLOCKS * (depth + 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList(ResidualBlock(channels, n_blocks, n_classes) for _ in range(_BLOCKS)) for channels in widths
        )
        self.widen = nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in pairwise(widths))
        self.attention = SelfAttention(widths[1], normalise=False) if attention else nn.Identity()
        self.out = nn.Conv2d(widths[-1], shape[0], 3, padding=1)

    def anatomy(self) -> dict[str, Part]:
        """Count the doublings from full size down: those of another depth correspond there."""
        depth = len(self.widen)
        parts = {
            "linear": Part("linear", (self.base, FEATURE), depth),
            "out": Part("out", (CHANNEL, FEATURE, FEATURE, FEATURE), 0),
        }
        parts |= {f"blocks.{i}": Part(f"blocks{depth - i}", level=depth - i) for i in range(depth + 1)}
        return parts | {f"widen.{i}": Part(f"widen{depth - 1 - i}", level=depth - 1 - i) for i in range(depth)}

    def draw(self, z: Tensor, c: Tensor) -> Tensor:
        """Return images ``(batch, channels, height, width)``, before calibration."""
        hidden = F.leaky_relu(self.hidden(torch.cat([z, self.embedding(c)], 1)), _SLOPE)
        x = self.linear(hidden).view(-1, *self.base).contiguous(memory_format=torch.channels_last)
        for i, blocks in enumerate(self.blocks):
            if i:
                x = F.interpolate(self.widen[i - 1](x), self.sizes[i], mode="bilinear")
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, c)
            if i == 1:
                x = self.attention(x)
        return torch.tanh(self.out(x))


class ResidualDiscriminator(nn.Module):
    """Image and class to a logit: residual blocks at each size, the largest first, then a projection head."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        n_classes: int,
        width: int,
        depth: int,
        attention: bool,
        normalise: bool,
    ) -> None:
        super().__init__()
        self.sizes = halved_sizes(shape, depth)
        widths = doubled_widths(width, depth)
        n_blocks = _BLOCKS * (depth + 1)
        self.enter = normalised(nn.Conv2d(shape[0], widths[0], 3, padding=1), normalise)
        self.blocks = nn.ModuleList(
            nn.ModuleList(ResidualBlock(channels, n_blocks, normalise=normalise) for _ in range(_BLOCKS))
            for channels in widths
        )
        self.widen = nn.ModuleList(normalised(nn.Conv2d(a, b, 1, bias=False), normalise) for a, b in pairwise(widths))
        self.attention = SelfAttention(widths[-2], normalise) if attention else nn.Identity()
        self.top = Grid(widths[-1], *self.sizes[-1])
        self.linear = normalised(nn.Linear(widths[-1] * self.top.height * self.top.width, _FEATURES), normalise)
        self.head = ProjectionHead(_FEATURES, n_classes, normalise)

    def anatomy(self) -> dict[str, Part]:
        """Count the halvings from full size down."""
        depth = len(self.widen)
        parts = {
            "enter": Part("enter", (FEATURE, CHANNEL, FEATURE, FEATURE), 0),
            "linear": Part("linear", (FEATURE, self.top), depth),
        }
        parts |= {f"blocks.{level}": Part(f"blocks{level}", level=level) for level in range(depth + 1)}
        return parts | {f"widen.{level}": Part(f"widen{level}", level=level) for level in range(depth)}

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return logits in the shape of ``c``: ``(batch,)``, or ``(k, batch)`` for k labels of each sample."""
        x = self.enter(x)
        for level, blocks in enumerate(self.blocks):
            if level:
                x = self.widen[level - 1](F.adaptive_avg_pool2d(x, self.sizes[level]))
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x)
            if level == len(self.widen) - 1:
                x = self.attention(x)
        return self.head(F.leaky_relu(self.linear(F.leaky_relu(x, _SLOPE).flatten(1)), _SLOPE), c)


RESNET = image_network(ResidualGenerator, ResidualDiscriminator)
