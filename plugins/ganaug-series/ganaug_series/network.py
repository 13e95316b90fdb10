"""Convolutional networks for series; the discriminator sees a series, its differences and its spectrum."""

from collections.abc import Sequence

import torch
from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.networks import Network
from torch import Tensor, nn
from torch.nn import functional as F

_EMBEDDING_DIM = 32
_MAX_GROWTH = 4  # channels double with every halving, up to this multiple of the width
_FEATURES = 128  # of a series, that D judges by
_SPECTRAL = 64  # of its spectrum
_MIN_BOTTOM = 2


class ClassScale(nn.Module):
    """Scales all channels of a time point to mean square 1, then each channel as its class wants it."""

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.scale = ClassEmbedding(n_classes, channels)
        self.shift = ClassEmbedding(n_classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Normalise ``x (batch, channels, timepoints)``."""
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6)
        return torch.addcmul(self.shift(c)[:, :, None], x, self.scale(c)[:, :, None])


class SeriesGenerator(nn.Module):
    """Latent and class to a series: two linear maps to the shortest length, then doublings and convolutions.

    Each doubling repeats time points and convolves (Odena et al. 2016), so that no grid is left.

    Parameters
    ----------
    shape : (int, int)
        Channels and time points; any number of either.
    n_classes, latent_dim, width, depth : int
        `width` is the number of channels at full length, `depth` the number of doublings.
    """

    def __init__(self, shape: tuple[int, int], n_classes: int, latent_dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.sizes = halved_lengths(shape[1], depth)[::-1]
        widths = doubled_widths(width, depth)[::-1]
        self.first = widths[0]
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        self.hidden = nn.Linear(latent_dim + _EMBEDDING_DIM, _FEATURES)
        self.linear = nn.Linear(_FEATURES, widths[0] * self.sizes[0])
        self.first_norm = ClassScale(widths[0], n_classes)
        self.ups = nn.ModuleList(nn.Conv1d(a, b, 5, padding=2) for a, b in zip(widths, widths[1:], strict=False))
        self.norms = nn.ModuleList(ClassScale(channels, n_classes) for channels in widths[1:])
        self.out = nn.Conv1d(widths[-1], shape[0], 5, padding=2)

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return series ``(batch, channels, timepoints)``."""
        hidden = F.leaky_relu(self.hidden(torch.cat([z, self.embedding(c)], 1)), 0.2)
        x = F.leaky_relu(self.first_norm(self.linear(hidden).view(-1, self.first, self.sizes[0]), c), 0.2)
        for size, up, norm in zip(self.sizes[1:], self.ups, self.norms, strict=True):
            x = F.leaky_relu(norm(up(F.interpolate(x, size=size)), c), 0.2)
        return self.out(x)


class SeriesDiscriminator(nn.Module):
    """Series and class to a logit: strided convolutions over values and differences, and the spectrum beside them."""

    def __init__(self, shape: tuple[int, int], n_classes: int, width: int, depth: int, normalise: bool) -> None:
        super().__init__()
        widths = doubled_widths(width, depth)
        layers: list[nn.Module] = []
        length = shape[1]
        for a, b in zip([2 * shape[0], *widths[1:]], widths[1:], strict=False):
            layers += [normalised(nn.Conv1d(a, b, 5, 2, 2), normalise), nn.LeakyReLU(0.2)]
            length = -(-length // 2)
        layers += [nn.Flatten(), normalised(nn.Linear(widths[-1] * length, _FEATURES), normalise), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        frequencies = shape[0] * (shape[1] // 2 + 1)
        self.spectrum = nn.Sequential(normalised(nn.Linear(frequencies, _SPECTRAL), normalise), nn.LeakyReLU(0.2))
        self.head = ProjectionHead(_FEATURES + _SPECTRAL, n_classes, normalise)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return logits in the shape of ``c``: ``(batch,)``, or ``(k, batch)`` for k labels of each series."""
        x = x.float()
        differences = F.pad(x[:, :, 1:] - x[:, :, :-1], (1, 0))
        waves = torch.view_as_real(torch.fft.rfft(x, norm="ortho"))
        power = torch.log1p(waves.square().sum(-1))
        features = [self.body(torch.cat([x, differences], 1)), self.spectrum(power.flatten(1))]
        return self.head(torch.cat(features, 1), c)


def halved_lengths(timepoints: int, depth: int) -> list[int]:
    """Time points after 0, 1, … `depth` halvings, rounded up."""
    sizes = [-(-timepoints // 2**i) for i in range(depth + 1)]
    if sizes[-1] < _MIN_BOTTOM:
        raise ConfigError(f"depth={depth} halves series of {timepoints} time points away; use a smaller depth")
    return sizes


def doubled_widths(width: int, depth: int) -> list[int]:
    """Channels after 0, 1, … `depth` halvings."""
    return [width * min(2**i, _MAX_GROWTH) for i in range(depth + 1)]


def build(
    sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
) -> tuple[nn.Module, nn.Module]:
    """Return generator and discriminator for series."""
    channels, timepoints = sample_shape
    shape, width, depth = (channels, timepoints), config.width, config.depth
    return (
        SeriesGenerator(shape, n_classes, config.latent_dim, width, depth),
        SeriesDiscriminator(shape, n_classes, width, depth, config.spectral_norm),
    )


SERIES = Network(build, has_projection=True)
