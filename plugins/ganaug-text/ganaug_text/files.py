"""Texts on disk: tables with a column of texts, and lines of JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
import pandas as pd
from ganaug.core.errors import SchemaError, did_you_mean
from ganaug.data.readers import Dataset, read_csv
from ganaug.data.readers.dataset import labelled
from ganaug.synthesis.plan import Shard
from ganaug.synthesis.writers.base import FilePerShard

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheet programs take for the start of one


def read_text_table(
    path: Path, *, target: str | None = None, column: str | None = None, encoding: str | None = None
) -> Dataset:
    """Read texts and labels from a table; asked for by ``--kind text``.

    Parameters
    ----------
    path : Path
    target : str, optional
        Column of the labels; by default the last one.
    column : str, optional
        Column of the texts; by default the one with the longest.
    encoding : str, optional

    Raises
    ------
    SchemaError
        If the file is no table, or has no such column.
    """
    read = read_csv(path, target=target, encoding=encoding)
    return _of_column(read, read.X, column, path)


def read_jsonl(path: Path, *, target: str | None = None, column: str | None = None) -> Dataset:
    """Read a file with a JSON object on each line, as `read_text_table` reads tables.

    Raises
    ------
    SchemaError
        If a line is something else, or there is no such column.
    """
    rows, number = [], 0
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):  # noqa: B007
            if line.strip():
                rows.append(json.loads(line))
                if not isinstance(rows[-1], dict):
                    raise ValueError("expected an object")
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise SchemaError(f"{path}, line {number}: expected a JSON object on each line ({error})") from None
    if not rows:
        raise SchemaError(f"{path} is empty")
    read = labelled(pd.DataFrame(rows), target, path)
    return _of_column(read, read.X, column, path)


def _of_column(read: Dataset, frame: pd.DataFrame, column: str | None, path: Path) -> Dataset:
    if column is not None and column not in frame.columns:
        raise SchemaError(f"{path} has no column {column!r}; {did_you_mean(column, frame.columns)}")
    remarks = [remark for remark in read.remarks if "is text because of" not in remark]
    if column is None:
        lengths = {name: frame[name].dropna().astype(str).str.len().mean() for name in frame.columns}
        column = max(lengths, key=lambda name: lengths[name])
        if len(lengths) > 1:
            remarks.append(f"the texts are taken from the column with the longest, {column!r}; --column names another")
    texts = frame[column]
    missing = int(texts.isna().sum())
    if missing:
        raise SchemaError(f"column {column!r} of {path} has {missing:,} missing texts; drop those rows")
    return Dataset(texts.astype(str), read.y, f"{path}, texts of column {column!r}", tuple(remarks), kind="text")


class TextCSVWriter(FilePerShard):
    """``<class>/00000.csv``: a column of texts, and the target."""

    kind: ClassVar[str | None] = "text"
    suffix = ".csv"

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write a header, then a line a text."""
        handle.write(self._line([_column(self), self.plan.target]))
        for chunk in chunks:
            for text in _each(chunk):
                handle.write(self._line([text, str(shard.class_plan.label)]))

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one header, then the texts of all."""
        header = self._line([_column(self), self.plan.target])
        with out.open("wb") as handle:
            handle.write(header)
            for part in parts:
                handle.write(part.read_bytes()[len(header) :])

    @classmethod
    def count(cls, path: Path) -> int:
        """Count the rows below the header."""
        with path.open(encoding="utf-8", newline="") as handle:
            return sum(1 for _ in csv.reader(handle)) - 1

    def _line(self, cells: list[str]) -> bytes:
        if self.plan.escape_formulas:
            cells = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(cells)
        return buffer.getvalue().encode()


class JSONLinesWriter(FilePerShard):
    """``<class>/00000.jsonl``: an object with text and target on each line."""

    kind: ClassVar[str | None] = "text"
    suffix = ".jsonl"

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write a line a text."""
        for chunk in chunks:
            for text in _each(chunk):
                row = {_column(self): text, self.plan.target: shard.class_plan.label}
                handle.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the lines of all."""
        with out.open("wb") as handle:
            for part in parts:
                handle.write(part.read_bytes())

    @classmethod
    def count(cls, path: Path) -> int:
        """Count the lines."""
        with path.open("rb") as handle:
            return sum(1 for line in handle if line.strip())


def _column(writer: FilePerShard) -> str:
    return writer.codec.schema.name or "text"


def _each(chunk: Any) -> list[str]:
    if hasattr(chunk, "columns"):
        chunk = chunk.iloc[:, 0]
    return [str(text) for text in np.asarray(chunk, dtype=object).tolist()]
