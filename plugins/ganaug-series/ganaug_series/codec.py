"""Series of one or more channels ↔ float arrays, with a mask where their lengths differ."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec
from pydantic import BaseModel, ConfigDict

MIN_TIMEPOINTS = 8  # of the longest series: fewer are rather a row of a table
Container = Literal["numpy3D", "numpy2D", "frame", "list", "list1D"]


class SeriesSchema(BaseModel):
    """What series are; a frozen model of plain data."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["series"] = "series"
    container: Container
    channels: int
    timepoints: int  # of the longest
    padded: bool  # whether lengths differ
    dtype: str
    names: tuple[str, ...] = ()  # columns of a frame, one a time point

    def describe(self) -> str:
        """Return one line for people."""
        channels = "channel" if self.channels == 1 else "channels"
        return f"series of {self.channels} {channels} and {'up to ' * self.padded}{self.timepoints} time points"


class SeriesCodec(Codec):
    """Series ↔ ``(channels, timepoints)`` float32, each channel standardised over all series.

    Where lengths differ, a last channel says how long a series is: 1 up to its end and -1 beyond, where the other
    channels hold its last values. It is learnt like the others.

    Parameters
    ----------
    schema : SeriesSchema
    mean, std, low, high : ndarray of shape (channels,)
        Of the values that were fitted.
    """

    def __init__(
        self, schema: SeriesSchema, mean: np.ndarray, std: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> None:
        self.schema, self.mean, self.std, self.low, self.high = schema, mean, std, low, high

    @property
    def sample_shape(self) -> tuple[int, int]:
        """Channels, with the mask if there is one, and time points."""
        return self.schema.channels + self.schema.padded, self.schema.timepoints

    @classmethod
    def fit(cls, X: Any) -> Self:
        """Learn the standardisation.

        Parameters
        ----------
        X : ndarray of shape (n, channels, timepoints) or (n, timepoints), DataFrame, or list
            A list holds arrays ``(channels, timepoints)``, or ``(timepoints,)``, whose lengths may differ.

        Raises
        ------
        SchemaError
            If that is not what `X` is, or values are missing.
        """
        series, container = _series(X)
        lengths = {one.shape[1] for one in series}
        values = np.concatenate(series, axis=1).astype(np.float64)
        std = values.std(axis=1)
        dtype = series[0].dtype if container != "frame" else np.result_type(*X.dtypes)
        schema = SeriesSchema(
            container=container,
            channels=len(values),
            timepoints=max(lengths),
            padded=len(lengths) > 1,
            dtype=str(np.dtype(dtype)),
            names=tuple(map(str, X.columns)) if container == "frame" else (),
        )
        return cls(schema, values.mean(axis=1), np.where(std > 0, std, 1.0), values.min(axis=1), values.max(axis=1))

    def encode(self, X: Any) -> np.ndarray:
        """Return ``(n, channels, timepoints)`` float32."""
        series, container = _series(X)
        schema = self.schema
        longest = max(one.shape[1] for one in series)
        fits = longest <= schema.timepoints if schema.padded else {schema.timepoints} == {s.shape[1] for s in series}
        if len(series[0]) != schema.channels or not fits:
            raise SchemaError(f"expected {schema.describe()}; got {len(series[0])} channels and {longest} time points")
        encoded = np.empty((len(series), *self.sample_shape), np.float32)
        for row, one in zip(encoded, series, strict=True):
            standardised = (one - self.mean[:, None]) / self.std[:, None]
            length = one.shape[1]
            row[: schema.channels, :length] = standardised
            row[: schema.channels, length:] = standardised[:, -1:]
            row[schema.channels :, :length], row[schema.channels :, length:] = 1, -1
        return encoded

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return the container and dtype that were fitted; whole numbers stay in their range."""
        schema = self.schema
        values = encoded[:, : schema.channels].astype(np.float64) * self.std[:, None] + self.mean[:, None]
        if np.dtype(schema.dtype).kind in "iu":
            values = np.rint(values.clip(self.low[:, None], self.high[:, None]))
        values = values.astype(schema.dtype)
        if schema.container == "numpy3D":
            return values
        if schema.container == "frame":
            return pd.DataFrame(values[:, 0], columns=list(schema.names))
        if schema.container == "numpy2D":
            return values[:, 0]
        cut = [one[:, :length] for one, length in zip(values, self.lengths(encoded), strict=True)]
        return [one[0] for one in cut] if schema.container == "list1D" else cut

    def lengths(self, encoded: np.ndarray) -> np.ndarray:
        """Return how many time points each encoded series has, ``(n,)``."""
        if not self.schema.padded:
            return np.full(len(encoded), self.schema.timepoints)
        return np.maximum(1, (encoded[:, -1] > 0).cumprod(axis=1).sum(axis=1))

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return {name: getattr(self, name).tolist() for name in ("mean", "std", "low", "high")}

    @classmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> Self:
        """Rebuild a codec."""
        return cls(SeriesSchema(**schema), *(np.array(state[name]) for name in ("mean", "std", "low", "high")))


def _series(X: Any) -> tuple[list[np.ndarray], Container]:
    """Return each series as ``(channels, timepoints)``, and what they came in."""
    container: Container
    if isinstance(X, pd.DataFrame):
        container, arrays = "frame", list(_numbers(X.to_numpy())[:, None])
    elif isinstance(X, (list, tuple)) and len(X) and getattr(X[0], "ndim", 0) in (1, 2):
        container = "list" if X[0].ndim == 2 else "list1D"
        arrays = [np.atleast_2d(_numbers(one)) for one in X]
    else:
        whole = _numbers(X)
        if whole.ndim not in (2, 3):
            raise SchemaError(
                "expected series as (n, channels, timepoints), (n, timepoints) or a list of arrays (channels, "
                f"timepoints); got shape {whole.shape}"
            )
        container, arrays = ("numpy3D", list(whole)) if whole.ndim == 3 else ("numpy2D", list(whole[:, None]))
    if len({len(one) for one in arrays}) != 1 or not all(one.ndim == 2 and one.size for one in arrays):
        shapes = sorted({one.shape for one in arrays})[:3]
        raise SchemaError(f"expected one or more series, all of the same channels; got shapes {shapes}")
    longest = max(one.shape[1] for one in arrays)
    if longest < MIN_TIMEPOINTS:
        raise SchemaError(
            f"the longest series has {longest} time points, and {MIN_TIMEPOINTS} are the least: the last axis is time, "
            "the one before it channels"
        )
    missing = sum(int(not np.isfinite(one).all()) for one in arrays)
    if missing:
        raise SchemaError(f"{missing:,} series have missing or infinite values; interpolate or drop them first")
    return arrays, container


def _numbers(values: Any) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise SchemaError(f"series of different lengths must be a list of arrays: {error}") from None
    if array.dtype.kind == "b" or array.dtype.kind not in "iuf":
        raise SchemaError(f"series must be numbers; got {array.dtype}")
    return array
