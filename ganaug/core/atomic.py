"""Write beside, then rename: a reader sees the old file or the whole new one, never half of it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganaug.core.errors import OutputError


def refuse_unwritable(target: Path, *, overwrite: bool, folder: bool = False) -> None:
    """Raise `OutputError` if `target` may not be replaced or cannot be written: to be asked before hours of work."""
    if not overwrite and (target.exists() or target.is_symlink()):
        raise OutputError(f"{target} exists already; choose another name or ask for it to be overwritten")
    if target.name in ("", ".."):
        raise OutputError(f"cannot write {target}: name the {'folder' if folder else 'file'} itself")
    if target.is_dir() and not folder:
        raise OutputError(f"cannot write {target}: it is a folder; name a file")
    parent = next(parent for parent in target.absolute().parents if os.path.exists(parent))
    if not parent.is_dir():
        raise OutputError(f"cannot write {target}: {parent} is not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {target}: no permission to write in {parent}")


@contextmanager
def replacing(target: Path, *, overwrite: bool = False, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends without an error.

    Parameters
    ----------
    target : Path
        The final name. Missing parent folders are created.
    overwrite : bool, default=False
        Whether an existing `target` may be replaced; it stays whole until the new one is complete.
    folder : bool, default=False
        Whether the temporary path is made as a folder; otherwise the block has to write the file itself.

    Raises
    ------
    OutputError
        If `target` exists and `overwrite` is false, or the file system refuses (no space, no permission).
    """
    refuse_unwritable(target, overwrite=overwrite, folder=folder)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if folder:
            partial.mkdir()
        yield partial
        if folder:
            _replace_folder(partial, target)
        else:
            with partial.open("rb") as handle:
                os.fsync(handle.fileno())
            refuse_unwritable(target, overwrite=overwrite)
            partial.replace(target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with suppress(OSError):
                partial.unlink()


def _replace_folder(partial: Path, target: Path) -> None:
    """Put `partial` where `target` is; an old folder is moved aside first and put back if the rename fails."""
    if not target.exists():
        partial.rename(target)
        return
    aside = target.with_name(f".{target.name}.{os.getpid()}.old")
    target.rename(aside)
    try:
        partial.rename(target)
    except OSError:
        aside.rename(target)
        raise
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink()
