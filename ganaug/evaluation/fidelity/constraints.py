"""Rules that real rows keep and synthetic ones break: impossible rows."""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from ganaug.evaluation.intervals import difference_interval
from ganaug.evaluation.samples import evenly

KEPT = 0.995  # share of the real rows that a rule holds in
_BROKEN = 0.01  # share of synthetic rows, beyond that of real ones, from which a broken rule is told
_MIN_ROWS = 100  # real rows that rules are looked for in: fewer keep many rules by chance
_MAX_ROWS = 20_000  # rows of either side; more are thinned
_MAX_NUMBERS = 30  # columns that orders and sums are looked for in
_MAX_LEVELS = 50  # of a column that takes part in combinations and dependencies
_MIN_EXPECTED = 8  # real rows that would show a combination by chance: only then is its absence a rule
_CHANCE = 2e-3  # of calling a rule broken that new real rows would break as often
_MAX_GROUPS = 60  # columns of levels


class Rule(NamedTuple):
    """A rule and how often it is broken."""

    text: str
    real: float  # share of real rows that break it
    made: float  # share of synthetic rows


def as_frame(X: Any) -> pd.DataFrame:
    """View rows of any container as a DataFrame."""
    if isinstance(X, pd.DataFrame):
        return X.reset_index(drop=True)
    return pd.DataFrame(X.toarray() if sparse.issparse(X) else np.asarray(X)).infer_objects()


def find_new_levels(real: pd.DataFrame, made: pd.DataFrame) -> Iterator[Rule]:
    """Yield the levels of categories, and the missing values, that no real row has."""
    for column in real.columns:
        a, b = real[column], made[column]
        if b.isna().any() and not a.isna().any():
            yield Rule(f"{column} is never missing", 0.0, float(b.isna().mean()))
        if pd.api.types.is_numeric_dtype(a) or pd.api.types.is_datetime64_any_dtype(a):
            continue
        new = ~b.isin(a.unique()) & b.notna()
        if new.any():
            shown = ", ".join(repr(level) for level in pd.unique(b[new])[:3].tolist())
            once = (a.value_counts() == 1).sum() / len(a)  # as many new real rows have a new level (Good 1953)
            yield Rule(f"{column} has no level {shown}", float(once), float(new.mean()))


def find_broken_rules(real: pd.DataFrame, made: pd.DataFrame) -> list[Rule]:
    """Return rules that 99.5 % of the real rows keep and far fewer synthetic ones, the most broken first.

    Looked for are orders of columns (start before end), sums (a + b = c), groups of 0/1 columns of which exactly one is
    1, functional dependencies (the city tells the country), and combinations of levels that never occur though they
    are expected to by the shares of their levels.

    Parameters
    ----------
    real, made : DataFrame
        With the same columns.
    """
    if len(real) < _MIN_ROWS or not len(made):
        return []
    real, made = (frame.iloc[evenly(len(frame), _MAX_ROWS)] for frame in (real, made))
    found = [*_orders(real, made), *_sums(real, made), *_one_hot(real, made), *_dependencies(real, made)]
    told = [rule for rule in found if rule.real <= 1 - KEPT and rule.made > rule.real + _BROKEN]
    # Rules are those of many that the real rows happen to keep: new real rows break some of them now and then.
    sure = [rule for rule in told if _surely_broken(rule, len(real), len(made))]
    return sorted(sure, key=lambda rule: -rule.made)


def _surely_broken(rule: Rule, n_real: int, n_made: int) -> bool:
    return difference_interval(rule.made * n_made, n_made, rule.real * n_real, n_real, _CHANCE)[1] > 0


def _numbers(real: pd.DataFrame, made: pd.DataFrame) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """Return numeric and date columns that are no constants as floats."""
    names, columns = [], []
    for name in real.columns:
        if pd.api.types.is_datetime64_any_dtype(real[name]):
            pair = [_nanoseconds(frame[name]) for frame in (real, made)]
        elif pd.api.types.is_numeric_dtype(real[name]) and pd.api.types.is_numeric_dtype(made[name]):
            pair = [frame[name].to_numpy(dtype=float, na_value=np.nan) for frame in (real, made)]
        else:
            continue
        if np.nanmin(pair[0], initial=np.inf) < np.nanmax(pair[0], initial=-np.inf):
            names.append(name)
            columns.append(pair)
    columns, names = columns[:_MAX_NUMBERS], names[:_MAX_NUMBERS]
    empty = np.empty((len(real), 0)), np.empty((len(made), 0))
    a, b = (np.column_stack([pair[i] for pair in columns]) if columns else empty[i] for i in (0, 1))
    return names, a, b


def _orders(real: pd.DataFrame, made: pd.DataFrame) -> Iterator[Rule]:
    names, a, b = _numbers(real, made)
    for i, j in permutations(range(len(names)), 2):
        # An order of columns that lie far apart cannot be broken, and says nothing: their ranges must meet.
        if np.nanmin(a[:, j]) < np.nanmax(a[:, i]):
            yield Rule(f"{names[i]} ≤ {names[j]}", float((a[:, i] > a[:, j]).mean()), float((b[:, i] > b[:, j]).mean()))


def _sums(real: pd.DataFrame, made: pd.DataFrame) -> Iterator[Rule]:
    names, a, b = _numbers(real, made)
    for k in range(len(names)):
        scale = np.nanstd(a[:, k])
        for i, j in combinations([i for i in range(len(names)) if i != k], 2):
            gap = np.abs(a[:50, i] + a[:50, j] - a[:50, k])  # most pairs fail at once
            if np.nanmean(gap > 1e-3 * scale) > 0.1 or np.isnan(gap).mean() > 0.5:
                continue
            off = [float((np.abs(x[:, i] + x[:, j] - x[:, k]) > 1e-2 * scale).mean()) for x in (a, b)]
            yield Rule(f"{names[i]} + {names[j]} = {names[k]}", *off)


def _one_hot(real: pd.DataFrame, made: pd.DataFrame) -> Iterator[Rule]:
    """Yield groups of neighbouring 0/1 columns that sum to 1."""
    try:
        a, b = (frame.apply(pd.to_numeric, errors="coerce").to_numpy(float) for frame in (real, made))
    except (TypeError, ValueError):
        return
    flags = [bool(np.isin(a[:, i], (0, 1)).all()) for i in range(a.shape[1])]
    start = 0
    while start < len(flags):
        for stop in range(len(flags), start + 1, -1):
            if all(flags[start:stop]) and (a[:, start:stop].sum(1) != 1).mean() <= 1 - KEPT:
                broken = [float((x[:, start:stop].sum(1) != 1).mean()) for x in (a, b)]
                yield Rule(f"exactly one of {real.columns[start]} … {real.columns[stop - 1]} is 1", *broken)
                start = stop
                break
        else:
            start += 1


def _codes(real: pd.DataFrame, made: pd.DataFrame) -> list[tuple[Any, np.ndarray, np.ndarray, int]]:
    """Return columns of few levels as integers; levels that only synthetic rows have are left to `find_new_levels`."""
    coded = []
    for name in real.columns:
        levels = pd.unique(real[name])
        if 1 < len(levels) <= _MAX_LEVELS:
            index = pd.Index(levels)
            a, b = (index.get_indexer(pd.Index(frame[name])) for frame in (real, made))
            coded.append((name, a, b, len(levels)))
    return coded[:_MAX_GROUPS]


def _dependencies(real: pd.DataFrame, made: pd.DataFrame) -> Iterator[Rule]:
    for (first, a, x, n), (second, b, y, m) in combinations(_codes(real, made), 2):
        joint = np.zeros((n, m))
        np.add.at(joint, (a, b), 1)
        known = (x >= 0) & (y >= 0)
        for table, names, sizes in ((joint, (first, second), (x, y)), (joint.T, (second, first), (y, x))):
            told = table.argmax(1)
            lost = 1 - table.max(1).sum() / table.sum()
            # A column of nearly one level depends on everything: it must vary far more than the rule fails.
            if lost <= 1 - KEPT and 1 - table.sum(0).max() / table.sum() > 10 * max(lost, 0.005):
                wrong = known & (told[sizes[0]] != sizes[1])
                yield Rule(f"{names[0]} determines {names[1]}", float(lost), float(wrong.mean()))
                break
        else:
            expected = np.outer(joint.sum(1), joint.sum(0)) / joint.sum()
            absent = (joint == 0) & (expected >= _MIN_EXPECTED)
            hit = known & absent[x, y]
            if hit.any():
                i, j = next(zip(x[hit], y[hit], strict=True))
                level, other = real[first].to_numpy()[a == i][0], real[second].to_numpy()[b == j][0]
                yield Rule(f"{first} = {level!s} with {second} = {other!s} never occurs", 0.0, float(hit.mean()))


def _nanoseconds(times: pd.Series) -> np.ndarray:
    """Return moments as numbers, whatever their time zone and unit."""
    return pd.to_datetime(times, utc=True).dt.tz_localize(None).astype("datetime64[ns]").astype("int64").to_numpy(float)
