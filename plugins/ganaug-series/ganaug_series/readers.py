"""Labelled series from disk: ``.ts`` files, and folders of CSV files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ganaug.core.errors import SchemaError
from ganaug.data.readers import Dataset

_MISSING = {"?", "NaN", "nan", ""}


def read_ts(path: Path) -> Dataset:
    """Read the text format of aeon, sktime and the UCR/UEA archive, with class labels.

    Raises
    ------
    SchemaError
        If the file is none, has time stamps, missing values or no class labels.
    """
    try:
        with path.open(encoding="utf-8") as handle:
            lines = enumerate(handle, start=1)
            labelled = _read_header(lines, path)
            if not labelled:
                raise SchemaError(f"{path} has no class labels (@classLabel true …), which learning classes needs")
            found = [_read_line(line, n, path) for n, line in lines if line.strip() and not line.startswith("#")]
    except UnicodeDecodeError as error:
        raise SchemaError(f"cannot read {path}: it is no UTF-8 text ({error.reason})") from None
    if not found:
        raise SchemaError(f"{path} has no series below @data")
    series, labels = zip(*found, strict=True)
    return Dataset(_stacked(list(series), path), np.array(labels), str(path), kind="series")


def _read_header(lines: Iterator[tuple[int, str]], path: Path) -> bool:
    """Read up to ``@data``; return whether there are class labels."""
    said: dict[str, list[str]] = {}
    for _, line in lines:
        words = line.split()
        if words and words[0].startswith("@"):
            if words[0].lower() == "@data":
                break
            said[words[0].lower()] = words[1:]
    else:
        raise SchemaError(f"cannot read {path} as .ts: it has no line @data")
    if said.get("@timestamps", ["false"])[0].lower() == "true":
        raise SchemaError(f"{path} has time stamps; resample it to even steps and write it without them")
    return said.get("@classlabel", ["false"])[0].lower() == "true"


def _read_line(line: str, number: int, path: Path) -> tuple[np.ndarray, str]:
    *channels, label = line.strip().split(":")
    rows = [channel.split(",") for channel in channels]
    if any(value.strip() in _MISSING for row in rows for value in row):
        raise SchemaError(f"{path}, line {number}: values are missing; interpolate or drop the series first")
    try:
        return np.array(rows, dtype=np.float64), label.strip()
    except ValueError:
        raise SchemaError(
            f"{path}, line {number}: expected channels of equally many numbers, separated by ':', and a label"
        ) from None


def read_folder(path: Path) -> Dataset:
    """Read a folder with a subfolder for each class, and in it a CSV file for each series: a column a channel.

    A first line of names is left out. Asked for by ``--kind series``.

    Raises
    ------
    SchemaError
        If there are no such files, or one is no table of numbers.
    """
    files = [(file, folder.name) for folder in sorted(path.iterdir()) if folder.is_dir() for file in _tables(folder)]
    if not files:
        raise SchemaError(f"{path} needs a subfolder for each class with a .csv file for each series")
    series, labels = zip(*((_read_table(file), label) for file, label in files), strict=True)
    said = f"{path}, {len(files):,} files"
    return Dataset(_stacked(list(series), path), np.array(labels), said, kind="series")


def _tables(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.csv") if file.is_file() and not file.name.startswith("."))


def _read_table(file: Path) -> np.ndarray:
    """Return ``(channels, timepoints)``."""
    lines = [line.split(",") for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    named = bool(lines) and not _are_numbers(lines[0])
    try:
        return np.array(lines[named:], dtype=np.float64).T
    except ValueError:
        raise SchemaError(f"{file} is no table of numbers: expected a row a time point, a column a channel") from None


def _are_numbers(values: list[str]) -> bool:
    try:
        return bool(np.isfinite(np.array(values, dtype=np.float64)).all())
    except ValueError:
        return False


def _stacked(series: list[np.ndarray], path: Path) -> np.ndarray | list[np.ndarray]:
    """Return an array if all are of one shape."""
    channels = {len(one) for one in series}
    if len(channels) > 1:
        raise SchemaError(
            f"the series of {path} have {min(channels)} to {max(channels)} channels; expected as many in all"
        )
    return np.stack(series) if len({one.shape for one in series}) == 1 else series
