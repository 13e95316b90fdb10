"""The hooks of a training run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from ganaug.training.trainer import Trainer


class Callback:
    """Base class; override what you need. Setting ``trainer.stop_reason`` ends the training after the step."""

    def on_train_start(self, trainer: "Trainer") -> None:
        """Before the first step."""

    def on_record(self, trainer: "Trainer") -> None:
        """After ``trainer.history`` got a row (about 100 times a run, at least every 100 steps)."""

    def on_step(self, trainer: "Trainer") -> None:
        """After every step, and after `on_record` where there is one."""

    def on_train_end(self, trainer: "Trainer") -> None:
        """After the last step, also when training failed."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training has to know of this callback, as plain data."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""

    def tensors(self) -> "dict[str, Tensor]":
        """Return the tensors that a resumed training has to know of this callback."""
        return {}

    def load_tensors(self, tensors: "dict[str, Tensor]") -> None:
        """Go on from what `tensors` gave."""
