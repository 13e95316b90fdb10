"""The labels of a data set, and how often each occurs."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ganaug.core.errors import SchemaError, did_you_mean

RARE_BELOW = 1 / 2  # of the largest class's samples


def find_rare(counts: np.ndarray) -> np.ndarray:
    """Return which classes are rare, ``(n_rare,)``: those with fewer than half of the largest one's samples.

    Examples
    --------
    >>> find_rare(np.array([100, 50, 49])).tolist()
    [2]
    """
    return np.flatnonzero(counts < RARE_BELOW * counts.max())


class Classes:
    """The labels of a model in the order of their integer conditions, and how often each was seen.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        Sorted unique labels, of any dtype that scikit-learn takes as a target.
    counts : sequence of int
        Training samples per class.
    target : str, default="target"
        What the labels are called: the column that holds them in a table.
    """

    def __init__(self, labels: np.ndarray, counts: Iterable[int], target: str = "target") -> None:
        self.labels = labels
        self.target = target
        self.counts = [int(count) for count in counts]
        self._index = {label: i for i, label in enumerate(labels.tolist())}

    @classmethod
    def from_target(cls, y: np.ndarray, target: str = "target") -> "Classes":
        """Read the classes off a target of shape ``(n_samples,)``."""
        labels, counts = np.unique(y, return_counts=True)
        return cls(labels, counts, target)

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, labels: Iterable[Any]) -> np.ndarray:
        """Return the conditions of `labels`, int64.

        Raises
        ------
        SchemaError
            If a label was not seen in training.
        """
        values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        try:
            return np.array([self._index[value] for value in values], dtype=np.int64)
        except (KeyError, TypeError):
            unknown = next(value for value in values if not _known(value, self._index))
            hint = did_you_mean(unknown, self._index)
            raise SchemaError(f"the model has no class {unknown!r}; {hint}") from None

    def named(self, name: str) -> Any:
        """Return the label whose text is `name` (how a command line names a class).

        Raises
        ------
        SchemaError
            If no class, or more than one, reads like that.
        """
        labels = [label for label in self._index if str(label) == name]
        if len(labels) != 1:
            raise SchemaError(f"the model has no class {name!r}; {did_you_mean(name, self._index)}")
        return labels[0]

    def to_json(self) -> list[dict[str, Any]]:
        """Return labels, counts and dtype as plain data."""
        dtype = "object" if self.labels.dtype == object else self.labels.dtype.str
        labels = self.labels.tolist()
        if not all(isinstance(label, (str, int, float, bool)) for label in labels):
            raise SchemaError(f"class labels must be strings, numbers or booleans to be saved; got {labels[:5]}")
        return [
            {"label": label, "count": count, "dtype": dtype} for label, count in zip(labels, self.counts, strict=True)
        ]

    @classmethod
    def from_json(cls, entries: list[dict[str, Any]], target: str) -> "Classes":
        """Rebuild what `to_json` wrote.

        Raises
        ------
        SchemaError
            If these are no classes.
        """
        plain = isinstance(target, str) and all(
            isinstance(entry["label"], (str, int, float, bool)) for entry in entries
        )
        if not entries or not plain or len({entry["label"] for entry in entries}) < len(entries):
            raise SchemaError(f"expected classes with different names; got {entries!r} of {target!r}"[:200])
        labels = np.array([entry["label"] for entry in entries], dtype=entries[0]["dtype"])
        if labels.dtype.kind not in "biufUO":
            raise SchemaError(f"expected classes of strings, numbers or booleans; got dtype {labels.dtype}")
        return cls(labels, [entry["count"] for entry in entries], target)


def _known(value: Any, index: dict[Any, int]) -> bool:
    try:
        return value in index
    except TypeError:
        return False
