"""How a text file writes a table: its encoding, separator, quotes and decimal sign, found by looking."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ganaug.core.errors import SchemaError

MAX_COLUMNS = 100_000  # of a text table; more are a damaged file, and would need gigabytes
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
_MISSING = {"na", "n/a", "nan", "null", "none"}
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d?[./]\d\d?[./]\d{2,4}.*")


@dataclass(frozen=True)
class Dialect:
    """What pandas has to be told."""

    separator: str
    quote: str
    decimal: str
    first_line: int  # lines before the header
    named_rows: bool  # the header has no name for the first column
    header: bool  # whether the first line names the columns
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


def dialect_of(path: Path, encoding: str, header: bool | None = None) -> Dialect:
    """Look at the first rows of a table.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Of its text.
    header : bool, optional
        Whether the first line names the columns; by default it has to, and a line that looks like data is refused.

    Raises
    ------
    UnicodeDecodeError
        If they are not in that encoding.
    SchemaError
        If a line has more cells than `MAX_COLUMNS`, or the first line looks like data.
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
    widest = max(line.count(chosen[0]) for line in lines) if lines else 0
    if widest >= MAX_COLUMNS or (len(lines) == 1 and not whole and _width(path, chosen[0], encoding) >= MAX_COLUMNS):
        raise SchemaError(
            f"a line of {path} has more than {MAX_COLUMNS:,} cells (separated by {chosen[0]!r}): it is damaged, or "
            "lies on its side, with a row for each column; transpose it"
        )
    width = len(rows[0]) if rows else 0
    longer = [row for row in rows[1:] if len(row) == width + 1]
    named_rows = len(longer) > 0.9 * (len(rows) - 1) and any(row[-1].strip() for row in longer) and header is not False
    if header is None and (shown := _data_in_header(rows)):
        raise SchemaError(
            f"the first line of {path} looks like data ({shown}), not like names of columns: --no-header reads it as a "
            "row (header=False in Python), --header takes it for names (header=True)"
        )
    each = max(len(head), 1) / max(len(lines), 1)
    return Dialect(*chosen, _decimal(rows, header), first_line, named_rows, header is not False, each)


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


def _width(path: Path, separator: str, encoding: str) -> int:
    """Count the separators in the first line, as far as they matter."""
    count = 0
    with path.open(encoding=encoding, errors="replace") as handle:
        while count < MAX_COLUMNS and (part := handle.readline(2**20)):
            count += part.count(separator)
            if part.endswith("\n"):
                break
    return count


def _data_in_header(rows: list[list[str]]) -> str:
    """Return cells of the first row that look like data, for people; empty if it looks like names.

    A word above numbers or dates is a name, and settles it. So do whole numbers that count up by the same step, as
    columns of pixels or years are called, and those far from the numbers below. Otherwise numbers and dates above such
    ones are data, and so are words if most of them come again in their columns.
    """
    header, below = rows[0] if rows else [], [row for row in rows[1:] if len(row) == len(rows[0])]
    if len(below) < 2:
        return ""
    data: list[str] = []  # numbers and dates
    again: list[str] = []  # words that come again
    whole: list[int] = []
    for name, *column in zip(header, *below, strict=True):
        name, cells = name.strip(), [cell.strip() for cell in column if cell.strip()]
        if not name or not cells:
            continue
        alike = [form for form in (_is_number, _DATE.fullmatch) if sum(map(bool, map(form, cells))) > 0.9 * len(cells)]
        if alike and alike[0](name) and not _is_far(name, cells):
            data.append(name)
            whole += [int(name)] if _WHOLE_NUMBER.fullmatch(name) else []
        elif alike and any(letter.isalpha() for letter in name) and name.lower() not in _MISSING:
            return ""
        elif not alike:
            again += [name] * (name in cells)
    steps = {b - a for a, b in zip(whole, whole[1:], strict=False)}
    counts_up = len(whole) == len(data) and len(steps) == 1 and (len(whole) > 2 or steps == {1}) and min(steps) > 0
    if counts_up or (len(whole) == len(data) == 1 and not again):
        data = []
    if not data and len(again) <= len(header) / 2:
        return ""
    return ", ".join((data + again)[:3]) + (", …" if len(data + again) > 3 else "")


def _is_far(name: str, cells: list[str]) -> bool:
    """Whether a whole number lies far from those below it, as a year does from shares."""
    if not _WHOLE_NUMBER.fullmatch(name):
        return False
    if len(name) > 18:
        return len(name) > 2 * max(map(len, cells))
    numbers = [float(cell.replace(",", ".")) for cell in cells if _is_number(cell)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    return not 2 * low - high <= int(name) <= 2 * high - low


def _is_number(cell: str) -> bool:
    return bool(_WHOLE_NUMBER.fullmatch(cell) or _POINT_NUMBER.fullmatch(cell) or _COMMA_NUMBER.fullmatch(cell))


def _decimal(rows: list[list[str]], header: bool | None) -> str:
    """Return a comma if some column is written with decimal commas, and none with points."""
    commas = points = False
    below = rows if header is False else rows[1:]
    for column in zip(*(row for row in below if len(row) == len(rows[-1])), strict=True):
        cells = [cell.strip() for cell in column if cell.strip()]
        numbers = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
        whole = sum(_WHOLE_NUMBER.fullmatch(cell) is not None for cell in cells)
        thousands = all(len(cell.partition(",")[2]) == 3 and cell.lstrip("+-")[0] != "0" for cell in numbers)
        if numbers and len(numbers) + whole > 0.9 * len(cells) and not thousands:
            commas = True
        points |= any(_POINT_NUMBER.fullmatch(cell) for cell in cells)
    return "," if commas and not points else "."
