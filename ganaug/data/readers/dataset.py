"""What every reader gives back, and the questions that every target has to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pdt

from ganaug.core.errors import SchemaError, UnknownTargetError, did_you_mean
from ganaug.core.schema import MARK

_ENOUGH_TO_TELL = 10  # labels from which "nearly all different" means that they are no classes
_USUAL_NAMES = ("target", "label", "labels", "class", "y", "outcome")


@dataclass(frozen=True)
class Dataset:
    """Samples, their labels, where they came from, and what the reader decided on the way.

    Examples
    --------
    >>> Dataset([[1.0]], ["a"], "one row").skipped
    ()
    """

    X: Any  # whatever `ganaug.train` takes
    y: Any  # (n_samples,)
    source: str  # for people
    remarks: tuple[str, ...] = ()  # what was assumed or left aside, for people
    skipped: tuple[tuple[str, str], ...] = ()  # files that were left out, and why
    kind: str = "auto"  # what the samples are, if it was said or the file cannot hold anything else


def labelled(frame: pd.DataFrame, target: str | None, path: Path, remarks: Sequence[str] = ()) -> Dataset:
    """Split a table into columns and target; the target is the last column unless named.

    Raises
    ------
    SchemaError
        If the table has no rows or one column, the target is unknown, or its values are no classes.
    """
    if frame.shape[1] < 2 or len(frame) == 0:
        raise SchemaError(f"{path} needs a header, rows, and at least one column besides the target; got {frame.shape}")
    notes = list(remarks)
    name = frame.columns[-1] if target is None else target
    if name not in frame.columns:
        raise UnknownTargetError(f"{path} has no column {name!r}; {did_you_mean(name, frame.columns)}")
    if target is None:
        usual = [column for column in frame.columns[:-1] if str(column).lower() in _USUAL_NAMES]
        also = f" (there is {usual[0]!r} too)" if usual else ""
        notes.append(f"the labels are taken from the last column, {name!r}{also}; --target names another")
    y = frame.pop(name)
    if MARK in frame and frame.shape[1] > 1:
        notes.append(f"column {MARK!r}, by which ganaug synth tells synthetic rows from real ones, is left out")
        frame = frame.drop(columns=MARK)
    if isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.dtype.categories.dtype)
    check_labels(y, f"target column {name!r} of {path}", "--target names the column that holds the classes")
    if target is None and y.nunique() == 1:
        raise SchemaError(
            f"the last column of {path}, {name!r}, has one class only ({str(y.iloc[0])!r}); --target names the column "
            "that holds the classes"
        )
    notes += _numbers_in_disguise(frame)
    return Dataset(frame, y, f"{path}, target column {name!r}", tuple(notes))


def check_labels(y: "pd.Series[Any]", where: str, advice: str) -> None:
    """Refuse a target that cannot be classes.

    Parameters
    ----------
    y : Series of shape (n_samples,)
        The labels.
    where : str
        What they are called in an error.
    advice : str
        What to do if they are the wrong ones.

    Raises
    ------
    SchemaError
        If labels are missing, measured values, dates, or (nearly) all different.
    """
    if y.isna().any():
        raise SchemaError(f"{where} has {int(y.isna().sum()):,} missing labels; drop those rows")
    if pdt.is_datetime64_any_dtype(y.dtype) or pdt.is_timedelta64_dtype(y.dtype):
        raise SchemaError(f"{where} holds dates or durations, which are no class labels; {advice}")
    if pdt.is_complex_dtype(y.dtype):
        raise SchemaError(f"{where} holds complex numbers, which are no class labels; {advice}")
    if pdt.is_float_dtype(y.dtype):
        values = y.to_numpy(dtype=np.float64)
        measured = values[values != np.rint(values)]
        if len(measured) or not np.isfinite(values).all():
            shown = ", ".join(f"{value:g}" for value in (measured if len(measured) else values)[:3])
            raise SchemaError(
                f"{where} holds measured numbers ({shown}, …), which are no class labels; "
                f"{advice}; to learn ranges as classes, cut it into named ranges first"
            )
    try:
        n_classes = y.nunique()
    except TypeError as error:
        raise SchemaError(f"{where} holds values that are no class labels ({error})") from None
    if len(y) >= _ENOUGH_TO_TELL and n_classes > len(y) / 2:
        raise SchemaError(
            f"{where} has {n_classes:,} different values in {len(y):,} rows: an identifier or a measurement, "
            f"not classes; {advice}"
        )


def _numbers_in_disguise(frame: pd.DataFrame) -> list[str]:
    """Say which text columns are nearly all numbers, because each of their values will count as a category."""
    notes = []
    for name in frame.columns:
        column = frame[name]
        if not (pdt.is_string_dtype(column.dtype) or column.dtype == object):
            continue
        values = column.dropna().head(2_000).astype(str)
        distinct = values.drop_duplicates()
        if len(distinct) <= 20:
            continue
        plain = distinct.str.replace(r"[\s$€£%'’,._]", "", regex=True)
        odd = distinct[pd.to_numeric(distinct, errors="coerce").isna()]
        if plain.str.fullmatch(r"[+-]?\d+").mean() > 0.9 and len(odd):
            shown = ", ".join(repr(value) for value in odd.head(3))
            notes.append(f"column {name!r} is text because of values like {shown}; its numbers count as categories")
    return notes
