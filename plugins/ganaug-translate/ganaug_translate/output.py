"""Folders of pictures, written beside and then renamed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from ganaug.core.errors import OutputError, SchemaError
from ganaug.core.files import locked, os_errors, partial_path, refuse_unwritable, remove, sync_files, sync_names
from ganaug.data.image.pixels import to_picture
from PIL import Image
from rich.console import Console
from rich.progress import track

from ganaug_translate.preview import before_and_after

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset

    from ganaug_translate.restorer import Restorer
    from ganaug_translate.translator import Translator

PREVIEW, MANIFEST = "preview.png", "manifest.json"
_SUFFIXES = {".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".webp", ".pgm", ".ppm"}


@contextmanager
def replacing_folder(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder beside `target` that takes its place when the block ends without an error.

    Raises
    ------
    OutputError
        If `target` exists and may not be replaced, holds a file that its manifest does not name, or cannot be written.
    """
    refuse_unwritable(target, overwrite=overwrite, folder=True)
    if target.exists() and (foreign := _foreign(target)):
        raise OutputError(f"{target} holds {foreign}, which was not written here; choose another name or move it away")
    partial = partial_path(target)
    with os_errors(target), locked(target):
        try:
            remove(partial)
            partial.mkdir(parents=True)
            yield partial
            _name_files(partial)
            sync_files(partial)
            remove(target)
            partial.replace(target)
            sync_names(target.parent)
        finally:
            remove(partial)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _name_files(folder: Path) -> None:
    manifest = folder / MANIFEST
    told = json.loads(manifest.read_text(encoding="utf-8")) | {"files": [n for n in _files(folder) if n != MANIFEST]}
    manifest.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _foreign(folder: Path) -> str | None:
    """Return the first file of a folder that its manifest does not name."""
    try:
        known = {MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        known = set()
    return next((name for name in _files(folder) if name not in known), None)


def write_translations(
    translator: "Translator", dataset: "Dataset", source: str, target: str, out: Path, *, overwrite: bool
) -> int:
    """Write ``out/target/000000.png`` and so on, a preview and a manifest; return how many images there are."""
    X, y = np.asarray(dataset.X), np.asarray(dataset.y)
    chosen = X[np.array([str(label) == source for label in y.tolist()])]
    codec = translator.codec
    to = translator.classes.named(target)
    before, after = codec.encode(chosen), codec.encode(translator.apply(chosen, to=to))
    with replacing_folder(out, overwrite=overwrite) as folder:
        (folder / target).mkdir()
        for i, picture in enumerate(to_picture(after)):
            Image.fromarray(picture).save(folder / target / f"{i:06d}.png")
        real = codec.encode(X[[str(label) == target for label in y.tolist()]])
        names = source, f"{source} → {target}", f"real {target}"
        before_and_after(before, after, real=real if len(real) else None, names=names).save(folder / PREVIEW)
        told = {"translator": translator.digest(), "from": source, "to": target, "images": len(after)}
        told |= {"data": dataset.source, "provenance": translator.provenance.model_dump()}
        (folder / MANIFEST).write_text(json.dumps(told, default=str), encoding="utf-8")
    return len(after)


def read_pictures(folder: Path) -> dict[str, np.ndarray]:
    """Read all images below a folder as they are, ``(H, W)`` or ``(H, W, 3)``, uint8 or uint16, by name.

    Raises
    ------
    SchemaError
        If there is none, or one cannot be read or is neither gray nor RGB of 8 or 16 bits.
    """
    if not folder.is_dir():
        raise SchemaError(f"there is no folder {folder}")
    names = [name for name in _files(folder) if Path(name).suffix.lower() in _SUFFIXES]
    if not names:
        raise SchemaError(f"there is no image in {folder}; expected one of {', '.join(sorted(_SUFFIXES))}")
    pictures = {}
    for name in names:
        pixels = cv2.imdecode(np.fromfile(folder / name, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.dtype not in (np.uint8, np.uint16) or pixels.shape[2:] not in ((), (3,)):
            found = "it cannot be decoded" if pixels is None else f"it is {pixels.dtype} of shape {pixels.shape}"
            raise SchemaError(f"{folder / name}: expected gray or RGB of 8 or 16 bits; {found}")
        pictures[name] = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    return pictures


def write_restorations(
    restorer: "Restorer",
    pictures: dict[str, np.ndarray],
    masks: dict[str, np.ndarray] | None,
    colour: list[int] | None,
    out: Path,
    *,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Restore pictures one by one and write them as PNG under their names; return how many there are."""
    if masks is not None and (missing := next((name for name in pictures if name not in masks), None)):
        raise SchemaError(f"there is no mask named {missing}")
    with replacing_folder(out, overwrite=overwrite) as folder:
        for name in track(pictures, "restoring", disable=quiet, console=Console(stderr=True)):
            mask = None if masks is None else [masks[name].reshape(*masks[name].shape[:2], -1).max(2)]
            (made,) = restorer.apply([pictures[name]], masks=mask, colour=colour)
            target = (folder / name).with_suffix(".png")
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imencode(".png", made if made.ndim == 2 else made[..., ::-1])[1].tofile(target)
        told = {"restorer": restorer.digest(), "task": restorer.config.network, "images": len(pictures)}
        told["provenance"] = restorer.provenance.model_dump()
        (folder / MANIFEST).write_text(json.dumps(told, default=str), encoding="utf-8")
    return len(pictures)
