"""Write synthetic samples, shard by shard, in a format.

A writer is registered in the entry-point group ``ganaug.writers`` under the name of its format. It writes each shard
into ``<class>/``, with bytes that depend on the shard alone, and may be asked to do so from several threads at once.
Putting the finished folder in its place is the caller's business.
"""

import csv
import hashlib
import itertools
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, Protocol, cast

import cv2
import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec
from ganaug.data.image.codec import ImageCodec
from ganaug.synthesis.manifest import digest_of
from ganaug.synthesis.plan import Plan, Shard

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1)  # of zlib: faster, and hardly larger, than at the usual 6
_BGR = {3: [2, 1, 0], 4: [2, 1, 0, 3]}  # OpenCV's order of channels
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheet programs take for the start of one


class Writer(Protocol):
    """One format."""

    kind: ClassVar[str | None]  # of the schemas that it writes; None: any
    suffix: ClassVar[str | None]  # of a single file that holds everything; None: it cannot

    def __init__(self, codec: Codec, plan: Plan) -> None: ...

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write one shard below `folder`; return the SHA-256 digest of each file by its path there."""
        ...

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the shards in `parts` as one file."""
        ...


class _FilePerShard:
    """``<class>/00000.csv``, one file a shard."""

    kind: ClassVar[str | None] = None
    suffix: ClassVar[str | None]

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        name = f"{shard.of.folder}/{'real-' if shard.real else ''}{shard.number:05d}{self.suffix}"
        with (folder / name).open("wb") as handle:
            self._fill(handle, shard, chunks)
        return {name: digest_of(folder / name)}

    def _fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        raise NotImplementedError


class ImageFolderWriter:
    """``<class>/000000.png``, as ``torchvision.datasets.ImageFolder`` reads it.

    Pixels are stretched so that the range the model was trained on spans 0…255.

    Parameters
    ----------
    codec : ImageCodec
        Turns samples into uint8.
    plan : Plan
        What will be written.
    """

    kind: ClassVar[str | None] = "image"
    suffix: ClassVar[str | None] = None

    def __init__(self, codec: Codec, plan: Plan) -> None:
        self.codec = cast(ImageCodec, codec)

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write one PNG a sample."""
        digits = max(6, len(str((shard.of.n_real if shard.real else shard.of.n) - 1)))
        start, digests = shard.start, {}
        for chunk in chunks:
            for i, pixels in enumerate(self.codec.to_uint8(chunk), start):
                name = f"{shard.of.folder}/{'real-' if shard.real else ''}{i:0{digits}d}.png"
                encoded = _png(pixels)
                with open(f"{folder}/{name}", "wb") as handle:
                    handle.write(encoded)
                digests[name] = hashlib.sha256(encoded).hexdigest()
            start += len(chunk)
        return digests

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Not possible: images are files of their own."""
        raise NotImplementedError


def _png(pixels: np.ndarray) -> bytes:
    """Encode uint8 ``(height, width)`` or ``(height, width, channels)``; other threads run meanwhile."""
    return cv2.imencode(".png", pixels if pixels.ndim == 2 else pixels[..., _BGR[pixels.shape[2]]], _PNG)[1].tobytes()


class CSVWriter(_FilePerShard):
    """``<class>/00000.csv``: the columns of the training data, then the target.

    Text with line ends, carriage returns among them, is quoted. With ``plan.escape_formulas``, text that a spreadsheet
    program would run gets an apostrophe in front, as OWASP's page on CSV injection advises.

    Parameters
    ----------
    codec : Codec
        Of a table.
    plan : Plan
        What will be written.
    """

    kind: ClassVar[str | None] = "table"
    suffix = ".csv"

    def __init__(self, codec: Codec, plan: Plan) -> None:
        self.plan = plan
        names = pd.DataFrame(columns=list(plan.dtypes))
        self._header = self._text(names, header=True)

    def _fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        handle.write(self._header)
        for chunk in chunks:
            handle.write(self._text(as_frame(chunk, shard, self.plan), header=False))

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one header, then the rows of all."""
        with out.open("wb") as handle:
            handle.write(self._header)
            for part in parts:
                with part.open("rb") as source:
                    source.seek(len(self._header))
                    shutil.copyfileobj(source, handle, 2**20)

    def _text(self, frame: pd.DataFrame, *, header: bool) -> bytes:
        if self.plan.escape_formulas:
            frame = frame.rename(columns=_harmless)
        quoting: Literal[0, 2] = csv.QUOTE_MINIMAL
        for name in [name for name, values in frame.items() if _is_text(values)]:
            levels = frame[name].drop_duplicates()
            texts = [level for level in levels if isinstance(level, str)]
            if self.plan.escape_formulas and any(_harmless(text) != text for text in texts):
                frame = frame.assign(**{str(name): frame[name].astype(object).map(_harmless)})
            if any("\r" in text for text in texts):
                quoting = csv.QUOTE_NONNUMERIC  # csv quotes a lone \r only when told to
        if any("\r" in name for name in frame.columns):
            quoting = csv.QUOTE_NONNUMERIC
        return frame.to_csv(index=False, header=header, lineterminator="\n", quoting=quoting).encode()


class ParquetWriter(_FilePerShard):
    """``<class>/00000.parquet``: the columns of the training data, then the target, dtypes kept; needs pyarrow.

    Parameters
    ----------
    codec : TableCodec
        Of a table.
    plan : Plan
        What will be written.

    Raises
    ------
    SchemaError
        If pyarrow is not installed, or a column mixes texts and numbers.
    """

    kind: ClassVar[str | None] = "table"
    suffix = ".parquet"

    def __init__(self, codec: Codec, plan: Plan) -> None:
        try:
            import pyarrow.parquet
        except ImportError:
            raise SchemaError("writing Parquet needs pyarrow: pip install 'ganaug[parquet]'") from None
        self._pa, self._pq = pyarrow, pyarrow.parquet
        self.plan = plan
        self._types = {}
        for described, column in zip(cast(Any, codec).schema.columns, cast(Any, codec).columns, strict=True):
            if described.dtype == "object" and hasattr(column, "levels"):
                self._types[str(described.name)] = self._type_of(described.name, column.levels)

    def _type_of(self, name: Any, levels: list[Any]) -> Any:
        """Return the type of a column of Python objects, the same for each shard whatever it happens to draw."""
        try:
            return self._pa.array(levels, from_pandas=True).type
        except self._pa.ArrowException:
            raise SchemaError(f"column {name!r} mixes kinds of values, which Parquet cannot; write csv") from None

    def _fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        writer = None
        try:
            for chunk in chunks:
                table = self._table(as_frame(chunk, shard, self.plan))
                writer = writer or self._open(handle, table.schema)
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Copy the row groups of all into one file."""
        with out.open("wb") as handle:
            writer = None
            for part in parts:
                source = self._pq.ParquetFile(part)
                writer = writer or self._open(handle, source.schema_arrow)
                for i in range(source.num_row_groups):
                    writer.write_table(source.read_row_group(i))
            if writer is not None:
                writer.close()

    def _open(self, handle: IO[bytes], schema: Any) -> Any:
        types = self._pa.types
        texts = [field.name for field in schema if not (types.is_floating(field.type) or types.is_integer(field.type))]
        return self._pq.ParquetWriter(handle, schema, compression="zstd", use_dictionary=texts)

    def _table(self, frame: pd.DataFrame) -> Any:
        sparse = [name for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.SparseDtype)]
        frame = frame.assign(**{str(name): cast(Any, frame[name]).sparse.to_dense() for name in sparse})
        schema = self._pa.Schema.from_pandas(frame, preserve_index=False)
        for i, field in enumerate(schema):
            if field.name in self._types:
                schema = schema.set(i, field.with_type(self._types[field.name]))
        return self._pa.Table.from_pandas(frame, schema, preserve_index=False)


class NpzWriter(_FilePerShard):
    """``<class>/00000.npz``: ``images`` and ``labels``, or ``X``, ``y`` and ``columns``, as ganaug reads them.

    Pixels and numbers keep the dtype of the training data. The array is written chunk by chunk.

    Parameters
    ----------
    codec : Codec
        Of images or of a table of numbers.
    plan : Plan
        What will be written.

    Raises
    ------
    SchemaError
        If the table has columns that are not numbers.
    """

    suffix = ".npz"

    def __init__(self, codec: Codec, plan: Plan) -> None:
        self.codec = codec
        self.plan = plan
        self._samples, self._labels = ("images", "labels") if codec.schema.kind == "image" else ("X", "y")

    def _fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        labels = np.full(shard.n, shard.of.label)
        arrays = (self._array(chunk, shard) for chunk in chunks)
        first = next(arrays)
        _write_npz(
            handle,
            self._samples,
            (shard.n, *first.shape[1:]),
            first.dtype,
            itertools.chain([first], arrays),
            self._others(labels),
        )

    def _others(self, labels: np.ndarray) -> dict[str, np.ndarray]:
        columns = [name for name in self.plan.dtypes if name != self.plan.target]
        return {self._labels: labels} | ({"columns": np.array(columns)} if columns else {})

    def _array(self, chunk: Any, shard: Shard) -> np.ndarray:
        if self.codec.schema.kind == "image":
            return chunk if isinstance(chunk, np.ndarray) else cast(ImageCodec, self.codec).to_uint8(chunk)
        array = as_frame(chunk, shard, self.plan).iloc[:, :-1].to_numpy()
        if array.dtype == object:
            raise SchemaError(
                "this table has columns that are not numbers, which npz cannot hold; write csv or parquet"
            )
        return array

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one array after the other, in memory that does not grow with them."""
        labels, shapes = [], []
        for part in parts:
            with np.load(part, allow_pickle=False) as archive:
                labels.append(archive[self._labels])
            with _member(part, self._samples) as (_, shape, dtype):
                shapes.append(shape)
        with out.open("wb") as handle:
            _write_npz(
                handle,
                self._samples,
                (sum(shape[0] for shape in shapes), *shapes[0][1:]),
                dtype,
                (block for part in parts for block in _blocks(part, self._samples)),
                self._others(np.concatenate(labels)),
            )


def as_frame(X: Any, shard: Shard, plan: Plan) -> pd.DataFrame:
    """Return rows of any container as a frame with text names and the target as its last column.

    Raises
    ------
    SchemaError
        If the columns are not those of the plan.
    """
    if hasattr(X, "toarray"):
        X = X.toarray()
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    labels = pd.Series([shard.of.label] * len(frame), name=plan.target, index=frame.index)
    frame = pd.concat([frame, labels], axis=1)
    if list(frame.columns) != list(plan.dtypes):
        raise SchemaError(f"expected the columns {list(plan.dtypes)}; got {list(frame.columns)}: rename them")
    return frame


def column_dtypes(codec: Codec, labels: np.ndarray, target: str) -> dict[str, str]:
    """Return the dtype of each column of a table and of its target, by name; nothing for images."""
    schema = codec.schema
    if schema.kind == "image":
        return {}
    whole = None if schema.dtype is None else str(np.dtype(schema.dtype))
    columns = {str(column.name): whole or column.dtype for column in schema.columns}
    return columns | {target: str(pd.Series(labels.tolist()).dtype)}


def _is_text(values: pd.Series) -> bool:
    return values.dtype == object or isinstance(values.dtype, (pd.StringDtype, pd.CategoricalDtype))


def _harmless(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def _write_npz(
    handle: IO[bytes],
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
    blocks: Iterable[np.ndarray],
    others: Mapping[str, np.ndarray],
) -> None:
    """Write what `numpy.savez` would, without holding the largest array; dates are fixed, so bytes repeat."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(handle, "w") as archive:
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)
            for block in blocks:
                member.write(np.ascontiguousarray(block).data)
        for other, array in others.items():
            with archive.open(f"{other}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


@contextmanager
def _member(path: Path, name: str) -> Iterator[tuple[IO[bytes], tuple[int, ...], np.dtype]]:
    """Open an array in a file that `_write_npz` wrote, at its first byte."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        yield member, shape, dtype


def _blocks(path: Path, name: str) -> Iterator[np.ndarray]:
    with _member(path, name) as (member, _, _):
        while block := member.read(2**22):
            yield np.frombuffer(block, dtype=np.uint8)
