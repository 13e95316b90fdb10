"""Tables ↔ tensors, column by column."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.core.schema import Column, TableSchema
from ganaug.data.codec import Codec, Span
from ganaug.data.table.columns import (
    CategoryColumn,
    ColumnCodec,
    ConstantColumn,
    DependentColumn,
    NumericColumn,
    dense,
    fit_column,
    is_number,
)
from ganaug.data.table.dependencies import Dependency, find_dependencies
from ganaug.data.table.moments import WrittenMoments

_SPARSE: dict[str, Any] = {
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
}
_ARROW = re.compile(  # dtypes of pyarrow that pandas prints but does not parse
    r"(?:(?P<decimal>decimal\d+)\((?P<precision>\d+), (?P<scale>\d+)\)"
    r"|dictionary<values=(?P<values>[\w\[\]]+), indices=(?P<indices>\w+), ordered=(?P<ordered>[01])>)\[pyarrow\]"
)
_COLUMNS: TypeAdapter[list[ColumnCodec]] = TypeAdapter(list[ColumnCodec])
_DEPENDENCIES: TypeAdapter[list[Dependency]] = TypeAdapter(list[Dependency])


class TableCodec(Codec):
    """Rows of any container ↔ float32 rows.

    Numbers are standardised or turned into normal scores, categories one-hot; missing values and a dominant number are
    states of their own; dates and integers are exact. `decode` never gives a level, a missing value or a number that
    training did not show: it snaps to the observed grid and range of each column. What holds between columns
    (`ganaug.data.table.dependencies`) holds in decoded rows, if it was looked for.

    Parameters
    ----------
    schema : TableSchema
        Names, kinds, dtypes and container.
    columns : list of column codecs
        One for each column of the schema.
    categories : dict of int to (list, bool, str)
        Declared categories, whether they are ordered, and their dtype, for each column of dtype ``category``.
    dependencies : sequence of dependencies
        What holds between columns.
    moments : dict of int to WrittenMoments
        How columns that hold dates as text, or as ``datetime.date``, write them.
    """

    def __init__(
        self,
        schema: TableSchema,
        columns: list[ColumnCodec],
        categories: dict[int, tuple[list[Any], bool, str]],
        dependencies: Sequence[Dependency] = (),
        moments: dict[int, WrittenMoments] | None = None,
    ) -> None:
        self.schema = schema
        self.columns = columns
        self.categories = categories
        self.dependencies = list(dependencies)
        self.moments = moments or {}

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """What each slice of an encoded row is."""
        spans, start = [], 0
        for i, column in enumerate(self.columns):
            for dim, activation in column.parts:
                spans.append(Span(start, dim, activation, i))
                start += dim
        return tuple(spans)

    @property
    def sample_shape(self) -> tuple[int]:
        """Length of an encoded row."""
        return (sum(span.dim for span in self.spans),)

    @property
    def entries(self) -> tuple[Any, ...]:
        """A name for each entry of an encoded row, equal for what means the same in another table."""
        return tuple(
            (described.name, described.kind, entry)
            for described, column in zip(self.schema.columns, self.columns, strict=True)
            for entry in column.entries
        )

    @classmethod
    def fit(cls, X: Any, *, quantiles: bool = False, dependencies: bool = False) -> "TableCodec":
        """Learn every column's encoding.

        Parameters
        ----------
        X : DataFrame, ndarray, list of lists or sparse matrix of shape (n_samples, n_features)
            Missing values (NaN, None, NaT, NA) are allowed.
        quantiles : bool, default=False
            Whether numbers become normal scores, by their observed quantiles, instead of being standardised.
        dependencies : bool, default=False
            Whether to look for what holds between columns, so that decoded rows keep it.

        Raises
        ------
        SchemaError
            On infinite or complex numbers, ragged or empty input.
        """
        frame, container, dtype = _as_frame(X)
        names = [name if isinstance(name, (str, int)) else str(name) for name in frame.columns]
        given = [frame.iloc[:, i] for i in range(frame.shape[1])]
        _refuse_foreign(given)
        moments = {i: written for i, s in enumerate(given) if (written := WrittenMoments.find(s)) is not None}
        series = _read(given, moments)
        found = find_dependencies([dense(s) for s in series]) if dependencies else []
        columns: list[ColumnCodec] = [
            _dependent(whole) if s is None else fit_column(s, name, quantiles)
            for s, whole, name in zip(_derived(series, found), series, names, strict=True)
        ]
        schema = TableSchema(
            container=container,
            dtype=dtype,
            columns=tuple(
                Column(name=name, kind=_kind(column), dtype=str(s.dtype))
                for name, column, s in zip(names, columns, given, strict=True)
            ),
        )
        categories = {
            i: (list(s.dtype.categories), bool(s.dtype.ordered), str(s.dtype.categories.dtype))
            for i, s in enumerate(given)
            if isinstance(s.dtype, pd.CategoricalDtype)
        }
        return cls(schema, columns, categories, found, moments)

    def encode(self, X: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return ``(n, dim)`` float32; `rng` draws normal scores of tied numbers from the interval that they share.

        Raises
        ------
        SchemaError
            If the columns differ from those fitted, or hold a category or missing value that they did not.
        """
        frame, _, _ = _as_frame(X)
        if frame.shape[1] != len(self.columns):
            raise SchemaError(f"expected {len(self.columns)} columns, got {frame.shape[1]}")
        encoded = np.empty((len(frame), *self.sample_shape), dtype=np.float32)
        start = 0
        given = _read([frame.iloc[:, i] for i in range(frame.shape[1])], self.moments)
        series = _derived(given, self.dependencies)
        for column, values in zip(self.columns, series, strict=True):
            stop = start + sum(dim for dim, _ in column.parts)
            if values is not None:
                encoded[:, start:stop] = column.encode(dense(values), rng)
            start = stop
        return encoded

    def store(self, X: Any) -> np.ndarray:
        """Return ``(n, dim)`` float32 as training keeps it: encoded, ties spread over the scores that they share."""
        return self.encode(X, np.random.default_rng(0))

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return rows in the fitted container, with its columns and dtypes.

        Parameters
        ----------
        encoded : ndarray of shape (n, dim)
            What the generator made; one-hot parts need not be exact.
        rng : numpy.random.Generator
            Draws among the rare levels that share a one-hot.
        """
        decoded, start = [], 0
        for column in self.columns:
            stop = start + sum(dim for dim, _ in column.parts)
            decoded.append(column.decode(encoded[:, start:stop], rng))
            start = stop
        for dependency in self.dependencies:
            dependency.restore(decoded)
        for i, written in self.moments.items():
            decoded[i] = written.write(decoded[i])
        if self.schema.container == "frame":
            frame = pd.concat([self._restored(i, values) for i, values in enumerate(decoded)], axis=1)
            frame.columns = pd.Index([column.name for column in self.schema.columns])
            return frame
        array = np.empty((len(encoded), len(decoded)), dtype=self.schema.dtype)
        for i, values in enumerate(decoded):
            array[:, i] = values
        if self.schema.container == "list":
            return array.tolist()
        if self.schema.container == "array":
            return array
        return _SPARSE[self.schema.container](array)

    def _restored(self, i: int, values: np.ndarray) -> pd.Series:
        """Cast one decoded column to the dtype it came in."""
        dtype = self.schema.columns[i].dtype
        if i in self.categories:
            levels, ordered, kind = self.categories[i]
            return pd.Series(pd.Categorical(values, categories=pd.Index(levels, dtype=kind), ordered=ordered))
        if dtype == "object":
            column = self.columns[i]
            if isinstance(column, NumericColumn) and column.decimals == 0 and i not in self.moments:
                whole = [value if pd.isna(value) else int(value) for value in values]
                return pd.Series(whole, dtype=object)
            return pd.Series(values, dtype=object)
        if dtype.startswith("decimal"):
            places = dtype.split(", ")[1].partition(")")[0]
            values = np.array([None if pd.isna(value) else Decimal(f"{value:.{places}f}") for value in values])
        series = pd.Series(values, dtype=object if i in self.moments else None)
        if series.dtype.kind == "M" and "," in dtype:
            series = series.dt.tz_localize("UTC")
        return series.astype(_parse_dtype(dtype))

    def to_json(self) -> dict[str, Any]:
        """Return plain data.

        Raises
        ------
        SchemaError
            If a category is neither a string, a number nor a boolean (an interval, say).
        """
        self._check_plain()
        state = {
            "columns": [column.model_dump() for column in self.columns],
            "categories": {str(i): value for i, value in self.categories.items()},
            "dependencies": [dependency.model_dump() for dependency in self.dependencies],
            "moments": {str(i): written.model_dump() for i, written in self.moments.items()},
        }
        return json.loads(json.dumps(state, default=_plain))

    @classmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> "TableCodec":
        """Rebuild a codec from its schema and what `to_json` gave."""
        categories = {int(i): tuple(declared) for i, declared in state["categories"].items()}
        dependencies = _DEPENDENCIES.validate_python(state.get("dependencies", []))  # none before 0.2
        moments = {int(i): WrittenMoments(**written) for i, written in state.get("moments", {}).items()}
        codec = cls(
            TableSchema(**schema), _COLUMNS.validate_python(state["columns"]), categories, dependencies, moments
        )
        codec._check_plain()
        codec._check_dependencies()
        return codec

    def _check_dependencies(self) -> None:
        """Refuse a state whose dependencies speak of columns that are not there, or leave one without values."""
        named = [i for dependency in self.dependencies for i in dependency.named]
        computed = [i for dependency in self.dependencies for i in dependency.computed]
        dependent = [i for i, column in enumerate(self.columns) if isinstance(column, DependentColumn)]
        if sorted(computed) != dependent or not all(0 <= i < len(self.columns) for i in named):
            raise SchemaError("the dependencies between columns do not fit the columns")

    def _check_plain(self) -> None:
        for column, described in zip(self.columns, self.schema.columns, strict=True):
            levels = column.levels if isinstance(column, CategoryColumn) else [getattr(column, "value", None)]
            _check_plain(levels, described.name)
        for i, (levels, _, _) in self.categories.items():
            _check_plain(levels, self.schema.columns[i].name)


def _as_frame(X: Any) -> tuple[pd.DataFrame, Any, str | None]:
    """View any container as columns, and say which container and dtype it was."""
    if isinstance(X, pd.DataFrame):
        if 0 in X.shape:
            raise SchemaError(f"expected rows and columns; got a frame of shape {X.shape}")
        return X, "frame", None
    if sparse.issparse(X):
        container: Any = ("csc" if X.format == "csc" else "csr") + "_array" * isinstance(X, sparse.sparray)
        array = X.toarray()
    else:
        container = "list" if isinstance(X, list) else "array"
        try:
            array = np.asarray(X)
        except ValueError:
            raise SchemaError("expected rows of equal length; this list is ragged") from None
    if array.ndim != 2 or 0 in array.shape:
        raise SchemaError(f"expected a table of shape (n_samples, n_features); got shape {array.shape}")
    frame = pd.DataFrame(array.astype(array.dtype.newbyteorder("="), copy=False))
    return frame, container, array.dtype.str if array.dtype != object else "object"


def _read(series: list[pd.Series], moments: dict[int, WrittenMoments]) -> list[pd.Series]:
    """Return the columns, with moments where dates are written as text or objects."""
    return [moments[i].read(s) if i in moments else s for i, s in enumerate(series)]


def _parse_dtype(text: str) -> Any:
    """Return the pandas dtype that prints as `text`; pandas itself cannot parse its sparse and some of Arrow's."""
    if match := _ARROW.fullmatch(text):
        import pyarrow as pa

        if match["precision"]:
            return pd.ArrowDtype(getattr(pa, match["decimal"])(int(match["precision"]), int(match["scale"])))
        values, indices = (pa.type_for_alias(match[name]) for name in ("values", "indices"))
        return pd.ArrowDtype(pa.dictionary(indices, values, match["ordered"] == "1"))
    if text == "str":  # before pandas 3 texts are objects, and astype("str") makes "nan" of what is missing
        return pd.Series([""]).dtype
    if not text.startswith("Sparse["):
        return text
    subtype, fill = text[len("Sparse[") : -1].split(", ")
    fill = fill.split("(")[-1].rstrip(")")  # np.int64(3)
    return pd.SparseDtype(subtype, fill == "True" if subtype == "bool" else float(fill))


def _refuse_foreign(series: list[pd.Series]) -> None:
    """Raise `SchemaError` now if a column has a dtype that cannot be given back, or holds lists or structs."""
    for s in series:
        dtype: Any = s.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            continue
        try:
            known = _parse_dtype(str(dtype)) == dtype
            known &= getattr(dtype, "type", None) not in (list, dict)  # of pyarrow
        except (TypeError, ValueError, NotImplementedError, AttributeError):
            known = False
        if not known:
            raise SchemaError(
                f"column {s.name!r} has the dtype {dtype}, which cannot be learnt and given back; drop it, or cast it "
                "to numbers, text, dates or booleans"
            )


def _derived(series: list[pd.Series], dependencies: Sequence[Dependency]) -> list[pd.Series | None]:
    """Return what is encoded of each column; None: nothing."""
    derived: list[pd.Series | None] = [dense(s) for s in series] if dependencies else list(series)
    for dependency in dependencies:
        dependency.derive(derived)
    return derived


def _dependent(series: pd.Series) -> DependentColumn:
    series = dense(series)
    return DependentColumn(holds="numeric" if is_number(series) and series.nunique() > 2 else "category")


def _kind(column: ColumnCodec) -> Any:
    if isinstance(column, DependentColumn):
        return column.holds
    if isinstance(column, ConstantColumn):
        return "constant"
    if isinstance(column, CategoryColumn):
        return "category"
    return "numeric" if column.time is None else "datetime"


def _check_plain(levels: list[Any], name: object) -> None:
    odd = next(
        (level for level in levels if not isinstance(_plain(level), (str, int, float, bool, type(None)))),
        None,
    )
    if odd is not None:
        raise SchemaError(
            f"column {name!r} has values of type {type(odd).__name__}, which a checkpoint cannot hold; use strings"
        )


def _plain(value: Any) -> Any:
    """Return a Python scalar, None for any missing value but NaN."""
    if value is pd.NA or value is pd.NaT:
        return None
    return (
        value.item()
        if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64))
        else value
    )
