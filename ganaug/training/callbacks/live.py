"""A live table of the curves, for people who watch."""

import time
from typing import TYPE_CHECKING

from ganaug.core.extras import refuse_missing
from ganaug.training.callbacks.base import Callback, Run

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


_BARS = "▁▂▃▄▅▆▇█"
_BARS_ASCII = "_.:-=+*#"
_LINES = 10  # where there is no terminal
_ROWS = (  # column of the history, what it is called, how a value is shown, fixed ends of its curve
    ("d_loss", "discriminator loss", "{:.3f}", None),
    ("g_loss", "generator loss", "{:.3f}", None),
    ("d_accuracy_real", "D right on real", "{:.0%}", (0.0, 1.0)),
    ("d_accuracy_fake", "D right on synthetic", "{:.0%}", (0.0, 1.0)),
    ("diversity", "diversity, worst class", "{:.2f}", (0.0, 1.0)),
    ("d_grad_norm", "gradient norm of D", "{:.3g}", None),
    ("g_grad_norm", "gradient norm of G", "{:.3g}", None),
)


class LiveTable(Callback):
    """A table of losses, accuracies, diversity and gradient norms with their curves, and the seconds left, on stderr.

    Where stderr is no terminal, about ten plain lines a run.

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
    >>> lines = io.StringIO()
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> gan = ganaug.train(X, y, max_steps=20, callbacks=[LiveTable(Console(file=lines))], random_state=0)
    >>> "step" in lines.getvalue()
    True
    """

    def __init__(self, console: "Console | None" = None) -> None:
        refuse_missing("rich", extra="cli", purpose="a live table")
        self.console = console

    def on_train_start(self, trainer: Run) -> None:
        """Open the table."""
        from rich.console import Console
        from rich.live import Live

        self._console = self.console or Console(stderr=True)
        self._started, self._before = time.perf_counter(), trainer.progress
        self._lines = 0
        self._live = None
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()

    def on_record(self, trainer: Run) -> None:
        """Show the newest row."""
        if self._live is not None:
            self._live.update(self._table(trainer), refresh=True)
        elif trainer.progress * _LINES >= self._lines + 1 or trainer.stop_reason:
            self._lines = int(trainer.progress * _LINES)
            self._console.print(self._line(trainer), highlight=False, soft_wrap=True, markup=False)

    def on_train_end(self, trainer: Run) -> None:
        """Leave the last table standing."""
        if self._live is not None:
            self._live.stop()

    def _table(self, trainer: Run) -> "Table":
        from rich import box
        from rich.table import Table

        bars = _BARS_ASCII if self._console.options.ascii_only else _BARS
        table = Table(box=box.SIMPLE_HEAD, title=self._where(trainer), title_justify="left", title_style="bold")
        table.add_column("")
        table.add_column("now", justify="right")
        table.add_column("so far")
        width = max(10, min(60, self._console.width - 42))
        for name, words, shown, ends in _ROWS:
            values = trainer.history[name]
            table.add_row(words, shown.format(values[-1]), sparkline(values, width, bars, ends))
        return table

    def _line(self, trainer: Run) -> str:
        last = trainer.history.last
        shown = f"D {last['d_loss']:.3f}  G {last['g_loss']:.3f}"
        right = f"D right on real {last['d_accuracy_real']:.0%}, synthetic {last['d_accuracy_fake']:.0%}"
        return f"{self._where(trainer)}  {shown}  {right}  diversity {last['diversity']:.2f}"

    def _where(self, trainer: Run) -> str:
        step = f"step {trainer.gan.step:,} of {trainer.gan.config.max_steps:,}"
        if trainer.stop_reason:
            return f"{step}, {trainer.stop_reason}"
        done, elapsed = trainer.progress, time.perf_counter() - self._started
        left = elapsed * (1 - done) / max(done - self._before, 1e-9)
        said = f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left"
        return f"{step}, {said}, {trainer.history.last['samples_per_second']:,.0f} samples/s"


def sparkline(values: list[float], width: int, bars: str = _BARS, ends: tuple[float, float] | None = None) -> str:
    """Return a curve of at most `width` characters.

    Parameters
    ----------
    values : list of float
        In order; of more than `width` neighbours are averaged.
    width : int
        In characters.
    bars : str
        Characters from low to high.
    ends : (float, float), optional
        Values of the lowest and the highest bar; by default those that occur.

    Examples
    --------
    >>> sparkline([0.0, 0.5, 1.0], 10)
    '▁▅█'
    """
    if not values:
        return ""
    n = min(width, len(values))
    edges = [round(i * len(values) / n) for i in range(n + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in zip(edges, edges[1:], strict=False)]
    low, high = ends or (min(means), max(means))
    scale = (len(bars) - 1) / (high - low) if high > low else 0.0
    return "".join(bars[max(0, min(len(bars) - 1, int((mean - low) * scale + 0.5)))] for mean in means)
