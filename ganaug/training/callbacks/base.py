"""The hooks of a training run, and what they may see of it."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ganaug.core.history import History
from ganaug.data.batches import BalancedBatches
from ganaug.models.gan import ConditionalGAN
from ganaug.training.step import Step


class Run(Protocol):
    """What a callback sees of a training run; a `Trainer` is one.

    Attributes
    ----------
    gan : ConditionalGAN
        The model, with its settings and the number of steps done.
    step : Step
        What is repeated: its networks and optimizers.
    batches : BalancedBatches
        The training samples.
    generator_ema : Module
        The averaged generator, on `device`.
    probes : Tensor of shape (n_classes, 8, *sample_shape)
        Encoded samples of every class as of the last record, always from the same latents.
    device : torch.device
        Where the networks work.
    seed : int
        Of the training; for callbacks that draw.
    stop_reason : str
        Why training ends; empty while it goes on. A callback may set it.
    remark : str
        What the progress bar says beside the losses; empty for nothing. A callback may set it.

    Examples
    --------
    >>> class Watcher(Callback):
    ...     def on_record(self, trainer: Run):
    ...         self.seen = trainer.gan.step, tuple(trainer.probes.shape), trainer.history.last["step"]
    >>> watcher = Watcher()
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> gan = ganaug.train(X, y, max_steps=2, callbacks=[watcher], random_state=0)
    >>> watcher.seen
    (2, (2, 8, 1), 2)
    """

    gan: ConditionalGAN
    step: Step
    batches: BalancedBatches
    generator_ema: nn.Module
    probes: Tensor
    device: torch.device
    seed: int
    stop_reason: str
    remark: str

    @property
    def history(self) -> History:
        """What happened so far; its newest row is that of the last record."""
        ...

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 … 1."""
        ...


class Callback:
    """Base class; override what you need. Setting ``trainer.stop_reason`` ends the training after the step.

    Examples
    --------
    >>> class Brake(Callback):
    ...     def on_step(self, trainer):
    ...         if trainer.gan.step == 3:
    ...             trainer.stop_reason = "three steps are enough"
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> ganaug.train(X, y, max_steps=100, callbacks=[Brake()], random_state=0).step
    3
    """

    def on_train_start(self, trainer: Run) -> None:
        """Before the first step."""

    def on_record(self, trainer: Run) -> None:
        """After ``trainer.history`` got a row (about 100 times a run, at least every 100 steps)."""

    def on_step(self, trainer: Run) -> None:
        """After every step, and after `on_record` where there is one."""

    def on_train_end(self, trainer: Run) -> None:
        """After the last step, also when training failed."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training has to know of this callback, as plain data."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that a resumed training has to know of this callback."""
        return {}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
