"""The one training loop, whatever is learnt."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.core.errors import TrainingDivergedError
from ganaug.core.history import History
from ganaug.core.threads import threads
from ganaug.data.batches import BalancedBatches
from ganaug.data.encoded import Encoded
from ganaug.data.image.pixels import to_floats
from ganaug.models.noise import Noise
from ganaug.training.callbacks import Callback, diversity
from ganaug.training.distributed import World, synchronised
from ganaug.training.step import AdversarialStep, Outcome, Step

_MAX_STEPS_BETWEEN_RECORDS = 100
_RECORDS = 100  # about as many rows in a short run
_MIN_NUMBERS_FOR_THREADS = 2**19  # in the widest layer of a batch
_NUMBERS_AT_ONCE = 256  # of each sample that are floats while spreads are taken
_PROBES = 8  # samples per class whose spread is watched


class Trainer:
    """Trains the networks of a model in place.

    Parameters
    ----------
    gan : TrainedModel
        A `ConditionalGAN`, or what a step of your own trains. With a resolved configuration; weights that require no
        gradient stay as they are.
    data : Encoded
        What is learnt from.
    seed : int
        Seeds batches and noise.
    callbacks : sequence of Callback
        In calling order.
    world : World, optional
        The processes that train together; by default this one alone.
    step : callable, default=AdversarialStep
        From model, device, noise and world to the `Step` that the loop repeats.

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
    remark : str
        What the progress bar says beside the losses; a callback may set it.
    kept : str
        For messages of failure: where to go on from.

    Examples
    --------
    >>> from ganaug.data.encoded import encode
    >>> from ganaug.training.defaults import resolve
    >>> data = encode([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> config = resolve(ganaug.TrainConfig(max_steps=2), data.codec, data.classes)
    >>> gan = ganaug.ConditionalGAN(data.codec, data.classes, config, seed=0)
    >>> history = Trainer(gan, data, seed=0).fit()
    >>> len(history), gan.step
    (2, 2)
    """

    def __init__(
        self,
        gan: Any,
        data: Encoded,
        seed: int,
        callbacks: Sequence[Callback] = (),
        world: World | None = None,
        step: Callable[[Any, torch.device, Noise, World], Step] = AdversarialStep,
    ) -> None:
        self.gan = gan
        self.config = config = gan.config
        self.seed = seed
        self.callbacks = list(callbacks)
        self.world = world or World()
        gan.history = History()
        self.losses: list[Tensor] = []
        self.stop_reason = self.remark = ""
        self.kept = ""
        self.device = self.world.device or torch.device(config.device)
        self.noise = Noise(self.device, seed + 1, self.world.rank, self.world.size)
        self.step = step(gan, self.device, self.noise, self.world)
        self.generator_ema = gan.generator_ema
        layout = torch.channels_last if data.x.ndim == 4 else torch.contiguous_format
        x = torch.from_numpy(data.x).to(self.device, memory_format=layout)
        c = torch.from_numpy(data.c).to(self.device)
        part = self.world.part(config.batch_size)
        random = torch.Generator().manual_seed(seed)
        self.batches = BalancedBatches(x, c, config.batch_size, random, config.focus, part, data.refill)
        if self.world.size > 1:
            said = json.dumps(gan.header(), sort_keys=True)  # equal ranks are encoded alike: the codec counts too
            self.world.require_same(self.batches.digest() + said, "data or settings")
        n_classes = len(gan.classes)
        self._probe_c = torch.arange(n_classes, device=self.device).repeat_interleave(_PROBES)
        probes = len(self._probe_c), gan.latent_dim
        self._probe_z = torch.randn(probes, generator=self.noise, device=self.device)
        self._spread = torch.stack([_spread(x[c == k].flatten(1)) for k in range(n_classes)])

    def fit(self) -> History:
        """Run the loop; afterwards the networks are on the CPU and ``gan.history`` is filled."""
        self._start = time.perf_counter()
        every = max(1, min(self.config.max_steps // _RECORDS, _MAX_STEPS_BETWEEN_RECORDS))
        with threads(1 if self._is_small() else torch.get_num_threads()):
            try:
                self._call("on_train_start")
                with synchronised(self.step.networks, self.world):
                    self._loop(every)
                calibrate: Any = getattr(self.generator_ema, "calibrate", None)
                if calibrate is not None:  # by each process alone, with the same noise: all come to the same
                    calibrate(self.batches, self.noise)
            finally:
                self._call("on_train_end")
                for network in self.step.networks:
                    network.cpu()
        return self.history

    def _loop(self, every: int) -> None:
        """Repeat the step until the budget is spent, or a callback wants to stop; record every so many steps."""
        while not self.world.agree(bool(self.stop_reason)):
            outcome = self.step(self.batches, self.progress)
            self.gan.step += 1
            self.losses.append(outcome.losses)
            self.stop_reason = self._finished()
            if self.gan.step % every == 0 or self.stop_reason:
                self._record(outcome)
            self._call("on_step")

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
        weights = [weight for network in self.step.networks for weight in network.parameters()]
        if not torch.stack([weight.isfinite().all() for weight in weights]).all():
            raise self._diverged(f"weights became infinite or NaN at step {self.gan.step}")

    def _is_small(self) -> bool:
        """Whether a step is too short for several threads to pay: they wait for each other longer than they work."""
        pixels = int(np.prod(self.gan.codec.sample_shape[1:]))
        return self.config.batch_size * self.config.width * pixels < _MIN_NUMBERS_FOR_THREADS

    def _finished(self) -> str:
        spent = self.progress >= 1
        if self.config.max_seconds is not None:  # clocks differ
            spent = bool(self.world.agree(spent))
        return "budget spent" if spent else self.stop_reason

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

    def _record(self, outcome: Outcome) -> None:
        """Check that all went well since the last record, and add a row to the history."""
        losses = self.recent_losses()
        self.losses.clear()
        logits = self.world.gather(outcome.real_logits), self.world.gather(outcome.fake_logits)
        real_accuracy, fake_accuracy = self.step.accuracy(*logits)
        seconds = self.seconds
        with torch.no_grad():
            self.probes = self.step.sample(self._probe_z, self._probe_c).unflatten(0, (-1, _PROBES))
        self.history.append(
            step=self.gan.step,
            d_loss=float(losses[:, 0].mean()),
            g_loss=float(losses[:, 1].mean()),
            d_accuracy_real=float(real_accuracy),
            d_accuracy_fake=float(fake_accuracy),
            d_grad_norm=_grad_norm(self.gan.discriminator),
            g_grad_norm=_grad_norm(self.gan.generator),
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
    return torch.cat([to_floats(part).std(dim=0, correction=0) for part in own.split(_NUMBERS_AT_ONCE, dim=1)]).mean()


def _grad_norm(network: nn.Module) -> float:
    norms = [torch.linalg.vector_norm(p.grad) for p in network.parameters() if p.grad is not None]
    return float(torch.linalg.vector_norm(torch.stack(norms))) if norms else 0.0  # a method may leave D alone
