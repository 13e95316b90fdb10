"""How one column of a table becomes a slice of an encoded row, and back."""

import math
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict, Field

from ganaug.core.errors import SchemaError
from ganaug.data.table.quantiles import QuantileMap

MAX_LEVELS = 100  # one-hot levels of a category; the rarer rest shares one
MAX_SUPPORT = 50  # numbers with at most so many distinct values only ever take those
MAX_DECIMALS = 6
SPIKE_SHARE = 0.3  # of the values that are one and the same number, e.g. zero
_TOP = math.nextafter(2.0**64, 0)  # the largest float that fits into uint64
_MISSING = object()  # all missing values are one level
_PARTS: TypeAlias = tuple[tuple[int, str], ...]  # (dim, activation) of each span


class _Unencoded(BaseModel):
    """A column that takes no room in an encoded row."""

    model_config = ConfigDict(frozen=True)

    @property
    def parts(self) -> _PARTS:
        """No spans."""
        return ()

    @property
    def entries(self) -> tuple[Any, ...]:
        """No entries."""
        return ()

    def encode(self, series: pd.Series, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return ``(n, 0)``."""
        return np.empty((len(series), 0), dtype=np.float32)


class ConstantColumn(_Unencoded):
    """A column with one value (or nothing but missing values): given back as it was."""

    kind: Literal["constant"] = "constant"
    value: Any
    time: str | None = None  # numpy dtype of a date or duration; its value is then an integer

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the constant, n times."""
        if self.time is not None:
            return np.full(len(encoded), self.value, dtype=np.int64).view(self.time)
        return _objects([self.value], np.zeros(len(encoded), dtype=np.intp))


class DependentColumn(_Unencoded):
    """A column that others determine; a `Dependency` gives its values back."""

    kind: Literal["dependent"] = "dependent"
    holds: Literal["numeric", "category", "datetime"]  # for descriptions

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return nothing yet, n times."""
        return np.full(len(encoded), None)


class CategoryColumn(BaseModel):
    """Levels as one-hot; levels beyond `MAX_LEVELS` share one, which is decoded by their observed frequencies."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["category"] = "category"
    levels: list[Any]  # most frequent first; a missing value is a level too
    n_common: int  # levels with a one-hot of their own
    rare_counts: list[int]  # of the levels that share the last one

    @property
    def parts(self) -> _PARTS:
        """One softmax span."""
        return ((self.n_common + bool(self.rare_counts), "softmax"),)

    @property
    def entries(self) -> tuple[Any, ...]:
        """A name for each entry of the spans: its level."""
        named = tuple(("level", _key(level)) for level in self.levels[: self.n_common])
        return (*named, "rare levels") if self.rare_counts else named

    @classmethod
    def fit(cls, series: pd.Series, name: object) -> "CategoryColumn":
        """Read levels and counts, most frequent first, ties in order of appearance."""
        codes, uniques = _factorize(series, name)
        counts = np.bincount(codes, minlength=len(uniques))
        order = np.argsort(-counts, kind="stable")
        n_common = len(order) if len(order) <= MAX_LEVELS else MAX_LEVELS - 1
        levels = [series[series.isna()].iloc[0] if pd.isna(level) else level for level in uniques]
        return cls(
            levels=[levels[i] for i in order],
            n_common=n_common,
            rare_counts=counts[order[n_common:]].tolist(),
        )

    def encode(self, series: pd.Series, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return one-hot rows."""
        codes, uniques = _factorize(series, series.name)
        position = {_key(level): i for i, level in enumerate(self.levels)}
        try:
            place = np.array([position[_key(level)] for level in uniques], dtype=np.intp)
        except KeyError as unseen:
            raise SchemaError(f"column {series.name!r} has a value that was not seen in training: {unseen}") from None
        return _one_hot(np.minimum(place, self.parts[0][0] - 1)[codes], self.parts[0][0])

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the most likely level of each row."""
        codes = encoded.argmax(1)
        rare = np.flatnonzero(codes == self.n_common)
        if len(rare):
            shares = np.array(self.rare_counts) / sum(self.rare_counts)
            codes[rare] += rng.choice(len(shares), len(rare), p=shares)
        return _objects(self.levels, codes)


class NumericColumn(BaseModel):
    """A number, standardised or as normal scores; missing values and a dominant value (say, zero) are states.

    Integers, dates and durations are counted in `unit` from `origin`, so that they survive exactly.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["numeric"] = "numeric"
    mean: float
    scale: float
    low: float
    high: float
    decimals: int | None  # digits after the point in all observed values; None: more than can be told
    support: list[int | float] | None  # all observed values, if few
    missing: bool
    spike: int | float | None
    origin: int | None  # None: floats
    last: int = 0  # whole steps from the origin to the largest value
    unit: int = 1
    time: str | None = None  # numpy dtype of dates and durations
    quantiles: QuantileMap | None = None  # None: standardised by mean and scale

    @property
    def parts(self) -> _PARTS:
        """One number, and one-hot states where there are any."""
        number = "identity" if self.quantiles is None else "normal"
        states = 1 + self.missing + (self.spike is not None)
        return ((1, number),) if states == 1 else ((1, number), (states, "softmax"))

    @property
    def entries(self) -> tuple[Any, ...]:
        """A name for each entry of the spans: the number and its states."""
        states = ("known", *["spike"] * (self.spike is not None), *["missing"] * self.missing)
        return ("number", *states) if len(states) > 1 else ("number",)

    @classmethod
    def fit(cls, series: pd.Series, name: object, quantiles: bool = False) -> "NumericColumn | ConstantColumn":
        """Learn location, scale (or quantiles), support and states."""
        integers, time = _integers(series), None
        missing = series.isna().to_numpy()
        if integers is None:
            values, origin, unit = _floats(series, name)[~missing], None, 1
        else:
            known = integers[~missing]
            origin = int(known.min())
            offsets = _offsets(known, origin)
            unit = int(np.gcd.reduce(offsets)) if is_time(series) else 1
            values = offsets // np.uint64(max(unit, 1))
            if is_time(series):
                time = f"{'m8' if pdt.is_timedelta64_dtype(series.dtype) else 'M8'}[{_index(series).unit}]"
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) == 1 and not missing.any():
            return ConstantColumn(value=series.tolist()[0] if time is None else origin, time=time)
        few = len(distinct) <= MAX_SUPPORT
        top = int(counts.argmax())
        spike = None if few or counts[top] < SPIKE_SHARE * len(series) else distinct[top].item()
        body = (values if spike is None else values[values != spike]).astype(np.float64)
        largest = float(np.abs(body).max()) or 1.0
        return cls(
            mean=float((body / largest).mean() * largest),
            scale=float((body / largest).std() * largest) or 1.0,
            low=float(distinct[0]),
            high=float(distinct[-1]),
            decimals=decimals(distinct, series.dtype) if origin is None else 0,
            support=distinct.tolist() if few else None,
            missing=bool(missing.any()),
            spike=spike,
            origin=origin,
            last=0 if origin is None else int(distinct[-1]),
            unit=max(unit, 1),
            time=time,
            quantiles=QuantileMap.fit(body) if quantiles else None,
        )

    def encode(self, series: pd.Series, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return the number, standardised or as normal score, and the one-hot state; `rng` draws scores of ties."""
        missing = series.isna().to_numpy()
        if missing.any() and not self.missing:
            raise SchemaError(f"column {series.name!r} has missing values, but had none in training")
        values = np.zeros(len(series))
        integers = None if self.origin is None else _integers(series)
        if self.origin is None or integers is None:
            values[~missing] = (_floats(series, series.name)[~missing] - (self.origin or 0)) / self.unit
        else:
            values[~missing] = _offsets(integers[~missing], self.origin) / self.unit
        z = (values - self.mean) / self.scale if self.quantiles is None else self.quantiles.to_scores(values, rng)
        states = np.zeros(len(series), dtype=np.intp)
        if self.spike is not None:
            states[values == self.spike] = 1
        states[missing] = self.parts[-1][0] - 1
        z[states > 0] = 0
        if len(self.parts) == 1:
            return z[:, None].astype(np.float32)
        return np.concatenate([z[:, None].astype(np.float32), _one_hot(states, self.parts[1][0])], axis=1)

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return numbers within the observed range, on the observed grid."""
        with np.errstate(over="ignore"):
            values = encoded[:, 0].astype(np.float64)
            values = values * self.scale + self.mean if self.quantiles is None else self.quantiles.to_values(values)
            if self.decimals is not None:
                values = np.round(values, self.decimals)
        values = values.clip(self.low, self.high)
        if self.origin is not None:
            values = np.minimum(values.clip(0, _TOP).astype(np.uint64), np.uint64(self.last))
        if self.support is not None:
            values = nearest(values, np.array(self.support, dtype=values.dtype))
        states = encoded[:, 1:].argmax(1) if len(self.parts) > 1 else np.zeros(len(encoded), dtype=np.intp)
        if self.spike is not None:
            values[states == 1] = self.spike
        missing = states == self.parts[-1][0] - 1 if self.missing else np.zeros(len(encoded), dtype=bool)
        if self.origin is None:
            values[missing] = np.nan
            return values
        return self._counted(self.origin, values, missing)

    def _counted(self, origin: int, steps: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Turn whole steps from the origin into integers, dates or durations, exactly."""
        raw = np.add(steps * np.uint64(self.unit), np.uint64(origin % 2**64))  # wraps: two's complement
        if self.time is not None:
            raw[missing] = np.uint64(2**63)  # NaT
            return raw.view(self.time)
        integers = raw if origin + self.last > 2**63 - 1 else raw.view(np.int64)
        if not missing.any():
            return integers
        filled = integers.astype(object)
        filled[missing] = pd.NA
        return filled


ColumnCodec: TypeAlias = Annotated[
    ConstantColumn | DependentColumn | CategoryColumn | NumericColumn, Field(discriminator="kind")
]


def fit_column(
    series: pd.Series, name: object, quantiles: bool = False
) -> ConstantColumn | CategoryColumn | NumericColumn:
    """Choose and fit the encoding of one column by its dtype and its values; `quantiles`: normal scores."""
    series = dense(series)
    if pdt.is_complex_dtype(series.dtype):
        raise SchemaError(f"Complex data not supported: column {name!r}")
    known = series.dropna()
    if known.empty:
        return ConstantColumn(value=None if is_time(series) else series.iloc[0])
    if is_time(series):
        return NumericColumn.fit(series, name, quantiles)
    if is_number(series):
        integers = _integers(series)
        values = _floats(series, name) if integers is None else integers
        if len(np.unique(values[~series.isna().to_numpy()])) > 2:
            return NumericColumn.fit(series, name, quantiles)
    column = CategoryColumn.fit(series, name)
    return column if len(column.levels) > 1 else ConstantColumn(value=column.levels[0])


def dense(series: pd.Series) -> pd.Series:
    """Return a column that pandas holds neither as sparse nor as pyarrow's durations, which it does not count with."""
    if (text := str(series.dtype)).startswith("duration["):
        return series.astype(f"timedelta64[{text[len('duration[') : text.index(']')]}]")  # type: ignore[call-overload]
    return series.sparse.to_dense() if isinstance(series.dtype, pd.SparseDtype) else series  # type: ignore[attr-defined]


def is_number(series: pd.Series) -> bool:
    """Whether a column holds numbers (bools are categories), be it as objects."""
    if series.dtype == object:
        numbers = pdt.infer_dtype(series, skipna=True) in ("integer", "floating", "mixed-integer-float")
        return numbers and not _overflows(series)
    return pdt.is_numeric_dtype(series.dtype) and not pdt.is_bool_dtype(series.dtype)


def _overflows(series: pd.Series) -> bool:
    """Whether a column of objects has a whole number that no float holds: its numbers are levels."""
    try:
        series.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        return True
    return False


def is_time(series: pd.Series) -> bool:
    """Whether a column holds dates or durations."""
    return pdt.is_datetime64_any_dtype(series.dtype) or pdt.is_timedelta64_dtype(series.dtype)


def _index(series: pd.Series) -> Any:
    return pd.TimedeltaIndex(series) if pdt.is_timedelta64_dtype(series.dtype) else pd.DatetimeIndex(series)


def _integers(series: pd.Series) -> np.ndarray | None:
    """Return exact int64 or uint64 values (anything where missing); None for floats."""
    if is_time(series):
        return _index(series).asi8
    if pdt.is_integer_dtype(series.dtype):
        unsigned = pdt.is_unsigned_integer_dtype(series.dtype)
        return series.to_numpy(dtype=np.uint64 if unsigned else np.int64, na_value=0)
    return None


def _floats(series: pd.Series, name: object) -> np.ndarray:
    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise SchemaError(
            f"Input X contains infinity in column {name!r}; replace it by a number, or by NaN if it means 'missing'"
        )
    return values


def _offsets(integers: np.ndarray, origin: int) -> np.ndarray:
    return integers.astype(np.uint64) - np.uint64(origin % 2**64)


def decimals(distinct: np.ndarray, dtype: Any) -> int | None:
    """Return the fewest decimals that write every value exactly, if `MAX_DECIMALS` are enough."""
    precision = getattr(dtype, "numpy_dtype", dtype)
    precision = precision if isinstance(precision, np.dtype) and precision.kind == "f" else np.dtype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        for digits in range(MAX_DECIMALS + 1):
            if np.array_equal(np.round(distinct, digits).astype(precision), distinct.astype(precision)):
                return digits
    return None


def nearest(values: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Return the nearest of sorted numbers to each of others."""
    right = (
        np.searchsorted(support, values).clip(1, len(support) - 1) if len(support) > 1 else np.zeros(len(values), int)
    )
    left = np.maximum(right - 1, 0)
    return np.where(values - support[left] <= support[right] - values, support[left], support[right])


def _factorize(series: pd.Series, name: object) -> tuple[np.ndarray, Any]:
    try:
        codes, uniques = pd.factorize(series, use_na_sentinel=False)
    except (TypeError, NotImplementedError) as error:  # lists, and pyarrow's word for them
        raise SchemaError(f"column {name!r} holds values that cannot be compared ({error}); use strings") from None
    return codes, uniques


def _key(level: Any) -> Any:
    return _MISSING if pd.isna(level) else level


def _one_hot(codes: np.ndarray, dim: int) -> np.ndarray:
    encoded = np.zeros((len(codes), dim), dtype=np.float32)
    encoded[np.arange(len(codes)), codes] = 1
    return encoded


def _objects(levels: list[Any], codes: np.ndarray) -> np.ndarray:
    lookup = np.empty(len(levels), dtype=object)
    for i, level in enumerate(levels):
        lookup[i] = level
    return lookup[codes]
