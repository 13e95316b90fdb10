"""One optimisation step of an adversarial training; the loop takes any object that can do one."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from ganaug.core import registry
from ganaug.core.errors import ConfigError
from ganaug.data.batches import BalancedBatches
from ganaug.models.gan import ConditionalGAN
from ganaug.models.layers import ProjectionHead
from ganaug.models.noise import Noise
from ganaug.models.trained import TrainedModel
from ganaug.training.distributed import World


class Outcome(NamedTuple):
    """What a step came to.

    Examples
    --------
    >>> outcome = Outcome(torch.tensor([0.7, 0.6]), torch.tensor([1.0]), torch.tensor([-1.0]))
    >>> outcome.losses.shape
    torch.Size([2])
    """

    losses: Tensor  # (2,): of D and of G
    real_logits: Tensor  # of this process's part of the last batch
    fake_logits: Tensor


class Step(Protocol):
    """What the loop asks of a method: a class-conditional GAN, a translation, a restoration.

    Attributes
    ----------
    networks : tuple of Module
        All that the method moves to the device: those that are trained and those that follow them.
    optimizers : dict of str to Optimizer
        By name; their state is kept in snapshots.

    Examples
    --------
    >>> import inspect
    >>> inspect.signature(AdversarialStep.__call__) == inspect.signature(Step.__call__)
    True
    """

    networks: tuple[nn.Module, ...]
    optimizers: dict[str, torch.optim.Optimizer]

    def __call__(self, batches: BalancedBatches, progress: float) -> Outcome:
        """Improve the networks once; `progress` is the share of the budget that is spent, 0 … 1."""
        ...

    def sample(self, z: Tensor, c: Tensor) -> Tensor:
        """Return samples of the averaged generator, for those who watch."""
        ...

    def accuracy(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares of real and of fake samples that the discriminator tells right, from their logits."""
        ...


class NetworkStep:
    """What steps that train a generator against a discriminator have in common: optimizers, the average, precision.

    Parameters
    ----------
    model : TrainedModel
        Its configuration says `learning_rate`, `d_learning_rate`, `betas`, `optimizer`, `ema_decay`, `clip_grad_norm`
        and `precision`. Weights that require no gradient stay as they are.
    device : torch.device
        Where the networks work.
    noise : Noise
        All that is drawn.
    world : World
        The processes that train together.
    """

    def __init__(self, model: TrainedModel, device: torch.device, noise: Noise, world: World) -> None:
        self.model, self.config, self.device, self.noise, self.world = model, model.config, device, noise, world
        images = len(model.codec.sample_shape) == 3
        layout = torch.channels_last if images else torch.contiguous_format
        self.networks = self.generator, self.discriminator, self.generator_ema = tuple(
            cast(Any, network).to(device, memory_format=layout)
            for network in (model.generator, model.discriminator, model.generator_ema)
        )
        self._weights = {name: _trained(network) for name, network in zip("gd", self.networks, strict=False)}
        rates = {"g": self.config.learning_rate, "d": self.config.d_learning_rate}
        self.optimizers = {
            f"{name}_optimizer": _optimizer(weights, self.config, rates[name])
            for name, weights in self._weights.items()
        }
        self._averaged, self._current = (list(network.parameters()) for network in (self.generator_ema, self.generator))
        self._buffers = list(zip(self.generator_ema.buffers(), self.generator.buffers(), strict=True))

    def descend(self, loss: Tensor, which: str) -> None:
        """Improve the weights of G, ``"g"``, or of D, ``"d"``, by a loss; of several processes, by their mean."""
        optimizer, weights = self.optimizers[f"{which}_optimizer"], self._weights[which]
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=weights)
        self.world.average_gradients(weights)
        if self.config.clip_grad_norm is not None:
            nn.utils.clip_grad_norm_(weights, self.config.clip_grad_norm)
        optimizer.step()

    @torch.no_grad()
    def update_ema(self) -> None:
        """Move the averaged generator towards the trained one; early steps weigh more."""
        decay = min(self.config.ema_decay, (1 + self.model.step) / (10 + self.model.step))
        torch._foreach_lerp_(self._averaged, self._current, 1 - decay)
        for own, new in self._buffers:
            own.copy_(new)

    def autocast(self) -> torch.autocast:
        """Compute in bfloat16 inside the block, if the configuration says so."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")


class AdversarialStep(NetworkStep):
    """A step of a class-conditional GAN: the discriminator's, some times, then the generator's, then the average's.

    Parameters
    ----------
    gan : ConditionalGAN
        With a resolved configuration; weights that require no gradient stay as they are.
    device : torch.device
        Where the networks work.
    noise : Noise
        Latents and all else that is drawn.
    world : World
        The processes that train together.

    Raises
    ------
    ConfigError
        If wrong labels are asked for (`mismatch_weight`) and the discriminator cannot judge them.

    Examples
    --------
    >>> from ganaug.data.encoded import encode
    >>> from ganaug.training.defaults import resolve
    >>> data = encode([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> config = resolve(ganaug.TrainConfig(max_steps=2), data.codec, data.classes)
    >>> gan = ganaug.ConditionalGAN(data.codec, data.classes, config, seed=0)
    >>> step = AdversarialStep(gan, torch.device("cpu"), Noise(torch.device("cpu"), 0), World())
    >>> sorted(step.optimizers)
    ['d_optimizer', 'g_optimizer']
    """

    def __init__(self, gan: ConditionalGAN, device: torch.device, noise: Noise, world: World) -> None:
        super().__init__(gan, device, noise, world)
        self.gan = gan
        if self.config.mismatch_weight and not any(isinstance(m, ProjectionHead) for m in self.discriminator.modules()):
            raise ConfigError(f"mismatch_weight needs a ProjectionHead; network {self.config.network!r} has none")
        self.objective = registry.lookup("objectives", self.config.objective)(self.config.label_smoothing)
        self._progress = 0.0

    def __call__(self, batches: BalancedBatches, progress: float) -> Outcome:
        """Improve D `d_steps` times and G once."""
        self._progress = progress
        for _ in range(self.config.d_steps):
            real, c = next(batches)
            fake = self.generate(c)
            d_loss, real_logits, fake_logits = self.discriminator_step(real, fake.detach(), c)
        g_loss = self.generator_step(fake, c, real_logits)
        self.update_ema()
        return Outcome(torch.stack([d_loss, g_loss]), real_logits, fake_logits)

    def generate(self, c: Tensor) -> Tensor:
        """Return fake samples of the classes of a real batch."""
        with self.autocast():
            return self.generator(self.noise.randn(len(c), self.gan.latent_dim), c)

    def sample(self, z: Tensor, c: Tensor) -> Tensor:
        """Return samples of the averaged generator."""
        made: Tensor = self.generator_ema(z, c)
        return made

    def accuracy(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares of real and of fake samples that D tells right."""
        found: tuple[Tensor, Tensor] = self.objective.accuracy(real, fake)
        return found

    def discriminator_step(self, real: Tensor, fake: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Improve D on one batch; return its loss and the logits of real and fake samples."""
        penalised = self.config.penalty_weight > 0 and self.gan.step % self.config.penalty_every == 0
        with self.autocast():
            x = torch.cat([self._noisy(real), self._noisy(fake)]).requires_grad_(penalised)
            both = c.repeat(2)
            if self.config.mismatch_weight:
                logits, mismatched = self.discriminator(x, torch.stack([both, self._wrong(c).repeat(2)])).float()
            else:
                logits = self.discriminator(x, both).float()
        real_logits, fake_logits = logits.chunk(2)
        loss = self.objective.discriminator_loss(real_logits, fake_logits)
        if self.config.mismatch_weight:
            mismatch = self.objective.discriminator_loss(real_logits, mismatched[: len(real)])
            loss = loss + self.config.mismatch_weight * mismatch
        if penalised:
            penalty = self.objective.penalty(self.discriminator, x, both, logits, self.noise)
            loss = loss + self.config.penalty_weight * self.config.penalty_every * penalty
        self.descend(loss, "d")
        self.objective.constrain(self.discriminator)
        return loss.detach(), real_logits.detach(), fake_logits.detach()

    def generator_step(self, fake: Tensor, c: Tensor, real_logits: Tensor) -> Tensor:
        """Improve G by what the improved D says of its samples, beside the logits of the real ones; return the loss."""
        with self.autocast():
            fake_logits = self.discriminator(self._noisy(fake), c).float()
        loss = self.objective.generator_loss(real_logits, fake_logits)
        self.descend(loss, "g")
        return loss.detach()

    def _noisy(self, x: Tensor) -> Tensor:
        """Add instance noise (Sønderby et al. 2017, arXiv:1610.04490), fading with progress."""
        std = self.config.instance_noise * (1 - self._progress) if self.config.instance_noise else 0
        return x + std * self.noise.randn(*x.shape) if std else x

    def _wrong(self, c: Tensor) -> Tensor:
        """Draw another class for each sample."""
        n = len(self.gan.classes)
        return (c + 1 + (self.noise.rand(len(c)) * (n - 1)).long()) % n


def _trained(network: nn.Module) -> list[nn.Parameter]:
    return [weight for weight in network.parameters() if weight.requires_grad]


def _optimizer(weights: Iterable[nn.Parameter], config: Any, learning_rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, learning_rate, foreach=True)
    return torch.optim.Adam(weights, learning_rate, config.betas, fused=True)
