"""Columns that are the sum of others."""

from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict

from ganaug.data.table.columns import decimals
from ganaug.data.table.dependencies.evidence import MAX_EXCEPTIONS, MAX_ROWS_COMPARED, MIN_EVIDENCE, say_too_many

_MAX_COLUMNS = 60  # numbers between which sums are looked for: pairs of them are tried for each
_FIRST_ROWS = 20  # that most pairs fail on
_DUST = 1e-6  # of a column's largest value: what rounding in float32 leaves of an exact sum


class Sum(BaseModel):
    """A column that is the sum of others, such as a gross price of net price and tax.

    The total may leave its observed range in decoded rows: that it is the sum matters more.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["sum"] = "sum"
    total: int
    parts: list[int]
    decimals: int | None  # that the total is rounded to

    @property
    def named(self) -> list[int]:
        """Columns that take part."""
        return [self.total, *self.parts]

    @property
    def computed(self) -> list[int]:
        """Columns that are not encoded."""
        return [self.total]

    def derive(self, series: list[pd.Series | None]) -> None:
        """Take the total out."""
        series[self.total] = None

    def restore(self, decoded: list[np.ndarray]) -> None:
        """Add the parts up."""
        total = np.sum([decoded[i].astype(np.float64) for i in self.parts], axis=0)
        decoded[self.total] = total if self.decimals is None else np.round(total, self.decimals)


def find_sums(series: list[pd.Series], taken: set[int]) -> list[Sum]:
    """Find columns that two others or more add up to, in the order in which they can be added.

    Columns with missing values take no part.
    """
    columns = [i for i, s in enumerate(series) if i not in taken and _is_number(s)]
    if len(columns) > _MAX_COLUMNS:
        say_too_many(len(columns), "numbers that may be sums", _MAX_COLUMNS)
        return []
    columns = [i for i in columns if not series[i].isna().any() and series[i].nunique() > 2]
    if len(columns) < 3:
        return []
    rows = np.unique(np.linspace(0, len(series[0]) - 1, MAX_ROWS_COMPARED).astype(int))
    values = {i: series[i].to_numpy(np.float64)[rows] for i in columns}
    places = {i: decimals(np.unique(series[i].to_numpy(np.float64)), series[i].dtype) for i in columns}
    sums: list[Sum] = []
    others = list(columns)
    for total in sorted(columns, key=lambda i: -np.abs(values[i]).mean()):  # the largest first: no circles
        others.remove(total)
        parts = _parts(total, others, values, places)
        if parts is None:
            others.append(total)
        else:
            sums.append(Sum(total=total, parts=parts, decimals=places[total]))
    return sums[::-1]


def _parts(
    total: int, others: list[int], values: dict[int, np.ndarray], places: dict[int, int | None]
) -> list[int] | None:
    """Return the columns that add up to `total`; None: there are none."""
    wanted = values[total]
    first = np.stack([values[i][:_FIRST_ROWS] for i in others])  # (others, rows)
    gaps = np.abs(first[:, None] + first[None] - wanted[:_FIRST_ROWS])  # (others, others, rows)
    near = (gaps <= _tolerance(total, others, values, places)).mean(axis=2) > 0.9
    for a, b in np.argwhere(np.triu(near, 1)).tolist():
        if _adds_up(total, [others[a], others[b]], values, places):
            return [others[a], others[b]]
    if len(wanted) <= 2 * len(others):
        return None
    every = np.stack([values[i] for i in others], axis=1)
    weights = np.linalg.lstsq(every, wanted, rcond=None)[0]
    parts = [i for i, weight in zip(others, weights, strict=True) if abs(weight - 1) < 0.05]
    return parts if len(parts) > 1 and _adds_up(total, parts, values, places) else None


def _adds_up(total: int, parts: list[int], values: dict[int, np.ndarray], places: dict[int, int | None]) -> bool:
    """Whether the parts add up to the total in nearly all rows, and would not if rows were shuffled."""
    wanted, tolerance = values[total], _tolerance(total, parts, values, places)
    added = np.sum([values[i] for i in parts], axis=0)
    exceptions = int((np.abs(added - wanted) > tolerance).sum())
    if exceptions > MAX_EXCEPTIONS * len(wanted):
        return False
    for column in (wanted, *(values[i] for i in parts)):  # each must matter: a part of zeros adds nothing
        shuffled = np.random.default_rng(0).permutation(column)
        if int((np.abs(shuffled - column) > tolerance).sum()) < max(MIN_EVIDENCE, 20 * exceptions):
            return False
    return True


def _tolerance(total: int, parts: list[int], values: dict[int, np.ndarray], places: dict[int, int | None]) -> float:
    """Return by how much rounded columns may miss their sum: half a unit each; integers miss nothing."""
    dust = _DUST * float(np.abs(values[total]).max())
    units = [0.5 * 10.0 ** -(places[i] or 0) for i in (total, *parts) if places[i]]
    return dust + sum(units)


def _is_number(s: pd.Series) -> bool:
    if s.dtype == object or pdt.is_bool_dtype(s.dtype) or not pdt.is_numeric_dtype(s.dtype):
        return False
    return not pdt.is_complex_dtype(s.dtype)
