"""NumPy's ``.npz`` archives."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.data.readers.dataset import Dataset, check_labels

_SAMPLES = ("images", "X", "x", "data")  # names of samples and labels, in order of preference
_LABELS = ("labels", "y", "target")
_NAMES = "class_names"


def read_npz(path: Path) -> Dataset:
    """Read a ``.npz`` file with ``images`` or ``X``, and ``labels`` or ``y``; ``class_names`` name integer labels.

    Other arrays in the file are not read.

    Raises
    ------
    SchemaError
        If the arrays are missing, pickled, larger than the memory or of unequal length, or the labels are no classes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        names = [next((name for name in known if name in members), None) for known in (_SAMPLES, _LABELS)]
        wanted = [name for name in (*names, _NAMES if _NAMES in members else None) if name is not None]
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
    if y.ndim != 1 or X.shape[:1] != y.shape or len(y) == 0:
        raise SchemaError(f"{path} holds samples of shape {X.shape}, labels of {y.shape}; expected one label a sample")
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


def _refuse_bomb(n_bytes: int, path: Path) -> None:
    """Refuse arrays that the machine's memory cannot hold, however small the archive is."""
    if not hasattr(os, "sysconf"):
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if n_bytes > memory:
        raise SchemaError(
            f"{path} unpacks to {n_bytes / 1e9:,.0f} GB, more than this machine's memory ({memory / 1e9:,.0f} GB)"
        )


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError) and "pickle" in str(error):
        return "it holds pickled objects, which are never loaded"
    return str(error) or type(error).__name__
