"""Convolutional networks for images (after DCGAN, Radford et al. 2016, arXiv:1511.06434)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.models.calibration import CalibratedGenerator
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.layout import CHANNEL, FEATURE, Grid, Part
from ganaug.models.networks import Network

_EMBEDDING_DIM = 32
_MAX_GROWTH = 4  # channels double with every halving, up to this multiple of the width
_FEATURES = 128  # of an image, that D judges by
_MAPPED = 128  # of a latent and its class, that G draws from
_MIN_BOTTOM, _MAX_BOTTOM = 4, 8  # pixels a side where the network is smallest, after fine-tuning for another size


class ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift belong to the class (Dumoulin et al. 2017, arXiv:1610.07629)."""

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False, track_running_stats=True)
        self.scale = ClassEmbedding(n_classes, channels)
        self.shift = ClassEmbedding(n_classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Normalise ``x (batch, channels, height, width)`` and apply the class's scale and shift."""
        scale, shift = (each(c).to(x.dtype)[:, :, None, None] for each in (self.scale, self.shift))
        return torch.addcmul(shift, self.norm(x), scale)


class SelfAttention(nn.Module):
    """Every position attends to every other (SAGAN, Zhang et al. 2019, arXiv:1805.08318); starts as the identity."""

    def __init__(self, channels: int, normalise: bool) -> None:
        super().__init__()
        inner = max(1, channels // 8)
        self.query, self.key = (
            normalised(nn.Conv2d(channels, inner, 1), normalise),
            normalised(nn.Conv2d(channels, inner, 1), normalise),
        )
        self.value = normalised(nn.Conv2d(channels, channels, 1), normalise)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` plus what each position gathered."""
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))  # (batch, dim, h * w)
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=2)  # (batch, h * w, h * w)
        return x + self.gain * (value @ weights.transpose(1, 2)).view_as(x)


class UpConvolution(nn.Module):
    """Nearest-neighbour doubling, then a 3 × 3 convolution, computed as one transposed convolution.

    A transposed convolution learns the four pixels that replace one from four sets of weights, and leaves a grid where
    they differ; here the sets are sums of the same nine weights (Odena et al. 2016, doi:10.23915/distill.00003). To do
    both steps at once takes 4/9 of the multiplications, and no enlarged map.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    odd : (int, int)
        Rows and columns beyond the double of the input's.
    """

    spread: Tensor

    def __init__(self, inputs: int, outputs: int, odd: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.odd = odd
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        nn.init.kaiming_normal_(self.weight)
        side = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])  # 3 weights to the 4 that see a small pixel
        self.register_buffer("spread", torch.kron(side, side), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, outputs, 2 * height + odd, 2 * width + odd)``."""
        kernel = (self.weight.flip(2, 3).flatten(2) @ self.spread.T).unflatten(2, (4, 4)).transpose(0, 1)
        return F.conv_transpose2d(x, kernel, None, stride=2, padding=1, output_padding=self.odd)


class ImageGenerator(CalibratedGenerator):
    """Latent and class to an image in [-1, 1]: a hidden layer, a linear map to the smallest size, then doublings.

    Without the hidden layer the coarse layout of an image is linear in the latent, and strokes break
    (docs/experiments/image-networks.md).

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
        self,
        shape: tuple[int, int, int],
        n_classes: int,
        latent_dim: int,
        width: int,
        depth: int,
        attention: bool,
    ) -> None:
        super().__init__(shape, n_classes, latent_dim)
        sizes = halved_sizes(shape, depth)[::-1]
        widths = doubled_widths(width, depth)[::-1]
        self.base = (widths[0], *sizes[0])
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        self.hidden = nn.Linear(latent_dim + _EMBEDDING_DIM, _MAPPED)
        self.linear = nn.Linear(_MAPPED, widths[0] * sizes[0][0] * sizes[0][1], bias=False)
        self.first_norm = ConditionalNorm(widths[0], n_classes)
        self.refine = nn.Conv2d(widths[0], widths[0], 3, padding=1, bias=False)
        self.refine_norm = ConditionalNorm(widths[0], n_classes)
        self.ups = nn.ModuleList(
            UpConvolution(a, b, (big[0] % 2, big[1] % 2))
            for a, b, big in zip(widths, widths[1:], sizes[1:], strict=False)
        )
        self.norms = nn.ModuleList(ConditionalNorm(channels, n_classes) for channels in widths[1:])
        self.attention = SelfAttention(widths[1], normalise=False) if attention else nn.Identity()
        self.out = nn.Conv2d(widths[-1], shape[0], 3, padding=1)

    def anatomy(self) -> dict[str, Part]:
        """Count the doublings from full size down: those of another depth correspond there."""
        depth = len(self.ups)
        parts = {
            "linear": Part("linear", (Grid(*self.base), FEATURE), depth),
            "first_norm": Part(f"norm{depth}", level=depth),
            "refine": Part("refine", level=depth),
            "refine_norm": Part("refine_norm", level=depth),
            "out": Part("out", (CHANNEL, FEATURE, FEATURE, FEATURE), 0),
        }
        for i in range(depth):
            level = depth - 1 - i
            parts |= {f"ups.{i}": Part(f"up{level}", level=level), f"norms.{i}": Part(f"norm{level}", level=level)}
        return parts

    def draw(self, z: Tensor, c: Tensor) -> Tensor:
        """Return images ``(batch, channels, height, width)``, before calibration."""
        hidden = F.leaky_relu(self.hidden(torch.cat([z, self.embedding(c)], 1)), 0.2)
        x = self.linear(hidden).view(-1, *self.base).contiguous(memory_format=torch.channels_last)
        x = F.relu(self.first_norm(x, c))
        x = x + F.relu(self.refine_norm(self.refine(x), c))
        for i, (up, norm) in enumerate(zip(self.ups, self.norms, strict=True)):
            x = F.relu(norm(up(x), c))
            if i == 0:
                x = self.attention(x)
        return torch.tanh(self.out(x))


class ImageDiscriminator(nn.Module):
    """Image and class to a logit: halvings by strided convolution, then a projection head."""

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
        height, wide = halved_sizes(shape, depth)[-1]
        widths = doubled_widths(width, depth)
        blocks: list[nn.Module] = []
        for i, (a, b) in enumerate(zip([shape[0], *widths[1:]], widths[1:], strict=False)):
            blocks += [normalised(nn.Conv2d(a, b, 4, 2, 1), normalise), nn.LeakyReLU(0.2)]
            if attention and i == max(0, depth - 2):
                blocks.append(SelfAttention(b, normalise))
        blocks += [
            normalised(nn.Conv2d(widths[-1], widths[-1], 3, padding=1), normalise),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        ]
        blocks += [normalised(nn.Linear(widths[-1] * height * wide, _FEATURES), normalise), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*blocks)
        self.top = Grid(widths[-1], height, wide)
        self.head = ProjectionHead(_FEATURES, n_classes, normalise)

    def anatomy(self) -> dict[str, Part]:
        """Count the halvings from full size down."""
        named = {
            kind: [f"body.{i}" for i, module in enumerate(self.body) if isinstance(module, kind)]
            for kind in (nn.Conv2d, nn.Linear, SelfAttention)
        }
        *downs, last = named[nn.Conv2d]
        parts = {name: Part(f"down{level}", level=level) for level, name in enumerate(downs)}
        parts[downs[0]] = Part("down0", (FEATURE, CHANNEL, FEATURE, FEATURE), 0)
        parts |= {name: Part("attention") for name in named[SelfAttention]}
        parts[last] = Part("last", level=len(downs))
        parts[named[nn.Linear][0]] = Part("linear", (FEATURE, self.top), len(downs))
        return parts

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return logits in the shape of ``c``: ``(batch,)``, or ``(k, batch)`` for k labels of each sample."""
        return self.head(self.body(x), c)


def halved_sizes(shape: tuple[int, int, int], depth: int) -> list[tuple[int, int]]:
    """Height and width after 0, 1, … `depth` halvings."""
    sizes = [(shape[1] >> i, shape[2] >> i) for i in range(depth + 1)]
    if min(sizes[-1]) < 2:
        raise ConfigError(f"depth={depth} halves images of {shape[1]} × {shape[2]} away; use a smaller depth")
    return sizes


def doubled_widths(width: int, depth: int) -> list[int]:
    """Channels after 0, 1, … `depth` halvings."""
    return [width * min(2**i, _MAX_GROWTH) for i in range(depth + 1)]


def adapt_depth(depth: int, source: tuple[int, ...], target: tuple[int, ...]) -> int:
    """Return the number of halvings nearest to the source's that leaves as few pixels as is usual."""
    side, bottom = min(target[1:]), min(source[1:]) >> depth
    while side >> depth > max(_MAX_BOTTOM, bottom):
        depth += 1
    while depth > 1 and side >> depth < min(_MIN_BOTTOM, bottom):
        depth -= 1
    return depth


def image_network(generator: type[nn.Module], discriminator: type[nn.Module]) -> Network:
    """Return the network of two classes with the parameters of `ImageGenerator` and of `ImageDiscriminator`."""

    def build(
        sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
    ) -> tuple[nn.Module, nn.Module]:
        sizes = config.width, config.depth, config.attention
        return (
            generator(sample_shape, n_classes, config.latent_dim, *sizes),
            discriminator(sample_shape, n_classes, *sizes, config.spectral_norm),
        )

    return Network(build, has_attention=True, has_projection=True, has_class_norms=True, adapt_depth=adapt_depth)


CONV = image_network(ImageGenerator, ImageDiscriminator)
