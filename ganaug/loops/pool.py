"""The pool: samples made in advance, one file that many processes read at random.

A ``.safetensors`` file with one tensor ``samples``, class after class, and a JSON header. Images are ``(n, channels,
height, width)``, uint8; other samples float32, as they are decoded. Nothing ever unpickles.
"""

import hashlib
import json
import os
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.core.classes import Classes
from ganaug.core.container import MAX_HEADER, POOL, canonical, is_named
from ganaug.core.errors import ConfigError, PoolError, SchemaError
from ganaug.core.files import replacing
from ganaug.core.seeds import as_seed

if TYPE_CHECKING:
    from ganaug.models.synthesizer import Synthesizer

FORMAT = 1
_CHUNK_BYTES = 2**24
_STORED = {"uint8": "U8", "float32": "F32"}  # safetensors' names
_UNKNOWN = "0" * 64  # stands for a digest until it is known

_seek = threading.Lock()


class Pool:
    """Samples on disk, read one by one; made by `make_pool` or ``ganaug pool``.

    It holds no pixels: they are read with ``pread``, so that a process grows neither with the file nor with what it has
    read. It may be forked, pickled (as its path) and shared by any number of loaders. Where the file is replaced, the
    next read is from the new one.

    Parameters
    ----------
    path : str or Path
        The file.

    Attributes
    ----------
    path : Path
        Where it is, absolute.
    classes : Classes
        Its classes and how many samples there are of each.
    shape : tuple of int
        Of a sample; of images channels, height, width.
    stored : {"uint8", "float32"}
        How samples are kept: images as pixels, others as numbers.
    scale : (float, float)
        Values of the training data that became 0 and 255.
    whole : bool
        Whether the training data were whole numbers.
    dtype : dtype
        Of the training data.
    seed : int
        What it was made with.
    checkpoint_sha256 : str or None
        Digest of the model's checkpoint, if it has one.
    sha256 : str
        Digest of header and samples.

    Raises
    ------
    PoolError
        If the file is missing, no pool, truncated, of a newer format, or its header is damaged.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> gan = ganaug.train(np.zeros((8, 8, 8), np.uint8), [0, 1] * 4, kind="image", max_steps=1, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = ganaug.make_pool(gan, 5, f"{folder}/digits.pool", random_state=0).path
    ...     pool = Pool(path)
    ...     print(len(pool), pool.shape, pool.classes.counts)
    10 (1, 8, 8) [5, 5]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        self._name = str(self.path)
        self._opened: _Opened | None = None
        self._now()

    def __len__(self) -> int:
        return sum(self.classes.counts)

    @property
    def classes(self) -> Classes:
        """Its classes and how many samples there are of each."""
        return self._now().classes

    @property
    def classes_(self) -> np.ndarray:
        """Labels that there are samples of."""
        return self.classes.labels

    @property
    def counts(self) -> dict[Any, int]:
        """How many samples there are of each class."""
        return dict(zip(self.classes_.tolist(), self.classes.counts, strict=True))

    @property
    def header(self) -> dict[str, Any]:
        """All that the file says about itself."""
        return self._now().header

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "scale"):
            return tuple(self.header[name])
        if name == "dtype":
            return np.dtype(self.header[name])
        if name == "stored":
            return self.header.get(name, "uint8")
        if name in ("whole", "seed", "checkpoint_sha256", "sha256"):
            return self.header[name]
        raise AttributeError(f"a Pool has no {name!r}")

    def pick(self, c: Sequence[int], u: Sequence[float]) -> np.ndarray:
        """Return one sample for each condition, ``(n, *shape)``.

        Parameters
        ----------
        c : sequence of int
            Positions in `classes_`.
        u : sequence of float
            Numbers in [0, 1) that choose among the samples of the class, whatever their count.
        """
        now = self._now()
        counts, starts, size = now.classes.counts, now.starts, now.size
        out = np.empty((len(c), *now.header["shape"]), now.stored)
        view = out.data.cast("B")
        for i, (condition, chosen) in enumerate(zip(c, u, strict=True)):
            count = counts[condition]
            now.read_into(view[i * size : (i + 1) * size], starts[condition] + min(int(chosen * count), count - 1))
        return out

    def chunks(self, label: Any) -> Iterator[np.ndarray]:
        """Yield all samples of a class in order, some MB at a time."""
        now = self._now()
        condition = int(now.classes.index([label])[0])
        start, stop = now.starts[condition], now.starts[condition] + now.classes.counts[condition]
        step = max(1, _CHUNK_BYTES // now.size)
        for i in range(start, stop, step):
            out = np.empty((min(step, stop - i), *now.header["shape"]), now.stored)
            now.read_into(out.data.cast("B"), i)
            yield out

    def verify(self) -> None:
        """Read every byte.

        Raises
        ------
        PoolError
            If one differs from what was written.
        """
        now = self._now()
        digest = hashlib.sha256()
        for label in now.classes.labels.tolist():
            for chunk in self.chunks(label):
                digest.update(chunk.data)
        if digest.hexdigest() != now.header["samples_sha256"]:
            raise PoolError(f"{self.path} is damaged: its samples do not match their digest; make it anew")

    def lines(self) -> list[str]:
        """Return lines for people."""
        what = "images of {1} × {2} × {0}" if self.stored == "uint8" else f"arrays of shape {self.shape}"
        return [
            f"{self.path}: pool of {len(self):,} {what.format(*self.shape)}",
            "classes: " + ", ".join(f"{label} ({count:,})" for label, count in self.counts.items()),
            f"made by: checkpoint {self.checkpoint_sha256 or 'that was never saved'}, seed {self.seed}",
            f"sha256: {self.sha256}",
        ]

    def _now(self) -> "_Opened":
        """Return the open file, which is the one under the path unless that is gone."""
        opened = self._opened
        try:
            status = os.stat(self._name)
        except OSError as error:
            if opened is None:
                raise PoolError(f"cannot read {self.path}: {error.strerror or error}") from error
            return opened
        if opened is None or opened.identity != _identity(status):
            fresh = _Opened(self.path)
            if opened is not None and (
                fresh.header["shape"] != opened.header["shape"]
                or fresh.classes.labels.tolist() != opened.classes.labels.tolist()
            ):
                raise PoolError(f"{self.path} was replaced by a pool of other classes or another size; open it anew")
            self._opened = opened = fresh
        return opened

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Pool.__init__(self, state["path"])

    def __repr__(self) -> str:
        return f"Pool({str(self.path)!r}; {self.counts})"


class _Opened:
    """An open pool file: it stays readable, and the same, when another one takes its name."""

    def __init__(self, path: Path) -> None:
        self.fd = -1
        try:
            self.fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            status = os.fstat(self.fd)
            start = _read_at(self.fd, 8, 0)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = _read_at(self.fd, length, 8) if 2 <= length <= min(MAX_HEADER, status.st_size) else b""
        except OSError as error:
            raise PoolError(f"cannot read {path}: {error.strerror or error}") from error
        try:
            table = json.loads(raw)
            self.header = json.loads(table["__metadata__"][POOL])
            newer = self.header["format"] > FORMAT
        except (ValueError, KeyError, TypeError, RecursionError):
            raise PoolError(f"{path} is no pool, or its header is damaged; make one with ganaug.make_pool") from None
        if newer:
            raise PoolError(f"{path} has format {self.header['format']}, this ganaug reads up to {FORMAT}; upgrade it")
        if _header_digest(self.header) != self.header["sha256"]:
            raise PoolError(f"{path} is damaged: its header does not match its digest, or it was never finished")
        self.path = path
        self.identity = _identity(status)
        self.classes = Classes.from_json(self.header["classes"], "target")
        self.stored = np.dtype(self.header.get("stored", "uint8"))
        self.size = int(np.prod(self.header["shape"])) * self.stored.itemsize  # bytes of a sample
        self.starts = np.cumsum([0, *self.classes.counts]).tolist()
        self.offset = 8 + length
        expected = self.offset + self.starts[-1] * self.size
        if status.st_size != expected:
            raise PoolError(f"{path} is truncated: {status.st_size:,} of {expected:,} bytes")

    def read_into(self, view: memoryview, first: int) -> None:
        """Fill a buffer with samples from the first one on."""
        offset = self.offset + first * self.size
        if hasattr(os, "preadv"):
            n = os.preadv(self.fd, (view,), offset)
        else:
            content = _read_at(self.fd, len(view), offset)
            n = len(content)
            view[:n] = content
        if n < len(view):
            raise PoolError(f"{self.path} was cut short while it was read; make it anew")

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # the module `os` may be gone at exit
        if self.fd >= 0:
            close(self.fd)
            self.fd = -1


def stored_as(synthesizer: "Synthesizer", *allowed: str) -> str:
    """Return what samples of a synthesizer are stored as; raise `SchemaError` if that is not allowed."""
    from ganaug.data.kind import kind_named  # brings pandas, which reading a pool does without

    stored = kind_named(synthesizer.codec.schema.kind).stored
    if stored not in allowed:
        described = synthesizer.codec.schema.describe()
        raise SchemaError(f"images are needed; this model makes a {described}: use its sample method")
    return str(stored)


def _as_numbers(X: Any) -> np.ndarray:
    """Return decoded samples as float32 arrays of one shape."""
    if not hasattr(X, "shape"):
        raise SchemaError("a pool needs samples of one shape; these are lists of arrays whose lengths may differ")
    return np.asarray(X, dtype=np.float32)


def as_pixels(codec: Any, X: Any) -> np.ndarray:
    """Return decoded images as ``(n, channels, height, width)`` uint8."""
    pixels: np.ndarray = codec.to_uint8(X)
    return pixels[:, None] if pixels.ndim == 3 else np.moveaxis(pixels, -1, 1)


def make_pool(
    synthesizer: "Synthesizer",
    n_per_class: int | Mapping[Any, int],
    path: str | Path,
    *,
    random_state: Any = None,
    overwrite: bool = False,
) -> Pool:
    """Write samples of each class to a file that data loaders read at random, in memory that does not grow with it.

    Parameters
    ----------
    synthesizer : Synthesizer
        A GAN, or a mixture of sources (``sampler.mixture_``), of images, or of another kind that is stored as numbers.
    n_per_class : int or dict
        How many of every class, or of those that are named.
    path : str or Path
        The file; missing parent folders are created.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same file. What a class gets does not depend on the others.
    overwrite : bool, default=False
        Whether an existing file may be replaced. Loaders that are reading it go on, with the new samples.

    Raises
    ------
    SchemaError
        If the model makes rows, or a class is unknown.
    ConfigError
        If a number is not positive.
    OutputError
        If the file exists and may not be replaced, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(ganaug.make_pool(gan, 50, folder + "/digits.pool", random_state=0))
    100
    """
    stored = stored_as(synthesizer, "uint8", "float32")
    if not isinstance(n_per_class, Mapping):
        n_per_class = dict.fromkeys(synthesizer.classes_.tolist(), n_per_class)
    counts = {int(c): n for c, n in zip(synthesizer.classes.index(n_per_class), n_per_class.values(), strict=True)}
    for n in [None] if not counts else counts.values():
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
            raise ConfigError(f"n_per_class must be a positive integer, or some for classes; got {n_per_class!r}")
    seed = as_seed(random_state)
    conditions = sorted(counts)
    classes = Classes(synthesizer.classes_[conditions], [counts[c] for c in conditions], synthesizer.classes.target)
    codec: Any = synthesizer.codec
    prepare = partial(as_pixels, codec) if stored == "uint8" else _as_numbers
    described = {"seed": seed, "checkpoint_sha256": synthesizer.sha256, "dtype": codec.schema.dtype}
    if stored == "uint8":
        described |= {"shape": list(codec.schema.shape), "scale": list(codec.scale), "whole": codec.whole}
    else:
        one = prepare(codec.decode(np.zeros((1, *codec.sample_shape), np.float32), np.random.default_rng(0)))
        described |= {"shape": list(one.shape[1:]), "stored": stored}
    chunks = (
        prepare(chunk)
        for c in conditions
        for chunk in synthesizer.sample_iter(
            counts[c],
            label=synthesizer.classes_[c],
            random_state=np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(c, 0))),
        )
    )
    return write(Path(path), classes, chunks, described, overwrite=overwrite)


def write(
    path: Path, classes: Classes, chunks: Iterable[np.ndarray], described: Mapping[str, Any], *, overwrite: bool
) -> Pool:
    """Write a pool atomically, in memory that does not grow with it.

    Parameters
    ----------
    path : Path
        Where to; missing parent folders are created.
    classes : Classes
        Labels and how many samples there will be of each.
    chunks : iterable of ndarray
        The samples, class after class.
    described : mapping
        ``shape``, ``dtype``, ``seed`` and ``checkpoint_sha256``; of images ``scale`` and ``whole``, else ``stored``.
    overwrite : bool
        Whether an existing file may be replaced. Processes that have it open keep reading the old one.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    header = {"format": FORMAT, **described, "classes": classes.to_json(), "samples_sha256": _UNKNOWN}
    stored = np.dtype(header.get("stored", "uint8"))
    n, size = sum(classes.counts), int(np.prod(header["shape"])) * stored.itemsize
    digest, written = hashlib.sha256(), 0
    with replacing(path, overwrite=overwrite) as partial:
        with partial.open("wb") as handle:
            handle.write(_preamble({**header, "sha256": _UNKNOWN}, n))
            for chunk in chunks:
                content = np.ascontiguousarray(chunk, dtype=stored).data
                digest.update(content)
                handle.write(content)
                written += content.nbytes
            if written != n * size:
                raise PoolError(f"expected {n:,} samples of {size:,} bytes; got {written:,} bytes")
            header["samples_sha256"] = digest.hexdigest()
            handle.seek(0)
            handle.write(_preamble({**header, "sha256": _header_digest(header)}, n))
    return Pool(path)


def is_pool(path: Path) -> bool:
    """Whether a file says that it is a pool; it may be damaged all the same."""
    return is_named(path, POOL)


def _preamble(header: Mapping[str, Any], n: int) -> bytes:
    shape, stored = [n, *header["shape"]], header.get("stored", "uint8")
    end = int(np.prod(shape)) * np.dtype(stored).itemsize
    table = {
        "__metadata__": {POOL: canonical(header)},
        "samples": {"dtype": _STORED[stored], "shape": shape, "data_offsets": [0, end]},
    }
    content = json.dumps(table, separators=(",", ":")).encode()
    content += b" " * (-len(content) % 8)
    return struct.pack("<Q", len(content)) + content


def _header_digest(header: Mapping[str, Any]) -> str:
    said = {name: value for name, value in header.items() if name != "sha256"}
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read_at(fd: int, n: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(fd, n, offset)
    with _seek:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, n)
