"""Dates that a table holds as text or as Python's own objects: learnt as moments, given back as they were written."""

import re
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from pandas.api import types as pdt
from pydantic import BaseModel, ConfigDict

from ganaug.core.errors import SchemaError

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<separator>[T ])\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_UNITS = {10: "D", 16: "m", 19: "s"}  # by the length of the text without a zone; longer ones have fractions of seconds


def read_moments(frame: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two frames of the same columns with moments where both write them alike."""
    frame, other = frame.copy(deep=False), other.copy(deep=False)
    for name in frame.columns[~frame.columns.duplicated(keep=False)]:
        written, others = WrittenMoments.find(frame[name]), WrittenMoments.find(other[name])
        if written is not None and others is not None and others.style == written.style:
            frame[name], other[name] = written.read(frame[name]), written.read(other[name])
    return frame, other


class WrittenMoments(BaseModel):
    """How every value of a column writes a moment: one length, one separator, one zone."""

    model_config = ConfigDict(frozen=True)

    holds: Literal["text", "date"]  # "date": objects of the class datetime.date
    length: int = 10  # of the text, without the zone
    separator: str = "T"
    zone: str = ""
    missing: Literal["none", "nan"] = "nan"

    @classmethod
    def find(cls, series: pd.Series) -> "WrittenMoments | None":
        """Return how a column writes its moments; None if it holds anything else, or not always written alike."""
        dtype: Any = series.dtype
        arrow = str(dtype).startswith("date32")
        texts = pdt.is_object_dtype(dtype) or pdt.is_string_dtype(dtype)
        if isinstance(dtype, pd.CategoricalDtype) or not (arrow or texts):
            return None
        gaps = series.isna()
        known = series[~gaps]
        if known.empty:
            return None
        missing: Any = "none" if gaps.any() and series[gaps].iloc[0] is None else "nan"
        first = known.iloc[0]
        if arrow or pdt.infer_dtype(known) == "date":
            return cls(holds="date", missing=missing)
        match = _ISO.fullmatch(first) if isinstance(first, str) else None
        if match is None:
            return None
        zone = match["zone"] or ""
        found = cls(
            holds="text",
            length=len(first) - len(zone),
            separator=match["separator"] or "T",
            zone=zone,
            missing=missing,
        )
        return found if found._moments(known) is not None else None

    def read(self, series: pd.Series) -> pd.Series:
        """Return a column of moments, datetime64 without a zone.

        Raises
        ------
        SchemaError
            If a value is written otherwise.
        """
        known = series.dropna()
        values = self._moments(known)
        if values is None:
            said = "dates that are not all written as in training" if len(known) else "no dates"
            raise SchemaError(f"column {series.name!r} holds {said}")
        moments = pd.Series(pd.NaT, index=np.arange(len(series)), dtype=pd.Series(values).dtype)
        moments[series.notna().to_numpy()] = values
        return moments.set_axis(series.index).rename(cast(Any, series.name))

    def write(self, moments: np.ndarray) -> np.ndarray:
        """Return moments as the column writes them, ``(n,)`` objects."""
        known = ~np.isnat(moments)
        written = np.full(len(moments), None if self.missing == "none" else np.nan, dtype=object)
        if self.holds == "date":
            written[known] = moments[known].astype("M8[D]").astype(object)
            return written
        texts = np.datetime_as_string(moments[known], unit=self._unit)
        written[known] = [text[: self.length].replace("T", self.separator) + self.zone for text in texts.tolist()]
        return written

    @property
    def style(self) -> tuple[Any, ...]:
        """What is equal where moments are written alike."""
        return self.holds, self.length, self.separator, self.zone

    @property
    def _unit(self) -> Any:
        return _UNITS.get(self.length, "us" if self.length <= 26 else "ns")

    def _moments(self, known: pd.Series) -> np.ndarray | None:
        """Return the moments of values none of which is missing; None if one is no moment, or written otherwise."""
        if self.holds == "date":
            if len(known) and pdt.infer_dtype(known.astype(object)) != "date":
                return None
            return np.array(known.tolist(), dtype="M8[D]").astype("M8[s]")
        stop = self.length
        texts = known.drop_duplicates().tolist()
        for text in texts:
            match = _ISO.fullmatch(text) if isinstance(text, str) else None
            alike = match and len(text) == stop + len(self.zone) and (match["zone"] or "") == self.zone
            if not alike or (match["separator"] or "T") != self.separator:  # type: ignore[index]
                return None
        unit = self._unit if stop > 19 else "s"
        try:
            values = np.array([text[:stop] for text in texts], dtype="M8[us]" if unit == "us" else f"M8[{unit}]")
        except ValueError:  # the 30th of February
            return None
        if unit == "ns" and (values.astype("M8[s]") != np.array([t[:19] for t in texts], dtype="M8[s]")).any():
            return None  # beyond what nanoseconds count
        places = pd.Series(np.arange(len(texts)), index=pd.Index(texts, dtype=object))
        return values[places[known.astype(object).to_numpy()].to_numpy()] if len(texts) else values
