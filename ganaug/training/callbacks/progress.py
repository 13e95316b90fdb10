"""A progress bar."""

from typing import TYPE_CHECKING

from ganaug.core.extras import refuse_missing
from ganaug.training.callbacks.base import Callback, Run

if TYPE_CHECKING:
    from rich.console import Console


class ProgressBar(Callback):
    """A bar with losses, fidelity on held-out samples where it is measured, and the time left, on stderr.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to; by default a console on stderr.

    Raises
    ------
    MissingExtraError
        If rich is not installed (the extra ``cli``).

    Examples
    --------
    >>> import io
    >>> from rich.console import Console
    >>> bar = ProgressBar(Console(file=io.StringIO(), force_terminal=True))
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> ganaug.train(X, y, max_steps=2, callbacks=[bar], random_state=0).step
    2
    """

    def __init__(self, console: "Console | None" = None) -> None:
        refuse_missing("rich", extra="cli", purpose="a progress bar")
        self.console = console

    def on_train_start(self, trainer: Run) -> None:
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

    def on_record(self, trainer: Run) -> None:
        """Move the bar."""
        last = trainer.history.last
        said = f"step {last['step']:.0f}  D {last['d_loss']:.3f}  G {last['g_loss']:.3f}"
        said += f"  {trainer.remark}" if trainer.remark else ""
        self._progress.update(self._task, completed=trainer.progress, description=said)

    def on_train_end(self, trainer: Run) -> None:
        """Complete and close the bar."""
        if trainer.stop_reason:
            self._progress.update(self._task, completed=1.0)
        self._progress.stop()
