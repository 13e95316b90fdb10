"""Frames of polars ↔ frames of pandas, column by column; polars is needed only by who brings such a frame."""

from typing import Any

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError

_UNFIT = ("List", "Array", "Struct", "Object", "Binary", "Unknown")


def is_polars(X: Any) -> bool:
    """Whether `X` is a DataFrame, LazyFrame or Series of polars."""
    return type(X).__module__.partition(".")[0] == "polars"


def to_pandas(X: Any) -> Any:
    """Return a frame or series of polars as pandas' own; categories are declared, missing values stay missing.

    Raises
    ------
    SchemaError
        If it is lazy, or a column holds lists, structs or bytes.
    """
    if type(X).__name__ == "LazyFrame":
        raise SchemaError("expected a frame with rows; got a LazyFrame of polars: collect() it first")
    if type(X).__name__ == "Series":
        return _series(X)
    return pd.DataFrame({column.name: _series(column) for column in X.get_columns()}, index=range(X.height))


def appended(X: Any, new: pd.DataFrame) -> Any:
    """Return a frame of polars with rows of pandas below its own, its columns and dtypes kept."""
    import polars

    columns = [_like(X.get_column(name), new[name]) for name in X.columns]
    return polars.concat([X, polars.DataFrame(columns)])


def like(series: Any, values: np.ndarray) -> Any:
    """Return values as a series of polars, with name and dtype of another."""
    return _like(series, pd.Series(values))


def _series(column: Any) -> pd.Series:
    kind = str(column.dtype.base_type())
    if kind in _UNFIT:
        raise SchemaError(f"column {column.name!r} holds {column.dtype}, which cannot be learnt; drop it or split it")
    gaps = column.null_count() > 0
    if kind == "Enum":
        levels = column.dtype.categories.to_list()
        return pd.Series(pd.Categorical(column.to_list(), categories=levels, ordered=True), name=column.name)
    if kind == "Datetime" and column.dtype.time_zone:
        moments = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        return pd.Series(moments, name=column.name).dt.tz_localize("UTC").dt.tz_convert(column.dtype.time_zone)
    if kind == "Boolean" and gaps:
        return pd.Series(column.to_list(), dtype="boolean", name=column.name)
    if column.dtype.is_integer() and gaps:
        return pd.Series(column.to_list(), dtype=kind, name=column.name)
    if kind in ("String", "Categorical"):
        return pd.Series(column.to_list(), dtype="str", name=column.name)
    if kind in ("Decimal", "Time", "Null"):
        return pd.Series(column.to_list(), dtype=object, name=column.name)
    return pd.Series(column.to_numpy(writable=True), name=column.name)


def _like(column: Any, values: pd.Series) -> Any:
    """Return pandas' values as a series of polars with name and dtype of `column`."""
    import polars

    if getattr(values.dtype, "kind", "O") not in "mM":
        listed = values.astype(object).tolist()
        plain = [None if gap else value for gap, value in zip(values.isna().tolist(), listed, strict=True)]
        return polars.Series(column.name, plain, dtype=column.dtype)
    moments: Any = values.dt.as_unit(getattr(column.dtype, "time_unit", "us"))
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return polars.Series(column.name, moments.to_numpy()).cast(column.dtype)
    naive = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    made = polars.Series(column.name, naive).dt.replace_time_zone("UTC")
    return made.dt.convert_time_zone(column.dtype.time_zone)
