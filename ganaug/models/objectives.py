"""Adversarial objectives: one small class each, with the defaults of its paper.

An objective turns logits into the two losses. What it needs besides (a gradient penalty, clipped weights, several
discriminator steps, its optimizer) it declares as class attributes; `TrainConfig` overrides the numbers.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.models.noise import Noise


class Objective:
    """Base class: what every objective declares.

    Parameters
    ----------
    label_smoothing : float, default=0
        The discriminator's target for real samples is ``1 - label_smoothing`` (one-sided; Salimans et al. 2016,
        arXiv:1606.03498). Only where `smooths_labels`.

    Examples
    --------
    >>> real, fake = torch.tensor([2.0]), torch.tensor([-2.0])
    >>> round(Hinge().discriminator_loss(real, fake).item(), 3), Hinge.d_learning_rate
    (0.0, 0.0004)
    """

    smooths_labels: ClassVar[bool] = False
    spectral_norm: ClassVar[bool] = False
    optimizer: ClassVar[str] = "adam"
    learning_rate: ClassVar[float] = 2e-4
    d_learning_rate: ClassVar[float] = 2e-4
    betas: ClassVar[tuple[float, float]] = (0.5, 0.999)
    d_steps: ClassVar[int] = 1
    penalty_weight: ClassVar[float] = 0.0
    threshold: ClassVar[float | None] = 0.0  # logit above which D says "real"; None: logits have no zero point

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.real_target = 1 - label_smoothing

    @classmethod
    def defaults(cls, sample_shape: tuple[int, ...]) -> dict[str, Any]:
        """Return what settings are where they are ``"auto"``; an objective may let them follow the data.

        Parameters
        ----------
        sample_shape : tuple of int
            Of an encoded sample: ``(dim,)``, or ``(channels, height, width)``.
        """
        names = "optimizer learning_rate d_learning_rate betas d_steps penalty_weight spectral_norm".split()
        return {name: getattr(cls, name) for name in names} | {"penalty_every": 1, "mismatch_weight": 0.0}

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return D's loss, a scalar, from logits of shape ``(batch,)``."""
        raise NotImplementedError

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return G's loss, a scalar, from logits of shape ``(batch,)``; the i-th pair shares its class."""
        raise NotImplementedError

    def penalty(self, discriminator: nn.Module, x: Tensor, c: Tensor, logits: Tensor, noise: Noise) -> Tensor:
        """Return the gradient penalty of weight 1, a scalar.

        Parameters
        ----------
        discriminator : Module
            D, called as ``D(x, c)``.
        x : Tensor of shape (2 * batch, *sample_shape)
            Real samples, then fake ones; leaves that require grad.
        c : Tensor of shape (2 * batch,)
            Their classes.
        logits : Tensor of shape (2 * batch,)
            ``D(x, c)``.
        noise : Noise
            For what is drawn.
        """
        raise NotImplementedError

    def constrain(self, discriminator: nn.Module) -> None:
        """Change D's weights after its step, if the objective asks for that."""

    def accuracy(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares of real and of fake samples that D tells right.

        Objectives without a zero point are judged against the middle between the mean logits.
        """
        edge = (real.mean() + fake.mean()) / 2 if self.threshold is None else self.threshold
        return (real > edge).float().mean(), (fake < edge).float().mean()


class Vanilla(Objective):
    """Non-saturating binary cross-entropy (Goodfellow et al. 2014, arXiv:1406.2661).

    Optimizer settings of DCGAN (Radford et al. 2016, arXiv:1511.06434).
    """

    smooths_labels = True

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``-log σ(real) - log(1 - σ(fake))``."""
        target = torch.full_like(real, self.real_target)
        return F.binary_cross_entropy_with_logits(real, target) + F.softplus(fake).mean()

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``-log σ(fake)``."""
        return F.softplus(-fake).mean()


class LeastSquares(Objective):
    """Least squares to targets 1 and 0 (LSGAN, Mao et al. 2017, arXiv:1611.04076)."""

    smooths_labels = True
    learning_rate = d_learning_rate = 1e-3
    threshold = 0.5

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``½ (real - 1)² + ½ fake²``."""
        return ((real - self.real_target).square().mean() + fake.square().mean()) / 2

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``½ (fake - 1)²``."""
        return (fake - 1).square().mean() / 2


class Wasserstein(Objective):
    """Wasserstein distance with clipped weights (WGAN, Arjovsky et al. 2017, arXiv:1701.07875)."""

    optimizer = "rmsprop"
    learning_rate = d_learning_rate = 5e-5
    d_steps = 5
    threshold = None
    clip: ClassVar[float] = 0.01  # every weight of D is kept in [-clip, clip]

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``fake - real``."""
        return fake.mean() - real.mean()

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``-fake``."""
        return -fake.mean()

    @torch.no_grad()
    def constrain(self, discriminator: nn.Module) -> None:
        """Clip D's weights, those that are trained."""
        for parameter in discriminator.parameters():
            if parameter.requires_grad:
                parameter.clamp_(-self.clip, self.clip)


class WassersteinGP(Wasserstein):
    """Wasserstein distance with a gradient penalty (WGAN-GP, Gulrajani et al. 2017, arXiv:1704.00028)."""

    optimizer = "adam"
    learning_rate = d_learning_rate = 1e-4
    betas = (0.0, 0.9)
    penalty_weight = 10.0

    def penalty(self, discriminator: nn.Module, x: Tensor, c: Tensor, logits: Tensor, noise: Noise) -> Tensor:
        """``(‖∇D‖ - 1)²`` at random points between real and fake."""
        real, fake = x.detach().chunk(2)
        alpha = noise.rand(len(real), *[1] * (x.dim() - 1)).to(x.dtype)
        between = torch.lerp(real, fake, alpha).requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(between, c[: len(real)]).sum(), between, create_graph=True)
        return (gradient.flatten(1).norm(dim=1) - 1).square().mean()

    def constrain(self, discriminator: nn.Module) -> None:
        """Leave the weights alone: the penalty takes clipping's place."""


class Hinge(Objective):
    """Hinge loss (Lim & Ye 2017, arXiv:1705.02894) under spectral normalisation (Miyato et al. 2018, arXiv:1802.05957).

    Two-time-scale learning rates as in SAGAN (Zhang et al. 2019, arXiv:1805.08318).
    """

    spectral_norm = True
    learning_rate = 1e-4
    d_learning_rate = 4e-4
    betas = (0.0, 0.9)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``max(0, 1 - real) + max(0, 1 + fake)``."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``-fake``."""
        return -fake.mean()


class Relativistic(Objective):
    """Relativistic pairing with zero-centred penalties on real and fake (R3GAN, Huang et al. 2024, arXiv:2501.05441).

    The pairing is Jolicoeur-Martineau's (2018, arXiv:1807.00734), the penalties are R1 (Mescheder et al. 2018,
    arXiv:1801.04406) and its twin R2. Learning rate and γ are those measured to work for small data.
    """

    learning_rate = d_learning_rate = 1e-3
    betas = (0.0, 0.99)
    penalty_weight = 1.0
    threshold = None

    @classmethod
    def defaults(cls, sample_shape: tuple[int, ...]) -> dict[str, Any]:
        """Penalise every fourth step; for images, in proportion to the side (at 28 × 28 3, in colour 1)."""
        defaults = super().defaults(sample_shape) | {"penalty_every": 4}
        if len(sample_shape) != 3:
            return defaults | {"betas": (0.0, 0.95)}
        channels, height, width = sample_shape
        wrong_labels = 0.1 if channels > 1 else 0.0  # gray classes lose by them: docs/experiments/images.md
        at_28 = 1 if channels > 1 else 3  # docs/experiments/image-networks.md
        return defaults | {"penalty_weight": at_28 * (height * width) ** 0.5 / 28, "mismatch_weight": wrong_labels}

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``softplus(fake - real)``."""
        return F.softplus(fake - real).mean()

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """``softplus(real - fake)``."""
        return F.softplus(real - fake).mean()

    def penalty(self, discriminator: nn.Module, x: Tensor, c: Tensor, logits: Tensor, noise: Noise) -> Tensor:
        """``½ ‖∇D(real)‖² + ½ ‖∇D(fake)‖²``, in one backward pass."""
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return gradient.flatten(1).square().sum(1).mean()  # a mean over 2 * batch: ½ (R1 + R2)
