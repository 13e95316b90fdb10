"""The one training loop, for rows and images alike."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.core import registry
from ganaug.core.config import ResolvedConfig, TrainConfig
from ganaug.core.errors import ConfigError, TrainingDivergedError
from ganaug.core.history import History
from ganaug.core.randomness import as_seed
from ganaug.data.batches import BalancedBatches, as_floats
from ganaug.data.stream import Refill
from ganaug.models.gan import ConditionalGAN
from ganaug.models.layers import ProjectionHead
from ganaug.models.noise import Noise
from ganaug.training.callbacks import Callback, Watchdog, diversity
from ganaug.training.distributed import World, joined, synchronised
from ganaug.training.preparation import prepare, refuse_unsavable
from ganaug.training.recipe import resolve

_LONGEST = 100  # steps between two rows of history
_RECORDS = 100  # about as many rows in a short run
_NUMBERS_FOR_THREADS = 2**19  # in the widest layer of a batch
_NUMBERS_AT_ONCE = 256  # of each sample that are floats while spreads are taken
_PROBES = 8  # samples per class whose spread is watched


def train(
    X: Any,
    y: Any = None,
    *,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    **settings: Any,
) -> ConditionalGAN:
    """Train a conditional GAN on labelled rows or images.

    Parameters
    ----------
    X : DataFrame, array-like, sparse matrix, list of PIL images or TableStream
        Rows ``(n_samples, n_features)`` with missing values allowed, or images ``(N, H, W)``, ``(N, H, W, C)`` or
        ``(N, C, H, W)`` of uint8 or float.
    y : array-like of shape (n_samples,), optional
        Class labels; a `TableStream` brings its own.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same model, at the same number of threads.
    callbacks : sequence of Callback
        Called around the steps, after the built-in `Watchdog`.
    distributed : bool, default=False
        Whether to share the work with the other processes that ``torchrun`` started; each has to call this with the
        same data and settings, and gets the same model. `batch_size` is that of all together.
    **settings
        Fields of `TrainConfig`.

    Returns
    -------
    ConditionalGAN

    Raises
    ------
    SchemaError
        If `X` and `y` do not fit together or cannot be learnt from.
    ConfigError
        If a setting is unknown or out of range.
    TrainingDivergedError
        If a loss becomes NaN or infinite.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> gan = ganaug.train(X, y, max_steps=20, random_state=0)
    >>> list(gan.sample(3, label=2).columns) == list(X.columns)
    True
    """
    config = TrainConfig(**settings)
    data = prepare(X, y)
    refuse_unsavable(data)
    resolved = resolve(config, data.codec, data.classes)
    with joined(resolved.device, on=distributed) as world:
        seed = world.agree(as_seed(random_state))
        gan = ConditionalGAN(data.codec, data.classes, resolved, seed)
        Trainer(gan, data.x, data.c, seed, [Watchdog(), *callbacks], world, data.refill).fit()
    return gan


class Trainer:
    """Trains the networks of a `ConditionalGAN` in place.

    Parameters
    ----------
    gan : ConditionalGAN
        With a resolved configuration; weights that require no gradient stay as they are.
    x : Tensor of shape (n, *sample_shape)
        Encoded samples, or images as uint8.
    c : Tensor of shape (n,)
        Their conditions.
    seed : int
        Seeds batches and noise.
    callbacks : sequence of Callback
        In calling order.
    world : World, optional
        The processes that train together; by default this one alone.
    refill : Refill, optional
        Exchanges samples for others from a file that is larger than memory.

    Attributes
    ----------
    history : History
        Its newest row is that of the last record.
    probes : Tensor of shape (n_classes, 8, *sample_shape)
        Encoded samples of every class as of the last record, always from the same latents.
    progress : float
        Share of the budget that is spent, 0 … 1.
    losses : list of Tensor
        Of D and G at every step since the last row of history.
    stop_reason : str
        Why training ends; empty while it goes on.
    kept : str
        For messages of failure: where to go on from.
    """

    def __init__(
        self,
        gan: ConditionalGAN,
        x: Tensor,
        c: Tensor,
        seed: int,
        callbacks: Sequence[Callback] = (),
        world: World | None = None,
        refill: Refill | None = None,
    ) -> None:
        self.gan = gan
        self.config = config = gan.config
        self.seed = seed
        self.callbacks = list(callbacks)
        self.world = world or World()
        gan.history = History()
        self.losses: list[Tensor] = []
        self.stop_reason = ""
        self.kept = ""
        self.device = self.world.device or torch.device(config.device)
        layout = torch.channels_last if x.dim() == 4 else torch.contiguous_format
        self.generator, self.discriminator, self.generator_ema = (
            network.to(self.device, memory_format=layout)
            for network in (gan.generator, gan.discriminator, gan.generator_ema)
        )
        x, c = x.to(self.device, memory_format=layout), c.to(self.device)
        if config.mismatch_weight and not any(isinstance(m, ProjectionHead) for m in self.discriminator.modules()):
            raise ConfigError(f"mismatch_weight needs a ProjectionHead; network {config.network!r} has none")
        self.objective = registry.lookup("objectives", config.objective)(config.label_smoothing)
        self._g_weights, self._d_weights = (
            [weight for weight in network.parameters() if weight.requires_grad]
            for network in (self.generator, self.discriminator)
        )
        self._averaged, self._current = (list(network.parameters()) for network in (self.generator_ema, self.generator))
        self._buffers = list(zip(self.generator_ema.buffers(), self.generator.buffers(), strict=True))
        self.g_optimizer = _optimizer(self._g_weights, config, config.learning_rate)
        self.d_optimizer = _optimizer(self._d_weights, config, config.d_learning_rate)
        part = self.world.part(config.batch_size)
        random = torch.Generator().manual_seed(seed)
        self.batches = BalancedBatches(x, c, config.batch_size, random, config.focus, part, refill)
        if self.world.size > 1:
            self.world.require_same(self.batches.digest() + config.model_dump_json(), "data or settings")
        self.noise = Noise(self.device, seed + 1, self.world.rank, self.world.size)
        n_classes = len(gan.classes)
        self._probe_c = torch.arange(n_classes, device=self.device).repeat_interleave(_PROBES)
        probes = len(self._probe_c), gan.latent_dim
        self._probe_z = torch.randn(probes, generator=self.noise, device=self.device)
        self._spread = torch.stack([_spread(x[c == k].flatten(1)) for k in range(n_classes)])

    def fit(self) -> History:
        """Run the loop; afterwards the networks are on the CPU and ``gan.history`` is filled."""
        self._start = time.perf_counter()
        every = max(1, min(self.config.max_steps // _RECORDS, _LONGEST))
        with (
            threads(1 if self._is_small() else torch.get_num_threads()),
            synchronised([self.generator, self.discriminator], self.world),
        ):
            try:
                self._call("on_train_start")
                while not self.world.agree(bool(self.stop_reason)):
                    for _ in range(self.config.d_steps):
                        real, c = next(self.batches)
                        fake = self.generate(c)
                        d_loss, real_logits, fake_logits = self.discriminator_step(real, fake.detach(), c)
                    g_loss = self.generator_step(fake, c, real_logits)
                    self.update_ema()
                    self.gan.step += 1
                    self.losses.append(torch.stack([d_loss, g_loss]))
                    self.stop_reason = self._finished()
                    if self.gan.step % every == 0 or self.stop_reason:
                        self._record(real_logits, fake_logits)
                    self._call("on_step")
                if hasattr(self.generator_ema, "calibrate"):
                    self.generator_ema.calibrate(self.batches, self.noise)
            finally:
                self._call("on_train_end")
                for network in (self.generator, self.discriminator, self.generator_ema):
                    network.cpu()
        return self.history

    def generate(self, c: Tensor) -> Tensor:
        """Return fake samples of the classes of a real batch."""
        with self._autocast():
            return self.generator(self.noise.randn(len(c), self.gan.latent_dim), c)

    def discriminator_step(self, real: Tensor, fake: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Improve D on one batch; return its loss and the logits of real and fake samples."""
        penalised = self.config.penalty_weight > 0 and self.gan.step % self.config.penalty_every == 0
        with self._autocast():
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
        self._descend(loss, self.d_optimizer, self._d_weights)
        self.objective.constrain(self.discriminator)
        return loss.detach(), real_logits.detach(), fake_logits.detach()

    def generator_step(self, fake: Tensor, c: Tensor, real_logits: Tensor) -> Tensor:
        """Improve G by what the improved D says of its samples, beside the logits of the real ones; return the loss."""
        with self._autocast():
            fake_logits = self.discriminator(self._noisy(fake), c).float()
        loss = self.objective.generator_loss(real_logits, fake_logits)
        self._descend(loss, self.g_optimizer, self._g_weights)
        return loss.detach()

    @torch.no_grad()
    def update_ema(self) -> None:
        """Move the averaged generator towards the trained one; early steps weigh more."""
        decay = min(self.config.ema_decay, (1 + self.gan.step) / (10 + self.gan.step))
        torch._foreach_lerp_(self._averaged, self._current, 1 - decay)
        for own, new in self._buffers:
            own.copy_(new)

    @property
    def history(self) -> History:
        """What happened so far."""
        return self.gan.history

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 … 1."""
        spent = self.gan.step / self.config.max_steps
        if self.config.max_seconds is not None:
            spent = max(spent, self.seconds / self.config.max_seconds)
        return min(1.0, spent)

    @property
    def seconds(self) -> float:
        """Seconds of training, those before an interruption included."""
        return time.perf_counter() - self._start

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self._start = time.perf_counter() - seconds

    def require_finite(self) -> None:
        """Raise `TrainingDivergedError` if a weight, or a loss since the last row of history, is not finite."""
        self.recent_losses()
        weights = [*self._averaged, *self._current, *self.discriminator.parameters()]
        if not torch.stack([weight.isfinite().all() for weight in weights]).all():
            raise self._diverged(f"weights became infinite or NaN at step {self.gan.step}")

    def _is_small(self) -> bool:
        """Whether a step is too short for several threads to pay: they wait for each other longer than they work."""
        pixels = int(np.prod(self.gan.codec.sample_shape[1:]))
        return self.config.batch_size * self.config.width * pixels < _NUMBERS_FOR_THREADS

    def _finished(self) -> str:
        spent = self.progress >= 1
        if self.config.max_seconds is not None:  # clocks differ
            spent = bool(self.world.agree(spent))
        return "budget spent" if spent else self.stop_reason

    def _descend(self, loss: Tensor, optimizer: torch.optim.Optimizer, weights: list[nn.Parameter]) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=weights)
        self.world.average_gradients(weights)
        if self.config.clip_grad_norm is not None:
            nn.utils.clip_grad_norm_(weights, self.config.clip_grad_norm)
        optimizer.step()

    def _noisy(self, x: Tensor) -> Tensor:
        """Add instance noise (Sønderby et al. 2017, arXiv:1610.04490), fading with progress."""
        std = self.config.instance_noise * (1 - self.progress) if self.config.instance_noise else 0
        return x + std * self.noise.randn(*x.shape) if std else x

    def _wrong(self, c: Tensor) -> Tensor:
        """Draw another class for each sample."""
        n = len(self.gan.classes)
        return (c + 1 + (self.noise.rand(len(c)) * (n - 1)).long()) % n

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")

    def recent_losses(self) -> Tensor:
        """Return the losses of D and G since the last row of history, ``(n, 2)``, over all processes, on the CPU.

        Raises
        ------
        TrainingDivergedError
            If one is not finite.
        """
        losses = self.world.mean(torch.stack(self.losses)).cpu() if self.losses else torch.empty(0, 2)
        finite = losses.isfinite().all(dim=1)
        if not finite.all():
            step = self.gan.step - len(losses) + 1 + int((~finite).to(torch.uint8).argmax())
            raise self._diverged(f"the loss became {losses[~finite][0].tolist()} (D, G) at step {step}")
        return losses

    def _diverged(self, what: str) -> TrainingDivergedError:
        return TrainingDivergedError(
            f"{what}; use a lower learning_rate (now {self.config.learning_rate:g}), clip_grad_norm=1 or "
            f"objective='relativistic'{self.kept}"
        )

    def _record(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """Check that all went well since the last record, and add a row to the history."""
        losses = self.recent_losses()
        self.losses.clear()
        logits = self.world.gather(real_logits), self.world.gather(fake_logits)
        real_accuracy, fake_accuracy = self.objective.accuracy(*logits)
        seconds = self.seconds
        with torch.no_grad():
            self.probes = self.generator_ema(self._probe_z, self._probe_c).unflatten(0, (-1, _PROBES))
        self.history.append(
            step=self.gan.step,
            d_loss=float(losses[:, 0].mean()),
            g_loss=float(losses[:, 1].mean()),
            d_accuracy_real=float(real_accuracy),
            d_accuracy_fake=float(fake_accuracy),
            d_grad_norm=_grad_norm(self.discriminator),
            g_grad_norm=_grad_norm(self.generator),
            diversity=diversity(self.probes, self._spread),
            samples_per_second=self.gan.step * self.config.d_steps * self.config.batch_size / seconds,
            seconds=seconds,
        )
        self._call("on_record")

    def _call(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)


def _spread(own: Tensor) -> Tensor:
    """Return the mean standard deviation of the numbers of samples ``(n, dim)``, some numbers at a time."""
    return torch.cat([as_floats(part).std(dim=0, correction=0) for part in own.split(_NUMBERS_AT_ONCE, dim=1)]).mean()


def _optimizer(weights: list[nn.Parameter], config: ResolvedConfig, learning_rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(weights, learning_rate, foreach=True)
    return torch.optim.Adam(weights, learning_rate, config.betas, fused=True)


def _grad_norm(network: nn.Module) -> float:
    return float(nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None]))


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Run torch's CPU kernels on `n` threads inside the block, then restore the setting."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
