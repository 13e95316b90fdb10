"""Tables as text: CSV and its kin."""

import codecs
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pdt

from ganaug.core.errors import SchemaError
from ganaug.data.readers.dataset import Dataset, labelled
from ganaug.data.readers.dialect import Dialect, dialect_of, encodings_of

_CHUNK = 2**25  # bytes of text that are parsed at once
_SCANNED = 2**18  # letters that are looked through at once
_CELL = 64  # letters that are looked at again where two pieces meet
_MAX_TRIED = 10_000  # places that may begin a code; where there are more, the parser decides


def read_csv(
    path: Path, *, target: str | None = None, encoding: str | None = None, header: bool | None = None
) -> Dataset:
    """Read a table with a header row; the target is its last column unless named.

    Separator (comma, semicolon, tab, bar), quotes, decimal sign and encoding are found by looking; empty cells are
    missing values. Whole numbers with leading zeros, such as postal codes, are read as text. The file is read in
    chunks, so that the memory needed is little more than the table's own.

    Parameters
    ----------
    path : Path
        The file.
    target : str, optional
        Label column.
    encoding : str, optional
        Python's name of the encoding. By default what the byte order mark says, else UTF-8, else cp1252.
    header : bool, optional
        Whether the first line names the columns; if not, they are called 0, 1, 2, … By default it has to, and a first
        line that looks like data is refused.

    Raises
    ------
    SchemaError
        If the file is no table, the target is unknown or its values are no classes.
    """
    remarks: list[str] = []
    for name in _encodings(path, encoding):
        try:
            dialect = dialect_of(path, name, header)
            codes = find_codes(path, dialect, name)
            frame = _frame(path, dialect, name, codes)
        except SchemaError:
            raise
        except UnicodeError as error:
            wrong = getattr(error, "reason", error)
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning, ValueError) as error:
            said = str(error).strip().replace("C error: ", "").splitlines()[0] if str(error).strip() else "no rows"
            raise SchemaError(f"cannot read {path} as a table: {said}") from None
        if encoding is None and name in ("cp1252", "latin-1"):
            remarks.append(f"{path} is not UTF-8; it is read as {name}: if letters look wrong, give --encoding")
        break
    else:
        raise SchemaError(f"cannot read {path} as {name} text ({wrong}); give --encoding, or save it as UTF-8")
    if dialect.decimal == ",":
        remarks.append("numbers are read with decimal commas")
    if not dialect.header:
        remarks.append(f"the first line is read as a row; columns are called 0 to {frame.shape[1] - 1}")
    if codes:
        listed = ", ".join(repr(code) for code in codes[:3]) + (", …" if len(codes) > 3 else "")
        remarks.append(f"read as text, because of leading zeros: column {listed}")
    frame, aside = _without_row_names(frame, dialect)
    return labelled(frame, target, path, [*remarks, *aside])


def _encodings(path: Path, encoding: str | None) -> list[str]:
    if encoding is None:
        return encodings_of(path)
    try:
        text = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        text = False
    if not text:
        raise SchemaError(
            f"there is no text encoding {encoding!r}; usual ones: utf-8, utf-16, cp1252, latin-1, shift_jis"
        )
    return [encoding]


@contextmanager
def parser(path: Path, dialect: Dialect, encoding: str, **options: Any) -> Iterator[Any]:
    """Open a table; a row with more cells than the header is an error."""
    with path.open("rb") as handle, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        yield pd.read_csv(
            handle,
            encoding=encoding,
            sep=dialect.separator,
            quotechar=dialect.quote,
            decimal=dialect.decimal,
            skiprows=dialect.first_line,
            header="infer" if dialect.header else None,
            index_col=0 if dialect.named_rows else False,
            low_memory=False,
            **options,
        )


def find_codes(path: Path, dialect: Dialect, encoding: str) -> list[Any]:
    """Return the columns of whole numbers some of which begin with zeros, ``01067``: codes, which a number is not.

    The whole file is looked at, but only one that has such a cell is parsed for them.
    """
    if not _has_code(path, dialect, encoding):
        return []
    rows = max(int(_CHUNK / dialect.bytes_a_row), 100)
    other: set[Any] = set()  # columns that hold something else too
    padded: dict[Any, None] = {}
    with parser(path, dialect, encoding, chunksize=rows, dtype=str) as chunks:
        for chunk in chunks:
            for name in chunk.columns.difference(list(other), sort=False):
                texts = chunk[name].dropna().str.strip()
                if not texts.str.fullmatch(r"[+-]?\d+").all():
                    other.add(name)
                elif texts.str.match(r"0\d").any():
                    padded[name] = None
    return [name for name in padded if name not in other]


def _has_code(path: Path, dialect: Dialect, encoding: str) -> bool:
    """Whether some cell is digits that begin with a zero; a word that may be one counts as such."""
    edges = dialect.separator + dialect.quote + "\r\n "
    cell = re.compile(rf"0\d+(?=[{re.escape(edges)}]|$)")
    is_edge, is_digit = (
        np.isin(np.arange(256), np.frombuffer(some.encode(), np.uint8)) for some in (edges, "0123456789")
    )
    with path.open(encoding=encoding, newline="") as handle:
        kept = "\n"
        while part := handle.read(_SCANNED):
            text = kept + part
            raw = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
            hits = np.flatnonzero(is_edge[raw[:-2]] & (raw[1:-1] == ord("0")) & is_digit[raw[2:]]) + 1
            if len(hits) > _MAX_TRIED or any(cell.match(text, place) for place in hits.tolist()):
                return True
            kept = text[-_CELL:]
    return False


def _frame(path: Path, dialect: Dialect, encoding: str, codes: list[Any]) -> pd.DataFrame:
    """Read in chunks; a column whose chunks disagree about its type is read again, whole."""
    rows = max(int(_CHUNK / dialect.bytes_a_row), 100)
    columns: list[_Column] = []
    as_text = dict.fromkeys(codes, str)
    with parser(path, dialect, encoding, chunksize=rows, dtype=as_text) as chunks:
        for chunk in chunks:
            names = chunk.columns
            columns = columns or [_Column() for _ in names]
            for i, column in enumerate(columns):
                column.append(chunk.iloc[:, i])
    unclear = [i for i, column in enumerate(columns) if column.unclear]
    series = {i: column.series() for i, column in enumerate(columns)}
    if unclear:
        only = None if dialect.named_rows else unclear  # pandas cannot do both
        with parser(path, dialect, encoding, usecols=only, dtype=as_text) as again:
            again = again.reset_index(drop=True)
            series |= {i: again.iloc[:, i if only is None else place] for place, i in enumerate(unclear)}
    frame = pd.DataFrame(series, copy=False)
    frame.columns = names if dialect.header else names.astype(str)
    return frame


class _Column:
    """One column that grows in place as chunks come: holding all chunks until they are joined would double it."""

    def __init__(self) -> None:
        self.unclear = False  # whether its type changed in a way that only the whole column can settle
        self._numbers: np.ndarray | None = None
        self._parts: list[pd.Series[Any]] = []  # of text, whose chunks are joined without a copy

    def append(self, part: "pd.Series[Any]") -> None:
        """Add the column's next values."""
        if self.unclear:
            return
        number = isinstance(part.dtype, np.dtype) and part.dtype.kind in "bif"
        if self._numbers is None and number and not self._parts:
            self._numbers = part.to_numpy(copy=True)
        elif self._numbers is None and not number:
            self._parts.append(part.copy())
            self.unclear |= part.dtype != self._parts[0].dtype
        elif (
            self._numbers is not None
            and number
            and (part.dtype == self._numbers.dtype or {part.dtype.kind, self._numbers.dtype.kind} == {"i", "f"})
        ):
            if part.dtype.kind == "f" and self._numbers.dtype.kind == "i":
                self._numbers = self._numbers.astype(np.float64)
            length = len(self._numbers)
            self._numbers.resize(length + len(part), refcheck=False)
            self._numbers[length:] = part.to_numpy()
        else:
            self.unclear = True
        if self.unclear:
            self._numbers, self._parts = None, []

    def series(self) -> "pd.Series[Any]":
        """Return the whole column, empty if unclear."""
        if self._numbers is not None:
            return pd.Series(self._numbers, copy=False)
        return pd.concat(self._parts, ignore_index=True) if self._parts else pd.Series()


def _without_row_names(frame: pd.DataFrame, dialect: Dialect) -> tuple[pd.DataFrame, list[str]]:
    """Leave out what only names or numbers the rows: learning it would be learning the order of the file."""
    if dialect.named_rows:
        return frame, ["the first column has no name in the header: it names the rows and is left out"]
    first = frame.columns[0]
    if frame.shape[1] > 2 and first == "Unnamed: 0" and pdt.is_integer_dtype(frame[first].dtype):
        start = int(frame[first].iloc[0])
        if start in (0, 1) and (frame[first] == np.arange(start, start + len(frame))).all():
            return frame.drop(columns=first), ["the first column has no name and counts the rows; it is left out"]
    return frame, []
