"""NumPy's ``.npz`` archives."""

import math
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.core.memory import free_memory
from ganaug.data.readers.dataset import Dataset, check_labels

_SAMPLES = ("images", "X", "x", "data")  # names of samples and labels, in order of preference
_LABELS = ("labels", "y", "target")
_NAMES = "class_names"


def read_npz(path: Path) -> Dataset:
    """Read a ``.npz`` file with ``images`` or ``X``, and ``labels`` or ``y``; ``class_names`` name integer labels.

    Shapes are read and compared first: nothing is unpacked that does not fit together, or into memory. Other arrays in
    the file are not read.

    Raises
    ------
    SchemaError
        If the arrays are missing, pickled, larger than the free memory or of unequal length, or the labels are no
        classes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            names = [next((name for name in known if name in members), None) for known in (_SAMPLES, _LABELS)]
            wanted = [name for name in (*names, _NAMES if _NAMES in members else None) if name is not None]
            shapes = {name: _shape(archive, members[name]) for name in wanted}
        if None not in names:
            _refuse_unequal(shapes[str(names[0])], shapes[str(names[1])], path)
        _refuse_bomb(sum(members[name].file_size for name in wanted), path)
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
            contents = {name: np.asarray(arrays[name]) for name in wanted}
    except (SchemaError, OSError):
        raise
    except Exception as error:  # whatever the parsers of zip archives and arrays trip over
        raise SchemaError(f"cannot read {path}: not a whole .npz file of plain arrays ({_reason(error)})") from None
    for known, name in zip((_SAMPLES, _LABELS), names, strict=True):
        if name is None:
            held = ", ".join(members) or "nothing"
            raise SchemaError(f"{path} has none of the arrays {', '.join(known)}; it has {held}")
    X, y = (contents[str(name)] for name in names)
    return Dataset(X, _labels(y, contents.get(_NAMES), path), str(path))


def _labels(y: np.ndarray, class_names: np.ndarray | None, path: Path) -> np.ndarray:
    y = y.astype(y.dtype.newbyteorder("="), copy=False)
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "backslashreplace")
    if y.dtype.kind not in "iufbU":
        raise SchemaError(f"{path} has labels of dtype {y.dtype}; expected whole numbers, booleans or text")
    check_labels(pd.Series(y), f"{path}", f"labels are read from {', '.join(_LABELS)}")
    fitting = class_names is not None and class_names.ndim == 1 and class_names.dtype.kind in "iufbU"
    if fitting and y.dtype.kind in "iu" and y.min() >= 0 and y.max() < len(class_names):  # type: ignore[arg-type]
        return class_names[y]  # type: ignore[index]
    return y


def _shape(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, ...]:
    """Read the shape of an array alone.

    Raises
    ------
    ValueError
        If it is pickled, or its shape asks for more than the archive holds.
    """
    with archive.open(member) as handle:
        version = np.lib.format.read_magic(handle)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(handle)
        start = handle.tell()
    if dtype.hasobject:
        raise ValueError("pickle")
    if math.prod(shape) * dtype.itemsize > member.file_size - start:
        raise ValueError(f"{member.filename} is cut: {shape} of {dtype} is more than its {member.file_size:,} bytes")
    return shape


def _refuse_unequal(X: tuple[int, ...], y: tuple[int, ...], path: Path) -> None:
    if len(y) != 1 or X[:1] != y or y[0] == 0:
        raise SchemaError(f"{path} holds samples of shape {X}, labels of {y}; expected one label a sample")


def _refuse_bomb(n_bytes: int, path: Path) -> None:
    """Refuse arrays that memory cannot hold, however small the archive is."""
    free = free_memory()
    if free is not None and n_bytes > free:
        raise SchemaError(f"{path} unpacks to {n_bytes / 1e9:,.1f} GB; {free / 1e9:,.1f} GB of memory are free")


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError) and "pickle" in str(error):
        return "it holds pickled objects, which are never loaded"
    return str(error) or type(error).__name__
