"""Write beside, then rename: a reader sees the old file or the whole new one, never half of it.

Beside ``NAME`` stand, while it is written, ``.NAME.partial`` (what is not complete) and ``.NAME.lock`` (who writes it).
The lock is the operating system's, so that it ends with its process, however that ends.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganaug.core.errors import OutputError

_FEW = 100  # files that are made to survive one by one


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


def refuse_input(target: Path, *inputs: Path | None) -> None:
    """Raise `OutputError` if `target` is what a command reads: it would be lost, whoever asks for it."""
    for path in inputs:
        if path is not None and target.exists() and path.exists() and target.samefile(path):
            raise OutputError(f"cannot write {target}: it is what is read; choose another name")


def partial_path(target: Path) -> Path:
    """Return where `target` stands until it is complete."""
    return target.with_name(f".{target.name}.partial")


@contextmanager
def locked(target: Path, *, who: str = "process") -> Iterator[None]:
    """Keep other processes that ask for the same lock from writing `target`; missing parent folders are created.

    Parameters
    ----------
    target : Path
        What is written.
    who : str, default="process"
        What holds the lock; each sort has one of its own, so that a training may hold one while it saves.

    Raises
    ------
    OutputError
        If another process, or another thread of this one, holds it.
    """
    from filelock import FileLock, Timeout

    path = target.absolute().with_name(f".{target.name}.{'' if who == 'process' else who + '.'}lock")
    with os_errors(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = FileLock(path, timeout=0, is_singleton=False, fallback_to_soft=False)
        except TypeError:  # earlier versions have no soft lock to fall back to
            lock = FileLock(path, timeout=0, is_singleton=False)
        try:
            lock.acquire()
        except Timeout:
            raise OutputError(f"another {who} is writing {target}; wait for it, or choose another name") from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before the release: who waits for this file finds that it has no name, and makes a new one
        lock.release()


@contextmanager
def os_errors(target: Path, verb: str = "write") -> Iterator[None]:
    """Turn the file system's refusals into an `OutputError` about `target`."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"cannot {verb} {target}: {error.strerror or error}") from error


@contextmanager
def replacing(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends without an error.

    The block has to write the file. What an interrupted process left there is written over.

    Parameters
    ----------
    target : Path
        The final name. Missing parent folders are created.
    overwrite : bool, default=False
        Whether an existing `target` may be replaced; it stays whole until the new one is complete.

    Raises
    ------
    OutputError
        If `target` exists and `overwrite` is false, another process is writing it, or the file system refuses (no
        space, no permission).
    """
    refuse_unwritable(target, overwrite=overwrite)
    partial = partial_path(target)
    with os_errors(target), locked(target):
        try:
            remove(partial)
            yield partial
            with partial.open("rb+") as handle:  # Windows flushes only what may be written
                os.fsync(handle.fileno())
            refuse_unwritable(target, overwrite=overwrite)
            partial.replace(target)
            sync_names(target.parent)
        finally:
            with suppress(OSError):
                remove(partial)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_names(folder: Path) -> None:
    """Make the names in a folder survive a loss of power, where the system can."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_files(folder: Path) -> None:
    """Make every file below a folder survive a loss of power."""
    files = (path for path in folder.rglob("*") if path.is_file())
    few = list(itertools.islice(files, _FEW + 1))
    if len(few) > _FEW and hasattr(os, "sync"):
        os.sync()  # everything at once: an fsync takes milliseconds, and there may be very many files
        return
    for path in itertools.chain(few, files):
        with path.open("rb+") as handle:
            os.fsync(handle.fileno())
