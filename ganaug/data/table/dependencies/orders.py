"""Columns of which one is never smaller than another."""

from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict

from ganaug.data.table.columns import decimals, is_time
from ganaug.data.table.dependencies.evidence import (
    MAX_COLUMNS,
    MAX_EXCEPTIONS,
    MAX_ROWS_COMPARED,
    MIN_EVIDENCE,
    say_too_many,
)

_UNLIKELY = 0.05  # an order that independent columns violate less often needs no keeping: their ranges do that


class Bound(BaseModel):
    """What a column may not leave when others move it: its observed range and grid."""

    model_config = ConfigDict(frozen=True)

    low: int | float
    high: int | float
    decimals: int | None


class Orders(BaseModel):
    """Columns of which one is never smaller than another, such as dates of start and end.

    The nearest smaller column is a larger one's base: what is encoded is the gap between the two.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["orders"] = "orders"
    pairs: list[tuple[int, int]]  # (smaller, larger), so that a column is larger only before it is smaller
    bases: dict[int, int]  # of the columns that are encoded as a gap
    bounds: dict[int, Bound]

    @property
    def named(self) -> list[int]:
        """Columns that take part."""
        return [*self.bounds, *self.bases, *self.bases.values(), *(i for pair in self.pairs for i in pair)]

    @property
    def computed(self) -> list[int]:
        """Columns that are not encoded: none."""
        return []

    def derive(self, series: list[pd.Series | None]) -> None:
        """Replace columns by their gaps."""
        given = list(series)
        for larger, base in self.bases.items():
            series[larger] = _gap(given[base], given[larger], self.bounds)

    def restore(self, decoded: list[np.ndarray]) -> None:
        """Add gaps to bases, then lift what is still smaller than it may be; within the observed ranges."""
        for smaller, larger in self.pairs:
            if self.bases.get(larger) == smaller:
                decoded[larger] = self._kept(larger, decoded[smaller] + decoded[larger])
        for smaller, larger in self.pairs:
            below, wrong = _differing(decoded[smaller], decoded[larger])
            decoded[larger][wrong] = below[wrong]
            decoded[larger] = self._kept(larger, decoded[larger], wrong)
        for smaller, larger in reversed(self.pairs):  # where a range ended before
            _, wrong = _differing(decoded[smaller], decoded[larger])
            decoded[smaller][wrong] = decoded[larger][wrong]

    def _kept(self, i: int, values: np.ndarray, changed: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Clip to the observed range; numbers that were changed are rounded up to the observed grid."""
        bound = self.bounds[i]
        if values.dtype.kind in "mM":
            numbers = values.view(np.int64)
            numbers[:] = np.where(np.isnat(values), numbers, numbers.clip(int(bound.low), int(bound.high)))
            return values
        if values.dtype == object:
            known = ~pd.isna(values)
            values[known] = [min(max(value, bound.low), bound.high) for value in values[known]]
            return values
        if bound.decimals is not None and values.dtype.kind == "f":
            steps = values[changed] * 10.0**bound.decimals
            values[changed] = np.round(np.ceil(steps - 1e-6 * np.maximum(1, np.abs(steps))), 0) / 10.0**bound.decimals
            values[changed] = np.round(values[changed], bound.decimals)
        return values.clip(bound.low, bound.high)


def find_orders(series: list[pd.Series], taken: set[int]) -> list[Orders]:
    """Find pairs of columns of one kind of which one is never smaller."""
    kinds: dict[str, list[int]] = {}
    for i, s in enumerate(series):
        if i not in taken and (kind := _comparable(s)):
            kinds.setdefault(kind, []).append(i)
    pairs: list[tuple[int, int]] = []
    median: dict[int, float] = {}
    gaps: dict[tuple[int, int], float] = {}
    for kind, columns in kinds.items():
        if len(columns) > MAX_COLUMNS:
            say_too_many(len(columns), f"columns of kind {kind}")
            continue
        if len(columns) < 2:
            continue
        rows = np.unique(np.linspace(0, len(series[0]) - 1, MAX_ROWS_COMPARED).astype(int))
        values = np.column_stack([_numbers(series[i])[rows] for i in columns])
        with np.errstate(all="ignore"):
            middle = np.nanmedian(values, axis=0)
        median |= dict(zip(columns, middle.tolist(), strict=True))
        for a in range(len(columns)):
            for b in _larger(values, a):
                if (middle[a], a) < (middle[b], b):
                    pair = columns[a], columns[b]
                    pairs.append(pair)
                    gaps[pair] = float(np.nanmean(values[:, b] - values[:, a]))
    if not pairs:
        return []
    pairs.sort(key=lambda pair: (median[pair[1]], pair[1], gaps[pair]))
    whole = {i for i in median if not series[i].isna().any()}
    bases: dict[int, int] = {}
    for smaller, larger in pairs:  # of each larger one, the nearest first
        if smaller in whole:
            bases.setdefault(larger, smaller)
    return [Orders(pairs=pairs, bases=bases, bounds={i: _bound(series[i]) for pair in pairs for i in pair})]


def _larger(values: np.ndarray, a: int) -> list[int]:
    """Return the columns that are never smaller than a-th, by evidence."""
    first = values[:, [a]]
    with np.errstate(invalid="ignore"):
        smaller = (values < first).sum(axis=0)
    known = (~np.isnan(values) & ~np.isnan(first)).sum(axis=0)
    likely = np.flatnonzero(smaller <= MAX_EXCEPTIONS * known)
    return [b for b in likely.tolist() if b != a and _is_order(values[:, a], values[:, b], int(smaller[b]))]


def _is_order(a: np.ndarray, b: np.ndarray, exceptions: int) -> bool:
    a, b = (np.sort(column[~np.isnan(column)]) for column in (a, b))
    if not len(a) or not len(b):
        return False
    by_chance = np.searchsorted(b, a, "left").mean() / len(b)  # share of independent pairs with b < a
    return by_chance >= max(_UNLIKELY, MIN_EVIDENCE / min(len(a), len(b)), 20 * exceptions / min(len(a), len(b)))


def _gap(base: pd.Series | None, larger: pd.Series | None, bounds: dict[int, Bound]) -> pd.Series:
    """Return by how much one column is larger, at least 0."""
    assert base is not None and larger is not None
    if is_time(larger):
        gap: Any = (larger - base).clip(lower=cast(Any, pd.Timedelta(0)))
    elif pdt.is_integer_dtype(larger.dtype):
        kind: Any = "Int64" if larger.isna().any() else "int64"
        gap = (larger.astype(kind) - base.astype(kind)).clip(lower=0)
    else:
        difference = larger.to_numpy(np.float64, na_value=np.nan) - base.to_numpy(np.float64, na_value=np.nan)
        gap = pd.Series(np.round(difference, 9).clip(0), index=larger.index)  # without the dust of subtraction
    return gap.rename(larger.name)


def _bound(s: pd.Series) -> Bound:
    known = s.dropna()
    if is_time(s):
        index = pd.TimedeltaIndex(known) if pdt.is_timedelta64_dtype(s.dtype) else pd.DatetimeIndex(known)
        return Bound(low=int(index.asi8.min()), high=int(index.asi8.max()), decimals=None)
    if pdt.is_integer_dtype(s.dtype):
        return Bound(low=int(known.min()), high=int(known.max()), decimals=0)
    values = known.to_numpy(np.float64)
    return Bound(low=float(values.min()), high=float(values.max()), decimals=decimals(np.unique(values), s.dtype))


def _comparable(s: pd.Series) -> str:
    """Return with what a column can be compared; empty: with nothing."""
    if is_time(s):
        return str(s.dtype)
    if s.dtype == object or pdt.is_bool_dtype(s.dtype) or not pdt.is_numeric_dtype(s.dtype):
        return ""
    if pdt.is_integer_dtype(s.dtype):
        fits = s.isna().all() or (s.min() > -(2**61) and s.max() < 2**61)
        return "integer" if fits and s.nunique() > 2 else ""
    values = s.to_numpy(np.float64, na_value=np.nan)
    return "number" if len(np.unique(values[~np.isnan(values)][:100])) > 2 and np.nanmax(np.abs(values)) < 1e15 else ""


def _numbers(s: pd.Series) -> np.ndarray:
    if is_time(s):
        values = s.astype("int64").to_numpy(np.float64, copy=True)
        values[s.isna().to_numpy()] = np.nan
        return values
    return s.to_numpy(np.float64, na_value=np.nan)


def _differing(smaller: np.ndarray, larger: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smaller column, and where it is not the smaller one."""
    known = ~(pd.isna(smaller) | pd.isna(larger))
    wrong = np.zeros(len(smaller), dtype=bool)
    wrong[known] = smaller[known] > larger[known]
    return smaller, wrong
