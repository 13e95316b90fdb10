"""One process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganaug.core.errors import OutputError


@contextmanager
def claimed(target: Path) -> Iterator[None]:
    """Keep other processes that claim `target` away from it until the block ends; missing folders are created.

    The lock is the operating system's on a hidden file beside `target`: it ends with its process, however that ends.

    Raises
    ------
    OutputError
        If another process has claimed it, or the file system refuses.
    """
    from filelock import FileLock, Timeout

    path = target.absolute().with_name(f".{target.name}.training.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0, is_singleton=False)
        lock.acquire()
    except Timeout:
        raise OutputError(f"another training is writing {target}; wait for it, or choose another name") from None
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before the release: who waits for this file then finds that it has no name
        lock.release()
