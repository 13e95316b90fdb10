"""Levels of two columns that never occur together."""

from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from ganaug.data.table.columns import is_number, is_time
from ganaug.data.table.dependencies.evidence import as_objects, is_plain, key, plain

_MAX_COLUMNS = 60  # of levels, that are compared
_MAX_LEVELS = 50  # of a column
_MIN_EXPECTED = 8  # rows that independent columns would show: by chance all are absent once in 3,000


class Exclusions(BaseModel):
    """Pairs of levels that never occur together, such as husbands who are female.

    Where a decoded row has such a pair, one of its two columns gets the level with which the pair is most frequent in
    real rows and the row breaks no other pair.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["exclusions"] = "exclusions"
    columns: list[int]
    levels: list[list[Any]]  # of each column
    pairs: list[tuple[int, int]]  # places in `columns`
    counts: list[list[list[int]]]  # of each pair: real rows with each two levels; -1: excluded

    @property
    def named(self) -> list[int]:
        """Columns that take part."""
        return self.columns

    @property
    def computed(self) -> list[int]:
        """Columns that are not encoded: none."""
        return []

    def derive(self, series: list[pd.Series | None]) -> None:
        """Change nothing."""

    def restore(self, decoded: list[np.ndarray]) -> None:
        """Replace a level in each row that has an excluded pair."""
        places = [{key(level): k for k, level in enumerate(levels)} for levels in self.levels]
        codes = np.column_stack([_coded(decoded[i], place) for i, place in zip(self.columns, places, strict=True)])
        tables = [np.array(counts) for counts in self.counts]
        excluded = np.zeros(len(codes), dtype=bool)
        for (a, b), table in zip(self.pairs, tables, strict=True):
            excluded |= table[codes[:, a], codes[:, b]] < 0
        rows = np.flatnonzero(excluded)
        distinct, which = np.unique(codes[rows], axis=0, return_inverse=True)
        mended = np.array([self._mended(row, tables) for row in distinct], dtype=int).reshape(distinct.shape)
        for k, i in enumerate(self.columns):
            level = mended[which.ravel(), k]
            changed = level != codes[rows, k]
            decoded[i][rows[changed]] = as_objects(self.levels[k])[level[changed]]

    def _mended(self, row: np.ndarray, tables: list[np.ndarray]) -> np.ndarray:
        """Return a row without excluded pairs, if replacing one level of each gives one."""
        row = row.copy()
        for (a, b), table in zip(self.pairs, tables, strict=True):
            if table[row[a], row[b]] >= 0:
                continue
            best, most = None, -1
            for changed, rivals in ((b, table[row[a]]), (a, table[:, row[b]])):
                for level in np.argsort(-rivals, kind="stable"):
                    if rivals[level] <= most:
                        break
                    tried = row.copy()
                    tried[changed] = level
                    if self._n_excluded(tried, tables) < self._n_excluded(row, tables):
                        best, most = tried, int(rivals[level])
            row = row if best is None else best
        return row

    def _n_excluded(self, row: np.ndarray, tables: list[np.ndarray]) -> int:
        return sum(table[row[a], row[b]] < 0 for (a, b), table in zip(self.pairs, tables, strict=True))


def find_exclusions(series: list[pd.Series], taken: set[int]) -> list[Exclusions]:
    """Find pairs of levels that are frequent alone and never occur together; at most one set of them."""
    coded: dict[int, tuple[np.ndarray, list[Any]]] = {}
    for i, s in enumerate(series):
        if i in taken or is_time(s) or is_number(s):
            continue
        try:
            codes, found = pd.factorize(s, use_na_sentinel=False)
        except TypeError:
            continue
        levels = list(found)
        if 1 < len(levels) <= _MAX_LEVELS and all(map(is_plain, levels)):
            coded[i] = codes, [plain(level) for level in levels]
    columns = list(coded)[:_MAX_COLUMNS]
    pairs, counts = [], []
    for a, b in combinations(range(len(columns)), 2):
        (codes, levels), (others, rivals) = coded[columns[a]], coded[columns[b]]
        table = np.zeros((len(levels), len(rivals)), dtype=np.int64)
        np.add.at(table, (codes, others), 1)
        excluded = (table == 0) & (np.outer(table.sum(1), table.sum(0)) >= _MIN_EXPECTED * len(codes))
        if excluded.any():
            pairs.append((a, b))
            counts.append(np.where(excluded, -1, table).tolist())
    if not pairs:
        return []
    part = sorted({k for pair in pairs for k in pair})
    return [
        Exclusions(
            columns=[columns[k] for k in part],
            levels=[coded[columns[k]][1] for k in part],
            pairs=[(part.index(a), part.index(b)) for a, b in pairs],
            counts=counts,
        )
    ]


def _coded(values: np.ndarray, place: dict[Any, int]) -> np.ndarray:
    codes, uniques = pd.factorize(pd.Series(values, dtype=object), use_na_sentinel=False)
    return np.array([place[key(level)] for level in uniques], dtype=int)[codes]
