"""Image folders: one subfolder per class, images at any depth."""

import os
import stat
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganaug.core.errors import SchemaError
from ganaug.core.extras import refuse_missing
from ganaug.data.readers.dataset import Dataset

if TYPE_CHECKING:
    from PIL import Image

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
_SMALLEST = 4  # pixels a side, as `ganaug.data.image.codec` asks for
_LARGEST = 100_000_000  # pixels: what decodes to more is taken for a decompression bomb
_LARGEST_KEPT = 4_096**2  # pixels of an image that is not made smaller, as ``--image-size`` allows


def read_image_folder(path: Path, *, image_size: tuple[int, int] | None = None) -> Dataset:
    """Read ``path/<class>/…/*.png`` (also jpg, bmp, gif, tiff, webp, ppm) into uint8 arrays.

    Images become RGB if any of them has colour, else gray; EXIF rotation is applied; of an animation or a file of
    several pages the first is read. Hidden files and folders are passed over, links are followed but not in circles.
    A file that cannot be decoded is left out and listed in ``Dataset.skipped``.

    Raises
    ------
    SchemaError
        If there are no class folders or no images, two class names look the same, or sizes differ and `image_size` is
        not given.
    """
    refuse_missing("PIL", extra="images", purpose="reading images")
    skipped: list[tuple[str, str]] = []
    images: list[np.ndarray] = []
    labels: list[str] = []
    animated: list[str] = []
    others: Counter[str] = Counter()
    remarks: list[str] = []
    for folder in _class_folders(path):
        before, foreign = len(images), others.total()
        for file, reason in _files(folder, path):
            name = file.relative_to(path).as_posix()
            if reason:
                skipped.append((name, reason))
            elif file.suffix.lower() not in _SUFFIXES:
                others[file.suffix.lower() or "without a suffix"] += 1
            else:
                try:
                    pixels, several = _decode(file, image_size)
                except Exception as error:  # whatever a decoder trips over, the file is unreadable and the rest is not
                    skipped.append((name, str(getattr(error, "strerror", None) or error) or type(error).__name__))
                    continue
                images.append(pixels)
                labels.append(folder.name)
                animated += [name] * several
        if len(images) == before:
            what = "no image that can be read" if others.total() == foreign else "no file that is named as an image"
            remarks.append(f"class folder {folder.name!r} has {what}; the class is left out")
    if not images:
        raise SchemaError(_nothing(path, skipped))
    _refuse_one_above(sorted(set(labels)), path)
    _refuse_twins(sorted(set(labels)), path)
    if animated:
        remarks.append(f"{len(animated)} files hold several images; the first is read ({_first(animated)})")
    if others:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in others.most_common(4))
        remarks.append(f"passed over {others.total():,} files that are not named as images ({kinds})")
    loose = sum(file.is_file() and file.suffix.lower() in _SUFFIXES for file in path.iterdir())
    if loose:
        remarks.append(f"passed over {loose:,} images that lie beside the class folders, in none of them")
    return Dataset(_stacked(images, path), np.array(labels), str(path), tuple(remarks), tuple(skipped))


def _class_folders(path: Path) -> list[Path]:
    folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    foreign = next((p.name for p in folders if any("\ud800" <= letter <= "\udfff" for letter in p.name)), None)
    if foreign is not None:
        raise SchemaError(f"the name of class folder {foreign!r} in {path} is not UTF-8; rename it")
    return folders


def _files(folder: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every visible file below a folder, sorted, with the reason if it must not be opened."""
    files: list[tuple[Path, str]] = []
    open_folders = [(folder, frozenset([_identity(root)]))]
    while open_folders:
        here, above = open_folders.pop()
        try:
            if _identity(here) in above:
                files.append((here, "a link to a folder above it"))
                continue
            children = [child for child in here.iterdir() if not child.name.startswith(".")]
        except OSError as error:
            files.append((here, error.strerror or str(error)))
            continue
        for child in children:
            try:
                mode = child.stat().st_mode
            except OSError as error:
                files.append((child, error.strerror or str(error)))
                continue
            if stat.S_ISDIR(mode):
                open_folders.append((child, above | {_identity(here)}))
            else:
                files.append((child, "" if stat.S_ISREG(mode) else "a pipe, a socket or a device, not a file"))
    yield from sorted(files)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _decode(file: Path, size: tuple[int, int] | None) -> tuple[np.ndarray, bool]:
    """Return ``(H, W)`` or ``(H, W, 3)`` uint8, turned as EXIF says, and whether the file holds further images."""
    from PIL import Image, ImageOps

    if not os.path.getsize(file):
        raise ValueError("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a decoder finds odd but reads
        with Image.open(file) as image:
            if image.width * image.height > _LARGEST:
                raise ValueError(f"{image.width:,} × {image.height:,} pixels, more than {_LARGEST:,}")
            if size is None and image.width * image.height > _LARGEST_KEPT:
                raise ValueError(f"{image.width:,} × {image.height:,} pixels: give image_size (--image-size 64)")
            if min(image.size) < _SMALLEST:
                raise ValueError(f"{image.width} × {image.height} pixels; at least {_SMALLEST} a side are needed")
            several = getattr(image, "n_frames", 1) > 1
            if size is not None and image.width * image.height > _LARGEST_KEPT:
                image.draft(None, (2 * size[1], 2 * size[0]))  # a JPEG is then decoded no larger than needed
            ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(_plain(image, size)), several


def _plain(image: "Image.Image", size: tuple[int, int] | None) -> "Image.Image":
    """Reduce to gray or RGB of 8 bits, and resize."""
    from PIL import Image

    if image.mode.startswith("I"):
        pixels = np.asarray(image)
        if pixels.min() < 0 or pixels.max() > 65535:
            raise ValueError("pixels of 32 bits; save it with 8 or 16")
        image = Image.fromarray(((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("float pixels, whose black and white are unknown; save it with 8 or 16 bits")
    gray = image.mode in ("1", "L", "LA")
    kept = image.mode in ("L", "RGB")
    plain = image if kept else image.convert("L" if gray else "RGBA").convert("L" if gray else "RGB")
    return plain if size is None else plain.resize((size[1], size[0]), Image.Resampling.LANCZOS)


def _stacked(images: list[np.ndarray], path: Path) -> np.ndarray:
    """Join images of one size, as RGB if any has colour; the list is emptied on the way."""
    sizes = Counter(image.shape[1::-1] for image in images)
    if len(sizes) > 1:
        shown = ", ".join(f"{width} × {height}" for width, height in sorted(sizes)[:4])
        raise SchemaError(f"images in {path} have {len(sizes)} sizes ({shown} …); give image_size, like 32")
    colour = any(image.ndim == 3 for image in images)
    stacked = np.empty((len(images), *images[0].shape[:2], *([3] if colour else [])), dtype=np.uint8)
    for i in reversed(range(len(images))):
        image = images.pop()
        stacked[i] = image[..., None] if colour and image.ndim == 2 else image
    return stacked


def _refuse_one_above(classes: list[str], path: Path) -> None:
    """Refuse a folder whose only class is a folder of class folders, as ``train`` is in ``data/train/cat``."""
    below = [p.name for p in (path / classes[0]).iterdir() if p.is_dir() and not p.name.startswith(".")]
    if len(classes) == 1 and len(below) > 1:
        shown = ", ".join(sorted(below)[:3])
        raise SchemaError(
            f"{path} has one class only, {classes[0]!r}, whose subfolders ({shown}) look like classes; "
            f"name {path / classes[0]} itself"
        )


def _refuse_twins(classes: list[str], path: Path) -> None:
    seen: dict[str, str] = {}
    for name in classes:
        other = seen.setdefault(unicodedata.normalize("NFC", name), name)
        if other != name:
            raise SchemaError(
                f"class folders {ascii(other)} and {ascii(name)} in {path} look the same ({name}: letters and accents "
                "composed in two ways); merge them or rename one"
            )


def _nothing(path: Path, skipped: list[tuple[str, str]]) -> str:
    """Say why there is no image."""
    said = f"no images in {path}: expected one subfolder per class, like {path}/cat/1.png"
    if skipped:
        return f"{said}; left out {_first([f'{name} ({reason})' for name, reason in skipped])}"
    files = [file.name for file in path.iterdir() if file.is_file()]
    loose = [name for name in files if Path(name).suffix.lower() in _SUFFIXES]
    tables = [name for name in files if Path(name).suffix.lower() in (".csv", ".tsv", ".npz", ".parquet")]
    if loose:
        return f"{said}; {len(loose):,} images lie beside the class folders: a subfolder is what gives them a class"
    return f"{said}; it holds {tables[0]}: name that file itself" if tables else said


def _first(names: list[str], n: int = 5) -> str:
    return "; ".join(names[:n]) + ("; …" if len(names) > n else "")
