"""Read labelled data from disk: an image folder, a ``.npz`` file or a CSV table.

A reader is registered in the entry-point group ``ganaug.readers`` under the suffix it reads (without the dot), or as
``folder``; it is called with the path and the options that it knows.
"""

import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from ganaug.core import registry
from ganaug.core.errors import PluginNotFoundError, SchemaError, did_you_mean

_IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
_SAMPLES = ("images", "X", "x", "data")  # names of samples and labels in .npz files, in order of preference
_LABELS = ("labels", "y", "target")


@dataclass(frozen=True)
class Dataset:
    """Samples, their labels, and where they came from."""

    X: Any  # whatever `ganaug.train` takes
    y: Any  # (n_samples,)
    source: str  # for people


def read(path: Path, *, target: str | None = None, image_size: tuple[int, int] | None = None) -> Dataset:
    """Read a data set with the reader for its suffix, or the folder reader.

    Parameters
    ----------
    path : Path
        An image folder with one subfolder per class, ``.npz``, ``.csv`` or ``.tsv``.
    target : str, optional
        Label column of a table; by default the last one.
    image_size : (int, int), optional
        Height and width that every image of a folder is resized to.

    Raises
    ------
    SchemaError
        If there is nothing at `path`, no reader for it, an option does not apply, or the content is unusable.
    """
    if not path.exists():
        raise SchemaError(f"there is no file or folder {path}")
    kind = "folder" if path.is_dir() else path.suffix.lower().removeprefix(".")
    try:
        reader = registry.lookup("readers", kind)
    except PluginNotFoundError:
        known = ", ".join("folders" if name == "folder" else f".{name}" for name in registry.names("readers"))
        raise SchemaError(f"cannot read {path}: expected one of {known}") from None
    options = {"target": target, "image_size": image_size}
    given = {name: value for name, value in options.items() if value is not None}
    unfit = given.keys() - reader.__kwdefaults__.keys() if reader.__kwdefaults__ else given.keys()
    if unfit:
        raise SchemaError(f"{min(unfit)} has no meaning for {path}")
    try:
        return reader(path, **given)
    except OSError as error:
        raise SchemaError(f"cannot read {path}: {error.strerror or error}") from error


def read_image_folder(path: Path, *, image_size: tuple[int, int] | None = None) -> Dataset:
    """Read ``path/<class>/…/*.png`` (also jpg, bmp, gif, tiff, webp, ppm) into uint8 arrays.

    Images become RGB if any of them has colour, else gray; EXIF rotation is applied. A file that cannot be decoded is
    left out, with a warning that names it.

    Raises
    ------
    SchemaError
        If there are no class folders or no images, or sizes differ and `image_size` is not given.
    """
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    foreign = next((p.name for p in folders if any("\ud800" <= letter <= "\udfff" for letter in p.name)), None)
    if foreign is not None:
        raise SchemaError(f"the name of class folder {foreign!r} in {path} is not UTF-8; rename it")
    images: list[Image.Image] = []
    labels: list[str] = []
    unreadable: list[str] = []
    for folder in folders:
        for file in _visible_images(folder):
            try:
                with Image.open(file) as image:
                    images.append(_upright(image, image_size))
                labels.append(folder.name)
            except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
                unreadable.append(f"{file.relative_to(path)} ({error})")
    if unreadable:
        said = "; ".join(unreadable[:5]) + ("; …" if len(unreadable) > 5 else "")
        warnings.warn(
            f"left out {len(unreadable)} unreadable of {len(unreadable) + len(images)} images: {said}", stacklevel=2
        )
    if not images:
        raise SchemaError(f"no images in {path}: expected one subfolder per class, like {path}/cat/1.png")
    sizes = {image.size for image in images}
    if len(sizes) > 1:
        shown = ", ".join(f"{width} × {height}" for width, height in sorted(sizes)[:4])
        raise SchemaError(f"images in {path} have {len(sizes)} sizes ({shown} …); give image_size, like 32")
    mode = "RGB" if any(image.mode == "RGB" for image in images) else "L"
    return Dataset(np.stack([np.asarray(image.convert(mode)) for image in images]), np.array(labels), str(path))


def _visible_images(folder: Path) -> list[Path]:
    """Return image files at any depth, but none that is hidden or in a hidden folder."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in _IMAGE_SUFFIXES)
    return sorted(folder / path for path in found if not any(part.startswith(".") for part in path.parts))


def _upright(image: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    """Decode, turn as EXIF says, reduce to gray or RGB of 8 bits, resize."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        pixels = np.asarray(turned, dtype=np.float64)
        if pixels.min() < 0 or pixels.max() > 65535:
            raise ValueError("pixels of 32 bits; save it with 8 or 16")
        turned = Image.fromarray((pixels / 257).round().astype(np.uint8))
    if turned.mode == "F":
        raise ValueError("float pixels, whose black and white are unknown; save it with 8 or 16 bits")
    gray = turned.mode in ("1", "L", "LA")
    plain = turned.convert("L" if gray else "RGBA").convert("L" if gray else "RGB")
    return plain if size is None else plain.resize((size[1], size[0]), Image.Resampling.LANCZOS)


def read_npz(path: Path) -> Dataset:
    """Read a ``.npz`` file with ``images`` or ``X``, and ``labels`` or ``y``; ``class_names`` name integer labels.

    Raises
    ------
    SchemaError
        If the arrays are missing, pickled or of unequal length.
    """
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, KeyError, TypeError, RuntimeError, BadZipFile, zlib.error) as error:
        raise SchemaError(f"cannot read {path}: not a whole .npz file of plain arrays ({error})") from None
    X, y = (_first(arrays, names, path) for names in (_SAMPLES, _LABELS))
    if y.ndim != 1 or X.shape[:1] != y.shape or len(y) == 0:
        raise SchemaError(f"{path} holds samples of shape {X.shape}, labels of {y.shape}; expected one label a sample")
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise SchemaError(f"{path} has {int(np.isnan(y).sum())} missing labels; drop those samples")
    if "class_names" in arrays and y.dtype.kind in "iu" and y.min() >= 0 and y.max() < len(arrays["class_names"]):
        y = arrays["class_names"][y]
    return Dataset(X, y, str(path))


def _first(arrays: dict[str, np.ndarray], names: tuple[str, ...], path: Path) -> np.ndarray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise SchemaError(f"{path} has none of the arrays {', '.join(names)}; it has {', '.join(arrays) or 'nothing'}")


def read_csv(path: Path, *, target: str | None = None) -> Dataset:
    """Read a table with a header row; the target is its last column unless named.

    The separator is found by looking (comma, semicolon, tab, bar); empty cells are missing values.

    Raises
    ------
    SchemaError
        If the file is no table, the target is unknown or has missing labels.
    """
    try:
        frame = pd.read_csv(path, sep=_separator(path), low_memory=False)
    except UnicodeDecodeError as error:
        raise SchemaError(f"cannot read {path} as text ({error}); save it as UTF-8") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SchemaError(f"cannot read {path} as a table: {error}") from None
    if frame.shape[1] < 2 or len(frame) == 0:
        raise SchemaError(f"{path} needs a header, rows, and at least one column besides the target; got {frame.shape}")
    name = frame.columns[-1] if target is None else target
    if name not in frame.columns:
        raise SchemaError(f"{path} has no column {name!r}; {did_you_mean(name, frame.columns)}")
    y = frame.pop(name)
    if y.isna().any():
        raise SchemaError(f"target column {name!r} of {path} has {int(y.isna().sum())} missing labels; drop those rows")
    return Dataset(frame, y, f"{path}, target column {name!r}")


def _separator(path: Path) -> str:
    """Return the separator that occurs most in the header."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding="utf-8", errors="replace") as handle:
        header = next((line for line in handle if line.strip()), "")
    return max(",;\t|", key=header.count)


def bundled_digits() -> Dataset:
    """Return scikit-learn's 1,797 handwritten digits: ``(1797, 8, 8)`` float 0…16, labels 0…9."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Dataset(digits.images, digits.target, "scikit-learn's bundled digits (1,797 images of 8 × 8)")
