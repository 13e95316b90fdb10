"""What every format has in common.

A writer is registered in the entry-point group ``ganaug.writers`` under the name of its format. It writes each shard
into ``<class>/``, with bytes that depend on the shard alone, and may be asked to do so from several threads at once.
Putting the finished folder in its place is the caller's business.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, ClassVar

from ganaug.core import registry
from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec
from ganaug.data.kind import kind_named
from ganaug.synthesis.manifest import digest_of
from ganaug.synthesis.plan import Plan, Shard


class Writer(ABC):
    """One format.

    Parameters
    ----------
    codec : Codec
        Of the samples.
    plan : Plan
        What will be written.

    Attributes
    ----------
    kind : str or None
        The one kind of data that it can hold; None: any.
    suffix : str or None
        Of a single file that holds everything; None: it cannot write one.
    libraries : tuple of str
        Modules with a ``__version__`` that the bytes depend on, besides NumPy; the manifest records their versions.

    Examples
    --------
    >>> from ganaug.data.kind import fit_codec
    >>> name, writer = writer_for(None, fit_codec([[1.0], [2.0]]))
    >>> name, writer.suffix
    ('csv', '.csv')
    """

    kind: ClassVar[str | None] = None
    suffix: ClassVar[str | None] = None
    libraries: ClassVar[tuple[str, ...]] = ()

    def __init__(self, codec: Codec, plan: Plan) -> None:
        self.codec: Any = codec
        self.plan = plan

    @classmethod  # noqa: B027 - most formats hold whatever their kind is
    def refuse_unwritable(cls, codec: Codec) -> None:
        """Raise `SchemaError` if the format cannot hold what the codec describes; asked before anything is trained."""

    @classmethod
    def versions(cls) -> dict[str, str]:
        """Return the versions of its libraries by module name."""
        return {name: import_module(name).__version__ for name in cls.libraries}

    @abstractmethod
    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write one shard below `folder`; return the SHA-256 digest of each file by its path there."""

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the shards in `parts` as one file."""
        raise NotImplementedError(f"{type(self).__name__} writes no single file")

    @classmethod
    def count(cls, path: Path) -> int | None:
        """Return how many samples a file holds; None if that cannot be told without decoding it."""
        return None


def writer_for(name: str | None, codec: Codec) -> tuple[str, type[Writer]]:
    """Return the writer of a format and the name it is registered as, if it can hold what the codec describes.

    By default it is the one that suits the kind of data. A kind's own writer for ``csv``, registered as
    ``<kind>-csv``, comes before.

    Raises
    ------
    SchemaError
        If it cannot.
    PluginNotFoundError
        If there is none of that name.
    """
    kind = kind_named(codec.schema.kind)
    own = registry.own_name("writers", kind.name, name or kind.writer)
    writer: type[Writer] = registry.lookup("writers", own)
    if writer.kind not in (None, kind.name):
        holds = kind_named(str(writer.kind)).plural
        raise SchemaError(f"{name} holds {holds}; this model makes {kind.plural}: choose another --format")
    writer.refuse_unwritable(codec)
    return own, writer


class FilePerShard(Writer):
    """``<class>/00000.csv``, one file a shard; a subclass fills it.

    Examples
    --------
    >>> import numpy as np
    >>> class Raw(FilePerShard):
    ...     suffix = ".bin"
    ...     def fill(self, handle, shard, chunks):
    ...         for chunk in chunks:
    ...             handle.write(np.asarray(chunk).tobytes())
    >>> import tempfile
    >>> from ganaug.core.registry import register, unregister
    >>> register("writers", "raw", Raw)
    >>> gan = ganaug.train([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "b"], max_steps=1, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = ganaug.synthesize(gan, {"b": 3}, f"{folder}/out", format="raw")
    ...     print((done.path / "b" / "00000.bin").stat().st_size)
    24
    >>> unregister("writers", "raw")
    """

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write one file."""
        name = f"{shard.stem}{shard.number:05d}{self.suffix}"
        with (folder / name).open("wb") as handle:
            self.fill(handle, shard, chunks)
        return {name: digest_of(folder / name)}

    @abstractmethod
    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write the samples of a shard to an open file."""
