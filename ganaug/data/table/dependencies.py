"""What holds between the columns of a table: found in the data, kept in what is made.

A dependency takes part in encoding and decoding: what it can compute is not left to a network.
"""

import logging
from typing import Annotated, Any, Literal, TypeAlias, cast

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict, Field

from ganaug.data.table.columns import decimals, is_number, is_time, nearest

MAX_COLUMNS = 200  # of a kind between which dependencies are looked for: the search is quadratic
MAX_ROWS_COMPARED = 5_000
MAX_LEVELS_COMPARED = 1_000  # of columns that determine, or are determined by, another
MAX_EXCEPTIONS = 0.005  # of the rows: data have errors
MIN_EVIDENCE = 20  # exceptions that independent columns would show on average; by chance none then once in e ** 20
_UNLIKELY = 0.05  # an order that independent columns violate less often needs no keeping: their ranges do that

logger = logging.getLogger("ganaug")


class FunctionalDependency(BaseModel):
    """A column with one value for each level of another one, such as a country for each city."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["functional"] = "functional"
    column: int
    by: int
    levels: list[Any]  # of the determining column
    values: list[Any]  # of the determined one

    @property
    def named(self) -> list[int]:
        """Columns that take part."""
        return [self.column, self.by]

    @property
    def computed(self) -> list[int]:
        """Columns that are not encoded."""
        return [self.column]

    def derive(self, series: list[pd.Series | None]) -> None:
        """Take the determined column out."""
        series[self.column] = None

    def restore(self, decoded: list[np.ndarray]) -> None:
        """Give the determined column its values; numbers that determine it are those that were observed."""
        by = decoded[self.by]
        if isinstance(self.levels[0], (int, float)) and not isinstance(self.levels[0], bool) and by.dtype != object:
            decoded[self.by] = by = nearest(by, np.sort(np.array(self.levels, dtype=by.dtype)))
        value = dict(zip(map(_key, self.levels), self.values, strict=True))
        codes, uniques = pd.factorize(pd.Series(by, dtype=object), use_na_sentinel=False)
        decoded[self.column] = _array([value[_key(level)] for level in uniques])[codes]


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
            decoded[i] = _array([self.off[k], self.on[k]])[(which == k).astype(int)]


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


Dependency: TypeAlias = Annotated[FunctionalDependency | OneHotGroup | Orders, Field(discriminator="kind")]


def find_dependencies(series: list[pd.Series]) -> list[Dependency]:
    """Look for dependencies that hold in all rows but few, and that independent columns would not show.

    Parameters
    ----------
    series : list of Series
        The columns of a table, not sparse.

    Returns
    -------
    list of dependencies
        To be restored in this order. No column is in two, but as what determines others.
    """
    if len(series) < 2:
        return []
    groups = _one_hot_groups(series)
    taken = {i for group in groups for i in group.columns}
    functional = _functional(series, taken)
    orders = _orders(series, taken | {found.column for found in functional})
    return [*groups, *orders, *functional]


def _one_hot_groups(series: list[pd.Series]) -> list[OneHotGroup]:
    """Find disjoint groups of columns of 0 and 1, or False and True, of which exactly one is on in every row."""
    binary = [i for i, s in enumerate(series) if _is_binary(s)]
    if len(binary) < 2:
        return []
    if len(binary) > MAX_COLUMNS:
        _say_too_many(len(binary), "columns of 0 and 1")
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


def _functional(series: list[pd.Series], taken: set[int]) -> list[FunctionalDependency]:
    """Find columns that another one determines; the one with the most levels determines the others."""
    codes = {}
    for i, s in enumerate(series):
        if i in taken or is_time(s) or (is_number(s) and pdt.is_float_dtype(s.dtype) and not _is_whole(s)):
            continue
        try:
            own, levels = pd.factorize(s, use_na_sentinel=False)
        except TypeError:
            continue
        if is_number(s) and len(levels) > 2 and s.isna().any():
            continue  # missing values are a state beside the number
        if 1 < len(levels) <= min(MAX_LEVELS_COMPARED, len(s) // 2) and all(map(_is_plain, levels)):
            codes[i] = own
    if len(codes) > MAX_COLUMNS:
        _say_too_many(len(codes), "columns of few values")
        return []
    sizes = {i: int(own.max()) + 1 for i, own in codes.items()}
    found: list[FunctionalDependency] = []
    determining: list[int] = []
    for i in sorted(codes, key=lambda i: -sizes[i]):
        by = next((j for j in determining if _determines(codes[j], codes[i], sizes[j], sizes[i])), None)
        if by is None:
            determining.append(i)
        else:
            found.append(_mapping(series, i, by))
    return found


def _determines(a: np.ndarray, b: np.ndarray, n_a: int, n_b: int) -> bool:
    few = slice(None, MAX_ROWS_COMPARED // 5)
    if _exceptions(a[few], b[few], n_a, n_b) > 2 * MAX_EXCEPTIONS * len(a[few]):  # most pairs end here
        return False
    repeated = len(a) - len(np.unique(a))
    by_chance = repeated * (1 - np.square(np.bincount(b) / len(b)).sum())
    return by_chance >= MIN_EVIDENCE and _exceptions(a, b, n_a, n_b) <= min(MAX_EXCEPTIONS * len(a), 0.02 * by_chance)


def _exceptions(a: np.ndarray, b: np.ndarray, n_a: int, n_b: int) -> int:
    """Return in how many rows b is not the usual one of a."""
    pairs, counts = np.unique(a.astype(np.int64) * n_b + b, return_counts=True)
    usual = np.zeros(n_a, dtype=np.int64)
    np.maximum.at(usual, pairs // n_b, counts)
    return len(a) - int(usual.sum())


def _mapping(series: list[pd.Series], column: int, by: int) -> FunctionalDependency:
    rows = pd.DataFrame({"by": pd.factorize(series[by], use_na_sentinel=False)[0]})
    rows["value"] = pd.factorize(series[column], use_na_sentinel=False)[0]
    counted = rows.value_counts(sort=True).reset_index().drop_duplicates("by").sort_values("by")
    levels, values = (pd.factorize(series[i], use_na_sentinel=False)[1] for i in (by, column))
    return FunctionalDependency(
        column=column,
        by=by,
        levels=[_plain(levels[k]) for k in counted["by"]],
        values=[_plain(values[k]) for k in counted["value"]],
    )


def _orders(series: list[pd.Series], taken: set[int]) -> list[Orders]:
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
            _say_too_many(len(columns), f"columns of kind {kind}")
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


def _is_binary(s: pd.Series) -> bool:
    if pdt.is_bool_dtype(s.dtype) and not s.isna().any():
        return s.nunique() == 2
    return s.dtype != object and pdt.is_numeric_dtype(s.dtype) and set(s.unique().tolist()) == {0, 1}


def _is_whole(s: pd.Series) -> bool:
    values = s.to_numpy(np.float64, na_value=np.nan)
    values = values[~np.isnan(values)]
    return bool((values == np.round(values)).all())


def _is_plain(level: Any) -> bool:
    return np.ndim(level) == 0 and bool(pd.isna(level) or isinstance(_plain(level), (str, int, float, bool)))


def _plain(level: Any) -> Any:
    return None if pd.isna(level) else level.item() if isinstance(level, np.generic) else level


def _key(level: Any) -> Any:
    return None if pd.isna(level) else level


def _array(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _say_too_many(n: int, what: str) -> None:
    logger.warning("dependencies between %d %s are not looked for: more than %d", n, what, MAX_COLUMNS)
