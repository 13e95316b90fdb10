"""Convolutional networks for images (after DCGAN, Radford et al. 2016, arXiv:1511.06434)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.layout import CHANNEL, FEATURE, Grid, Part
from ganaug.models.networks import Network

_EMBEDDING_DIM = 32
_MAX_GROWTH = 4  # channels double with every halving, up to this multiple of the width
_FEATURES = 128
_KNOTS = 513
_MIN_BOTTOM, _MAX_BOTTOM = 4, 8  # pixels a side where the network is smallest, after fine-tuning for another size
_CALIBRATION = 256  # images of a class that its tone curve is fitted to
_CALIBRATION_NUMBERS = 2**20  # in those that are made at once: a network takes many times their memory


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
        return self.norm(x) * self.scale(c)[:, :, None, None] + self.shift(c)[:, :, None, None]


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


class ToneCurves(nn.Module):
    """A monotone curve for each class and channel, from the pixel values that G makes to those of real images.

    A classifier sees faint blur or grey where real images have none, and takes it for a sign of the class that has
    synthetic samples (docs/decisions/0008-images.md). Quantile mapping takes it away; a curve starts as the identity.
    """

    made: Tensor
    real: Tensor

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        identity = torch.linspace(-1, 1, _KNOTS).expand(n_classes, channels, _KNOTS)
        self.register_buffer("made", identity.clone())
        self.register_buffer("real", identity.clone())

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Map the pixels of ``x (batch, channels, height, width)``, linearly between knots."""
        made, real = self.made[c], self.real[c]  # (batch, channels, knots)
        values = x.flatten(2).contiguous()
        above = torch.searchsorted(made, values).clamp(1, _KNOTS - 1)
        low, high = made.gather(2, above - 1), made.gather(2, above)
        share = ((values - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)
        return torch.lerp(real.gather(2, above - 1), real.gather(2, above), share).view_as(x)

    def fit(self, condition: int, made: Tensor, real: Tensor) -> None:
        """Set the curves of a class from images ``(n, channels, height, width)`` that G made and real ones."""
        levels = np.linspace(0, 1, _KNOTS)
        for curve, images in ((self.made, made), (self.real, real)):
            pixels = images.transpose(0, 1).flatten(1).float().cpu().numpy()
            curve[condition] = torch.from_numpy(np.quantile(pixels, levels, axis=1).T)


class ImageGenerator(nn.Module):
    """Latent and class to an image in [-1, 1]: a linear map to the smallest size, then doublings.

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
        super().__init__()
        self.latent_dim = latent_dim
        sizes = _sizes(shape, depth)[::-1]
        widths = _widths(width, depth)[::-1]
        self.base = (widths[0], *sizes[0])
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        self.linear = nn.Linear(latent_dim + _EMBEDDING_DIM, widths[0] * sizes[0][0] * sizes[0][1], bias=False)
        self.first_norm = ConditionalNorm(widths[0], n_classes)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, 2, 1, output_padding=(big[0] % 2, big[1] % 2), bias=False)
            for a, b, big in zip(widths, widths[1:], sizes[1:], strict=False)
        )
        self.norms = nn.ModuleList(ConditionalNorm(channels, n_classes) for channels in widths[1:])
        self.attention = SelfAttention(widths[1], normalise=False) if attention else nn.Identity()
        self.out = nn.Conv2d(widths[-1], shape[0], 3, padding=1)
        self.tone = ToneCurves(shape[0], n_classes)

    def anatomy(self) -> dict[str, Part]:
        """Count the doublings from full size down: those of another depth correspond there."""
        depth = len(self.ups)
        parts = {
            "linear": Part("linear", (Grid(*self.base), FEATURE), depth),
            "first_norm": Part(f"norm{depth}", level=depth),
            "out": Part("out", (CHANNEL, FEATURE, FEATURE, FEATURE), 0),
        }
        for i in range(depth):
            level = depth - 1 - i
            parts |= {f"ups.{i}": Part(f"up{level}", level=level), f"norms.{i}": Part(f"norm{level}", level=level)}
        return parts

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return images ``(batch, channels, height, width)``."""
        x = self.linear(torch.cat([z, self.embedding(c)], 1)).view(-1, *self.base)
        x = F.relu(self.first_norm(x, c))
        for i, (up, norm) in enumerate(zip(self.ups, self.norms, strict=True)):
            x = F.relu(norm(up(x), c))
            if i == 0:
                x = self.attention(x)
        x = torch.tanh(self.out(x))
        return x if self.training else self.tone(x, c)

    @torch.no_grad()
    def calibrate(self, real: Callable[[int, int], Tensor], noise: torch.Generator) -> None:
        """Fit the tone curves to ``real(condition, most)``, images ``(n, channels, height, width)`` of a class."""
        for condition in range(len(self.tone.made)):
            z = torch.randn(_CALIBRATION, self.latent_dim, generator=noise, device=noise.device)
            images = real(condition, _CALIBRATION)
            parts = z.split(max(1, _CALIBRATION_NUMBERS // images[0].numel()))
            made = [self(part, torch.full((len(part),), condition, device=noise.device)) for part in parts]
            self.tone.fit(condition, torch.cat(made), images)


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
        height, wide = _sizes(shape, depth)[-1]
        widths = _widths(width, depth)
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


def _sizes(shape: tuple[int, int, int], depth: int) -> list[tuple[int, int]]:
    """Height and width after 0, 1, … `depth` halvings."""
    sizes = [(shape[1] >> i, shape[2] >> i) for i in range(depth + 1)]
    if min(sizes[-1]) < 2:
        raise ConfigError(f"depth={depth} halves images of {shape[1]} × {shape[2]} away; use a smaller depth")
    return sizes


def _widths(width: int, depth: int) -> list[int]:
    """Channels after 0, 1, … `depth` halvings."""
    return [width * min(2**i, _MAX_GROWTH) for i in range(depth + 1)]


def build_conv(
    sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
) -> tuple[nn.Module, nn.Module]:
    """Return generator and discriminator for images; `config` is resolved (no ``"auto"``)."""
    channels, height, wide = sample_shape
    shape = (channels, height, wide)
    c, d, a = n_classes, config.depth, config.attention
    generator = ImageGenerator(shape, c, config.latent_dim, config.width, d, a)
    discriminator = ImageDiscriminator(shape, c, config.width, d, a, config.spectral_norm)
    return generator, discriminator


def adapt_depth(depth: int, source: tuple[int, ...], target: tuple[int, ...]) -> int:
    """Return the number of halvings nearest to the source's that leaves as few pixels as is usual."""
    side, bottom = min(target[1:]), min(source[1:]) >> depth
    while side >> depth > max(_MAX_BOTTOM, bottom):
        depth += 1
    while depth > 1 and side >> depth < min(_MIN_BOTTOM, bottom):
        depth -= 1
    return depth


CONV = Network(build_conv, has_attention=True, has_projection=True, has_class_norms=True, adapt_depth=adapt_depth)
