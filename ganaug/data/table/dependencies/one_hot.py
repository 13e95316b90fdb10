"""Columns of two values, exactly one of which is on."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict

from ganaug.data.table.dependencies.evidence import MAX_COLUMNS, MIN_EVIDENCE, as_objects, say_too_many


class OneHotGroup(BaseModel):
    """Columns of two values, exactly one of which is on in every row."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["one_hot"] = "one_hot"
    columns: list[int]
    off: list[Any]
    on: list[Any]

    @property
    def named(self) -> list[int]:
        """Columns that take part."""
        return self.columns

    @property
    def computed(self) -> list[int]:
        """Columns that are not encoded: all but the first, whose place says which one is on."""
        return self.columns[1:]

    def derive(self, series: list[pd.Series | None]) -> None:
        """Put which column is on in the place of the first; take the others out."""
        is_on = [np.asarray(series[i] == on) for i, on in zip(self.columns, self.on, strict=True)]
        first = series[self.columns[0]]
        assert first is not None
        which = np.argmax(is_on, axis=0).astype(str)  # a level, not a number
        series[self.columns[0]] = pd.Series(which, index=first.index, name=first.name)
        for i in self.columns[1:]:
            series[i] = None

    def restore(self, decoded: list[np.ndarray]) -> None:
        """Turn which one is on into the columns."""
        which = decoded[self.columns[0]].astype(int)
        for k, i in enumerate(self.columns):
            decoded[i] = as_objects([self.off[k], self.on[k]])[(which == k).astype(int)]


def find_one_hot_groups(series: list[pd.Series]) -> list[OneHotGroup]:
    """Find disjoint groups of columns of 0 and 1, or False and True, of which exactly one is on in every row."""
    binary = [i for i, s in enumerate(series) if _is_binary(s)]
    if len(binary) < 2:
        return []
    if len(binary) > MAX_COLUMNS:
        say_too_many(len(binary), "columns of 0 and 1")
        return []
    on = np.column_stack([series[i].to_numpy(dtype=np.float32) for i in binary])
    exclusive, counts = on.T @ on == 0, on.sum(axis=0)
    groups: list[OneHotGroup] = []
    free = list(range(len(binary)))
    while free:
        group = _exclusive(free, exclusive, counts, len(on))
        if group and _is_evident(counts[group] / len(on), len(on)):
            columns = [binary[k] for k in group]
            values = [sorted(series[i].unique().tolist()) for i in columns]
            groups.append(OneHotGroup(columns=columns, off=[v[0] for v in values], on=[v[1] for v in values]))
            free = [k for k in free if k not in group]
        else:
            free = free[1:]
    return groups


def _exclusive(free: list[int], exclusive: np.ndarray, counts: np.ndarray, n: int) -> list[int] | None:
    """Return the first column and later ones of which one is on in each of n rows, neighbours before others.

    A column that kept others out is passed over once: a group is not searched for exhaustively.
    """
    whole = _grown(free, exclusive)
    for skipped in [None, *whole[1:]]:
        group = whole if skipped is None else _grown([k for k in free if k != skipped], exclusive)
        for size in range(2, len(group) + 1):
            if counts[group[:size]].sum() == n:
                return group[:size]
    return None


def _grown(free: list[int], exclusive: np.ndarray) -> list[int]:
    group = free[:1]
    for k in free[1:]:
        if exclusive[k, group].all():
            group.append(k)
    return group


def _is_evident(shares: np.ndarray, n: int) -> bool:
    """Whether independent columns that are on so often would have none or several on in many rows."""
    exactly_one = sum(np.prod(np.delete(1 - shares, k)) * shares[k] for k in range(len(shares)))
    return n * (1 - exactly_one) >= MIN_EVIDENCE


def _is_binary(s: pd.Series) -> bool:
    if pdt.is_bool_dtype(s.dtype) and not s.isna().any():
        return s.nunique() == 2
    return s.dtype != object and pdt.is_numeric_dtype(s.dtype) and set(s.unique().tolist()) == {0, 1}
