"""What happened during training, as plain data."""

from typing import TYPE_CHECKING, Any

from ganaug.core.errors import GANAugError
from ganaug.core.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLOCK = ("samples_per_second", "seconds")  # columns that differ between equal runs


class History:
    """One row per recorded step; plain lists, so it goes into JSON and ``pandas.DataFrame(history.to_dict())``.

    Parameters
    ----------
    columns : dict of str to list, optional
        Columns of equal length, as `to_dict` gives them.

    Examples
    --------
    >>> history = History()
    >>> history.append(step=1, d_loss=1.4, g_loss=0.7)
    >>> history["d_loss"], len(history)
    ([1.4], 1)
    """

    def __init__(self, columns: dict[str, list[float]] | None = None) -> None:
        self._columns = {name: list(values) for name, values in (columns or {}).items()}

    def append(self, **row: float) -> None:
        """Add one row; every row has the same names."""
        for name, value in row.items():
            self._columns.setdefault(name, []).append(value)

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns as a new dictionary of new lists."""
        return {name: list(values) for name, values in self._columns.items()}

    @property
    def last(self) -> dict[str, Any]:
        """The newest row; empty before the first."""
        return {name: values[-1] for name, values in self._columns.items()}

    def plot(self) -> "Figure":
        """Draw losses, what D gets right, diversity, gradient norms and speed, by step.

        On a transparent ground, readable on light and on dark pages. Needs the extra ``report``.

        Returns
        -------
        matplotlib.figure.Figure
            As pyplot made it: ``plt.show()`` shows it, ``figure.savefig(path)`` saves it.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        GANAugError
            If the history is empty.
        """
        pyplot = require("matplotlib.pyplot", extra="report", purpose="history.plot()")
        from ganaug.core.plotting import draw_history, style

        if len(self) == 0:
            raise GANAugError("the history is empty: nothing was trained yet")
        with pyplot.rc_context(style()):
            figure = pyplot.figure(figsize=(8, 7), layout="constrained")
            draw_history(figure, self)
        return figure

    def __getitem__(self, name: str) -> list[float]:
        return self._columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), []))

    def __repr__(self) -> str:
        return f"History({len(self)} rows of {', '.join(self._columns)})"
