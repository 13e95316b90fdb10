"""The hooks of a training run."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganaug.training.trainer import Trainer


class Callback:
    """Base class; override what you need. Setting ``trainer.stop_reason`` ends the training after the step."""

    def on_train_start(self, trainer: "Trainer") -> None:
        """Before the first step."""

    def on_record(self, trainer: "Trainer") -> None:
        """After ``trainer.history`` got a row (about 100 times a run, at least every 100 steps)."""

    def on_train_end(self, trainer: "Trainer") -> None:
        """After the last step, also when training failed."""
