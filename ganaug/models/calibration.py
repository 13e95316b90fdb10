"""What is fitted to real images once training is over, so that samples do not look synthetic.

A classifier takes faint blur, grey or grain that real images lack for a sign of the class that has synthetic samples
(docs/experiments/images.md). A discriminator under a gradient penalty does not mind them: they move few pixels, by
little. So the power of the octaves, then the values of the pixels are set to those of real images, class by class.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_KNOTS = 513
_IMAGES = 256  # of a class that its curves are fitted to
_NUMBERS_AT_ONCE = 2**20  # in images that are made at once: a network takes many times their memory
_ROUNDS = 2  # of fitting: what tone curves do to the spectrum is known only afterwards
_GAINS = 0.5, 2.0  # beyond, what is amplified is the grid of the upsampling: docs/experiments/image-networks.md
_MARGIN = 8  # reflected pixels, so that a filter does not join opposite edges
_BATCHES = 20  # that batch normalisation takes its final statistics from
_BATCH = 64


class Batches(Protocol):
    """What calibration asks of the training images (`ganaug.data.batches.BalancedBatches`)."""

    def of_class(self, condition: int, most: int | None = None) -> Tensor:
        """Return encoded images of a class, ``(n, channels, height, width)``: all, or the first so many."""

    def draw_classes(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw classes as those of a batch are drawn, ``(n,)``."""


class OctaveGains(nn.Module):
    """A linear filter for each class that amplifies octaves of the spectrum; at first it changes nothing.

    Gains are interpolated between the middles of octaves, over the logarithm of the frequency; the mean stays.
    """

    gains: Tensor

    def __init__(self, shape: tuple[int, int, int], n_classes: int) -> None:
        super().__init__()
        self.register_buffer("gains", torch.ones(n_classes, _count_octaves(shape)))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Filter ``x (batch, channels, height, width)``; values stay in [-1, 1]."""
        height, width = x.shape[2:]
        above, left = (min(_MARGIN, side - 1) for side in (height, width))
        large = F.pad(x.float(), (left, left, above, above), mode="reflect")
        frequencies = _frequencies(large)
        place = (-frequencies.clamp_min(1e-9).log2() - 0.5).clamp(0, self.gains.shape[1] - 1)  # in octaves from the top
        lower = place.floor().long().clamp(max=max(0, self.gains.shape[1] - 2))
        upper = (lower + 1).clamp(max=self.gains.shape[1] - 1)
        gains = self.gains.log()[c]
        curves = torch.lerp(gains[:, lower], gains[:, upper], (place - lower).to(gains.dtype)).exp()
        curves = torch.where(frequencies > 0, curves, 1)  # (batch, rows, columns of frequencies)
        filtered = torch.fft.irfft2(torch.fft.rfft2(large) * curves[:, None], s=large.shape[2:])
        return filtered[:, :, above : above + height, left : left + width].clamp(-1, 1)

    def correct(self, condition: int, made: Tensor, real: Tensor) -> None:
        """Change the gains of a class by what images ``(n, channels, height, width)`` lack beside real ones."""
        n = self.gains.shape[1]
        wanted, found = (_octave_powers(images.float(), n) for images in (real, made))
        self.gains[condition] *= ((wanted + 1e-12) / (found + 1e-12)).sqrt()
        self.gains[condition] = self.gains[condition].clamp(*_GAINS)


class ToneCurves(nn.Module):
    """A monotone curve for each class and channel, from the pixel values that G makes to those of real images.

    Quantile mapping; a curve starts as the identity.
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

    def fit(self, condition: int, made: Tensor, real: Tensor | None = None) -> None:
        """Set the curves of a class from images ``(n, channels, height, width)`` that G made and real ones.

        Without `real`, those of an earlier call stay.
        """
        self.made[condition] = _quantiles(made)
        if real is not None:
            self.real[condition] = _quantiles(real)


class CalibratedGenerator(nn.Module):
    """Base of generators of images: ``draw(z, c)`` is what they learn, samples are calibrated besides.

    Parameters
    ----------
    shape : (int, int, int)
        Channels, height and width of the images.
    n_classes, latent_dim : int

    Examples
    --------
    >>> class Flat(CalibratedGenerator):
    ...     def draw(self, z, c):
    ...         return torch.tanh(z.mean(1)).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    >>> Flat((1, 8, 8), n_classes=2, latent_dim=4).eval()(torch.zeros(3, 4), torch.tensor([0, 1, 1])).shape
    torch.Size([3, 1, 8, 8])
    """

    def __init__(self, shape: tuple[int, int, int], n_classes: int, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.octaves = OctaveGains(shape, n_classes)
        self.tone = ToneCurves(shape[0], n_classes)

    def draw(self, z: Tensor, c: Tensor) -> Tensor:
        """Return images ``(batch, channels, height, width)`` in [-1, 1], before calibration."""
        raise NotImplementedError

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return images ``(batch, channels, height, width)`` in [-1, 1]; calibrated unless in training mode."""
        x = self.draw(z, c)
        return x if self.training else self.tone(self.octaves(x, c), c)

    @torch.no_grad()
    def calibrate(self, batches: Batches, noise: torch.Generator) -> None:
        """Fit what is not trained: statistics of normalisation, gains of octaves, tone curves.

        Parameters
        ----------
        batches : BalancedBatches
            Of the real images.
        noise : torch.Generator
            Draws latents and classes.
        """
        self._settle(batches, noise)
        for condition in range(len(self.tone.made)):
            real = batches.of_class(condition, _IMAGES)
            z = torch.randn(_IMAGES, self.latent_dim, generator=noise, device=noise.device)
            parts = z.split(max(1, _NUMBERS_AT_ONCE // real[0].numel()))
            c = torch.full((_IMAGES,), condition, device=noise.device)
            drawn = torch.cat([self.draw(part, c[: len(part)]) for part in parts]).float()
            self.octaves.gains[condition] = 1
            self.tone.fit(condition, made := self.octaves(drawn, c), real)
            for _ in range(_ROUNDS):
                self.octaves.correct(condition, self.tone(made, c), real)
                self.tone.fit(condition, made := self.octaves(drawn, c))

    def _settle(self, batches: Batches, noise: torch.Generator) -> None:
        """Take the statistics of batch normalisation anew: the averaged weights never met those of training.

        As the standing statistics of BigGAN (Brock et al. 2019, arXiv:1809.11096).
        """
        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
        training = self.training
        self.train()
        for _ in range(_BATCHES if norms else 0):
            c = batches.draw_classes(_BATCH, noise)
            self.draw(torch.randn(_BATCH, self.latent_dim, generator=noise, device=noise.device), c)
        self.train(training)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _count_octaves(shape: tuple[int, int, int]) -> int:
    """Return how many octaves there are: waves of 1 to 2, 2 to 4, … pixels, the longest begin below the side."""
    return max(1, (min(shape[1:]) - 1).bit_length())


def _quantiles(images: Tensor) -> Tensor:
    """Return evenly spaced quantiles of the pixels of each channel, ``(channels, knots)``."""
    pixels = images.float().transpose(0, 1).flatten(1).sort(1).values
    places = torch.linspace(0, pixels.shape[1] - 1, _KNOTS, dtype=torch.float64, device=pixels.device)
    below = places.long()
    above = (below + 1).clamp(max=pixels.shape[1] - 1)
    return torch.lerp(pixels[:, below], pixels[:, above], (places - below).float())


def _frequencies(images: Tensor) -> Tensor:
    """Return cycles per pixel of each number that ``rfft2`` gives for images."""
    height, width = images.shape[2:]
    vertical, horizontal = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    return torch.hypot(vertical[:, None], horizontal).to(images.device)


def _octave_powers(images: Tensor, n: int) -> Tensor:
    """Return the mean power of images in octaves, the finest first."""
    power = torch.fft.rfft2(images, norm="ortho").abs().square().mean((0, 1))
    frequencies = _frequencies(images)
    bands = [(frequencies > 0.5 / 2**i) & (frequencies <= 1 / 2**i) for i in range(n)]
    return torch.stack([power[band].mean() for band in bands])
