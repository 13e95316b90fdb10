"""What may happen around a training step without being part of it."""

import warnings
from typing import TYPE_CHECKING, Any

import torch
from sklearn.exceptions import ConvergenceWarning

if TYPE_CHECKING:
    from rich.console import Console

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


class Watchdog(Callback):
    """Warns, once each, when D has won or when the samples of a class have become one.

    Parameters
    ----------
    patience : int, default=10
        Consecutive records with D right on every real and fake sample before it warns.
    """

    def __init__(self, patience: int = 10) -> None:
        self.patience = patience
        self._perfect = 0
        self._warned: set[str] = set()

    def on_record(self, trainer: "Trainer") -> None:
        """Look at the newest row."""
        last = trainer.history.last
        self._perfect = self._perfect + 1 if min(last["d_accuracy_real"], last["d_accuracy_fake"]) >= 1 else 0
        if self._perfect == self.patience:
            self._warn(
                "won",
                f"the discriminator has told every sample right since step {last['step'] - 1:.0f} or before: the "
                "generator gets little to learn from. Use objective='relativistic', a lower d_learning_rate or "
                "instance_noise=0.1",
            )
        if last["diversity"] < 0.05 and last["step"] >= 200:
            self._warn(
                "collapsed",
                f"samples of one class are nearly all alike at step {last['step']:.0f} (their spread is "
                f"{last['diversity']:.1%} of the real one): mode collapse. Use objective='relativistic' or a lower "
                "learning_rate",
            )

    def state_dict(self) -> dict[str, Any]:
        """Return the count so far and what was warned of."""
        return {"perfect": self._perfect, "warned": sorted(self._warned)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Count on."""
        self._perfect, self._warned = state["perfect"], set(state["warned"])

    def _warn(self, what: str, message: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            warnings.warn(message, ConvergenceWarning, stacklevel=2)


class ProgressBar(Callback):
    """A bar with losses and the time left, on stderr.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to; by default a console on stderr.
    """

    def __init__(self, console: "Console | None" = None) -> None:
        self.console = console

    def on_train_start(self, trainer: "Trainer") -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self.console or Console(stderr=True),
        )
        self._task = self._progress.add_task("", total=1.0)
        self._progress.start()

    def on_record(self, trainer: "Trainer") -> None:
        """Move the bar."""
        last = trainer.history.last
        said = f"step {last['step']:.0f}  D {last['d_loss']:.3f}  G {last['g_loss']:.3f}"
        self._progress.update(self._task, completed=trainer.progress, description=said)

    def on_train_end(self, trainer: "Trainer") -> None:
        """Complete and close the bar."""
        if trainer.stop_reason:
            self._progress.update(self._task, completed=1.0)
        self._progress.stop()


@torch.no_grad()
def diversity(samples: torch.Tensor, spread: torch.Tensor) -> float:
    """Return the spread of ``samples (n_classes, n, …)`` as a share of ``spread (n_classes,)``; the worst class."""
    own = samples.flatten(2).std(dim=1).mean(dim=1)
    return float((own / spread.clamp_min(1e-6)).min())
