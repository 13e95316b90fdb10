"""How a text file writes a table: its encoding, separator, quotes and decimal sign, found by looking."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ganaug.core.errors import SchemaError

_SAMPLE = 2**18  # bytes that are looked at
_ROWS = 200
_MARKS = [  # byte order marks; UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel file; save it as CSV",
    b"\x1f\x8b": "compressed with gzip; unpack it",
    b"PAR1": "a Parquet file; name it *.parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save it as CSV",
}
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class Dialect:
    """What pandas has to be told."""

    separator: str
    quote: str
    decimal: str
    first_line: int  # lines before the header
    named_rows: bool  # the header has no name for the first column
    bytes_a_row: float


def encodings_of(path: Path) -> list[str]:
    """Return encodings to try, in order: by byte order mark, by zeros, UTF-8, then Western ones.

    Raises
    ------
    SchemaError
        If the file is no text.
    """
    with path.open("rb") as handle:
        head = handle.read(_SAMPLE)
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise SchemaError(f"{path} is {what}")
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is not None:
        return [marked]
    zeros = [head[parity::2].count(0) / max(len(head) // 2, 1) for parity in (0, 1)]
    if max(zeros) > 0.4 and min(zeros) < 0.1:
        return ["utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"]
    if 0 in head:
        raise SchemaError(f"cannot read {path} as a table: it holds NUL bytes, so it is no text")
    return ["utf-8", "cp1252", "latin-1"]


def dialect_of(path: Path, encoding: str) -> Dialect:
    """Look at the first rows of a table.

    Raises
    ------
    UnicodeDecodeError
        If they are not in that encoding.
    """
    with path.open("rb") as handle:
        head = handle.read(_SAMPLE)
        whole = not handle.read(1)
    text = codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    if not whole and len(lines) > 1:
        lines.pop()
    first_line, separators = 0, "\t" if path.suffix.lower() == ".tsv" else ",;\t|"
    hint = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None  # Excel's
    if hint:
        first_line, separators = 1, hint[1]
    tried = {(s, q): _rows(lines[first_line:], s, q) for s in separators for q in "\"'"}
    chosen = max(tried, key=lambda key: _plausibility(tried[key], key[1]))
    rows = tried[chosen]
    width = len(rows[0]) if rows else 0
    longer = [row for row in rows[1:] if len(row) == width + 1]
    named_rows = len(longer) > 0.9 * (len(rows) - 1) and any(row[-1].strip() for row in longer)
    return Dialect(*chosen, _decimal(rows), first_line, named_rows, max(len(head), 1) / max(len(lines), 1))


def _rows(lines: list[str], separator: str, quote: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(iter(lines), delimiter=separator, quotechar=quote):
            if row:
                rows.append(row)
            if len(rows) == _ROWS:
                break
    except csv.Error:
        return []
    return rows


def _plausibility(rows: list[list[str]], quote: str) -> tuple[bool, bool, float, bool, int]:
    """Rank a reading: several columns, bare names in the header, rows as long as it, double quotes, many columns."""
    width = len(rows[0]) if rows else 0
    bare = not any(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in rows[0]) if rows else False
    same = sum(len(row) in (width, width + 1) for row in rows) / max(len(rows), 1)
    return width > 1, bare, round(same, 1), quote == '"', width


def _decimal(rows: list[list[str]]) -> str:
    """Return a comma if some column is written with decimal commas, and none with points."""
    commas = points = False
    for column in zip(*(row for row in rows[1:] if len(row) == len(rows[-1])), strict=True):
        cells = [cell.strip() for cell in column if cell.strip()]
        numbers = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
        whole = sum(_WHOLE_NUMBER.fullmatch(cell) is not None for cell in cells)
        thousands = all(len(cell.partition(",")[2]) == 3 and cell.lstrip("+-")[0] != "0" for cell in numbers)
        if numbers and len(numbers) + whole > 0.9 * len(cells) and not thousands:
            commas = True
        points |= any(_POINT_NUMBER.fullmatch(cell) for cell in cells)
    return "," if commas and not points else "."
