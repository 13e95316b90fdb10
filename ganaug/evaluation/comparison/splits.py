"""Which rows are learnt from and which judge, outside and inside: groups and time are respected in both."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import PredefinedSplit, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import _safe_indexing

from ganaug.core.errors import ConfigError, SchemaError

_INNER = 5  # folds that a threshold is tuned on, where `cv` cannot split a part of the data


class Splits:
    """Outer splits of some data, and inner ones of each training part.

    Parameters
    ----------
    X, y : of n samples
    cv : int, splitter or iterable of (train, test)
    repeats : int
        Of an integer `cv`, each with another shuffle.
    groups : array-like of shape (n,) or None
    seed : int

    Attributes
    ----------
    outer : list of (ndarray, ndarray)
        Positions to learn from and to judge by.
    least : int
        Of them that a budget must pay for.
    """

    def __init__(self, X: Any, y: np.ndarray, cv: Any, repeats: int, groups: Any, seed: int) -> None:
        self.X, self.y, self.cv, self.seed = X, y, cv, seed
        self.groups = None if groups is None else np.asarray(groups)
        if self.groups is not None and self.groups.shape != (len(y),):
            raise ConfigError(f"groups must have shape ({len(y)},); got {self.groups.shape}")
        if isinstance(cv, (int, np.integer)):
            self._check_folds(int(cv))
            self.outer = [split for r in range(repeats) for split in self._folds(np.arange(len(y)), int(cv), seed + r)]
            self.least = int(cv)
        elif hasattr(cv, "split"):
            self.outer = list(cv.split(X, y, self.groups))
            self.least = len(self.outer)
        else:
            self.outer = [(np.asarray(train), np.asarray(test)) for train, test in cv]
            self.least = len(self.outer)
        self._check_classes()

    @property
    def ratio(self) -> float:
        """How many samples judge, as a share of those that are learnt from."""
        return float(np.mean([len(test) / len(train) for train, test in self.outer]))

    @property
    def n_fewest(self) -> int:
        """How many samples of a class are learnt from, where they are fewest."""
        return min(int(np.unique(self.y[train], return_counts=True)[1].min()) for train, _ in self.outer)

    def inner(self, train: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Split a training part, with positions in that part."""
        if hasattr(self.cv, "split") and not isinstance(self.cv, PredefinedSplit):
            groups = None if self.groups is None else self.groups[train]
            return list(self.cv.split(_safe_indexing(self.X, train), self.y[train], groups))
        few = np.unique(self.y[train], return_counts=True)[1].min()
        return list(self._folds(train, max(2, min(_INNER, int(few))), self.seed))

    def _folds(self, rows: np.ndarray, n: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        y = self.y[rows]
        if self.groups is None:
            return StratifiedKFold(n, shuffle=True, random_state=seed).split(y, y)
        return StratifiedGroupKFold(n, shuffle=True, random_state=seed).split(y, y, self.groups[rows])

    def _check_folds(self, n: int) -> None:
        labels, counts = np.unique(self.y, return_counts=True)
        few = counts.argmin()
        if n < 2:
            raise ConfigError(f"cv must be 2 or more; got {n}")
        if counts[few] < n:
            raise SchemaError(
                f"class {labels[few]} has {counts[few]} samples, fewer than the {n} folds: give "
                f"cv={max(2, counts[few])} or less, or leave the class out"
            )

    def _check_classes(self) -> None:
        if len(self.outer) < 2:
            raise ConfigError(f"cv must give 2 splits or more; got {len(self.outer)}")
        known = np.unique(self.y)
        for i, parts in enumerate(self.outer):
            for part, words in zip(parts, ("learn from", "judge by"), strict=True):
                if len(missing := np.setdiff1d(known, self.y[part])):
                    raise SchemaError(
                        f"split {i + 1} of {len(self.outer)} has no sample of class {missing[0]} to {words}: "
                        "give fewer folds, or splits that hold every class"
                    )
