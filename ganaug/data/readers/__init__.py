"""Read labelled data from disk: an image folder, a ``.npz`` file, a CSV or Parquet table.

A reader is registered in the entry-point group ``ganaug.readers`` under the suffix it reads (without the dot), or as
``folder``; it is called with the path and the options that it knows.
"""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganaug.core import registry
from ganaug.core.errors import PluginNotFoundError, SchemaError
from ganaug.data.readers.dataset import Dataset
from ganaug.data.readers.folder import read_image_folder
from ganaug.data.readers.npz import read_npz
from ganaug.data.readers.parquet import read_parquet
from ganaug.data.readers.text import read_csv

__all__ = [
    "Dataset",
    "bundled_digits",
    "read",
    "read_csv",
    "read_image_folder",
    "read_npz",
    "read_parquet",
]


def read(
    path: Path,
    *,
    kind: str = "auto",
    target: str | None = None,
    column: str | None = None,
    image_size: tuple[int, int] | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    strict: bool = False,
) -> Dataset:
    """Read a data set with the reader for its suffix, or the folder reader.

    A kind that was named comes before: its own reader for ``csv`` is registered as ``<kind>-csv``.

    Parameters
    ----------
    path : Path
        An image folder with one subfolder per class, ``.npz``, ``.csv``, ``.tsv`` or ``.parquet``.
    kind : str, default="auto"
        What the samples are, as for `ganaug.train`.
    target : str, optional
        Label column of a table; by default the last one.
    column : str, optional
        Column of the samples, for readers that take one.
    image_size : (int, int), optional
        Height and width that every image of a folder is resized to.
    encoding : str, optional
        Of a text table; by default found by looking.
    header : bool, optional
        Whether the first line of a text table names its columns; by default it has to, and is refused if it looks like
        data.
    strict : bool, default=False
        Whether a file that cannot be read is an error; otherwise it is left out, with a warning that names it.

    Raises
    ------
    SchemaError
        If there is nothing at `path`, no reader for it, an option does not apply, or the content is unusable.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_iris(as_frame=True).frame.to_csv(f"{folder}/iris.csv", index=False, sep=";")
    ...     dataset = read(Path(folder) / "iris.csv")
    >>> dataset.X.shape, dataset.y.name
    ((150, 4), 'target')
    """
    if not path.exists():
        raise SchemaError(f"there is no file or folder {path}")
    suffix = "folder" if path.is_dir() else path.suffix.lower().removeprefix(".")
    try:
        reader = registry.lookup("readers", registry.own_name("readers", kind, suffix))
    except PluginNotFoundError:
        names = (name for name in registry.names("readers") if "-" not in name)
        known = ", ".join("folders" if name == "folder" else f".{name}" for name in names)
        raise SchemaError(f"cannot read {path}: expected one of {known}") from None
    if suffix != "folder" and not path.is_file():
        raise SchemaError(f"cannot read {path}: a pipe, a socket or a device, not a file")
    options = {"target": target, "column": column, "image_size": image_size, "encoding": encoding, "header": header}
    given = {name: value for name, value in options.items() if value is not None}
    unfit = given.keys() - (reader.__kwdefaults__ or {}).keys()
    if unfit:
        raise SchemaError(f"{min(unfit)} has no meaning for {path}")
    try:
        dataset = reader(path, **given)
    except OSError as error:
        raise SchemaError(f"cannot read {path}: {error.strerror or error}") from error
    if dataset.skipped:
        _report(dataset, strict)
    if kind != "auto":
        dataset = replace(dataset, kind=kind)
    classes = np.unique(np.asarray(dataset.y))
    if len(classes) > 1:
        return dataset
    remark = f"there is one class only, {str(classes[0])!r}: what sets it apart from others cannot be learnt"
    return replace(dataset, remarks=(*dataset.remarks, remark))


def _report(dataset: Dataset, strict: bool) -> None:
    """Warn about files that were left out, or raise."""
    n = len(dataset.skipped)
    said = "; ".join(f"{name} ({reason})" for name, reason in dataset.skipped[:5]) + ("; …" if n > 5 else "")
    if strict:
        raise SchemaError(f"{n:,} files of {dataset.source} cannot be read: {said}")
    warnings.warn(f"left out {n:,} unreadable of {n + len(dataset.y):,} images: {said}", stacklevel=3)


def bundled_digits() -> Dataset:
    """Return scikit-learn's 1,797 handwritten digits: ``(1797, 8, 8)`` float 0…16, labels 0…9."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Dataset(digits.images, digits.target, "scikit-learn's bundled digits (1,797 images of 8 × 8)")
