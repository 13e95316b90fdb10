"""Columns that another one determines."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict

from ganaug.data.table.columns import is_number, is_time, nearest
from ganaug.data.table.dependencies.evidence import (
    MAX_COLUMNS,
    MAX_EXCEPTIONS,
    MAX_LEVELS_COMPARED,
    MAX_ROWS_COMPARED,
    MIN_EVIDENCE,
    as_objects,
    is_plain,
    key,
    plain,
    say_too_many,
)


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
        value = dict(zip(map(key, self.levels), self.values, strict=True))
        codes, uniques = pd.factorize(pd.Series(by, dtype=object), use_na_sentinel=False)
        decoded[self.column] = as_objects([value[key(level)] for level in uniques])[codes]


def find_functional(series: list[pd.Series], taken: set[int]) -> list[FunctionalDependency]:
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
        if 1 < len(levels) <= min(MAX_LEVELS_COMPARED, len(s) // 2) and all(map(is_plain, levels)):
            codes[i] = own
    if len(codes) > MAX_COLUMNS:
        say_too_many(len(codes), "columns of few values")
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
        levels=[plain(levels[k]) for k in counted["by"]],
        values=[plain(values[k]) for k in counted["value"]],
    )


def _is_whole(s: pd.Series) -> bool:
    values = s.to_numpy(np.float64, na_value=np.nan)
    values = values[~np.isnan(values)]
    return bool((values == np.round(values)).all())
