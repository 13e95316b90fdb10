"""Images or numbers as NumPy archives."""

import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.core.schema import MARK
from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.writers.base import FilePerShard
from ganaug.synthesis.writers.frame import as_frame


class NpzWriter(FilePerShard):
    """``<class>/00000.npz``: ``images`` and ``labels``, or ``X``, ``y`` and ``columns``, as ganaug reads them.

    Pixels and numbers keep the dtype of the training data. The array is written chunk by chunk.
    """

    suffix = ".npz"

    def __init__(self, codec: Codec, plan: Plan) -> None:
        super().__init__(codec, plan)
        pictures = hasattr(codec, "to_uint8")
        self._columns = list(plan.dtypes)[: -1 - plan.marks_real]
        self._samples, self._labels = ("images", "labels") if pictures else ("X", "y")

    @classmethod
    def refuse_unwritable(cls, codec: Codec) -> None:
        """Refuse rows with columns that are not numbers, and samples that are no arrays of one shape."""
        row = codec.decode(np.zeros((1, *codec.sample_shape), np.float32), np.random.default_rng(0))
        if hasattr(codec.schema, "columns"):
            dense = row.toarray() if hasattr(row, "toarray") else row
            if pd.DataFrame(dense).to_numpy().dtype == object:
                raise SchemaError(
                    "this table has columns that are not numbers, which npz cannot hold; write csv or parquet"
                )
        elif not hasattr(codec, "to_uint8") and not isinstance(row, np.ndarray):
            raise SchemaError(f"npz cannot hold a {codec.schema.describe()}: choose another --format")

    @classmethod
    def count(cls, path: Path) -> int:
        """Read the length of the labels."""
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in ("y", "labels") if f"{name}.npy" in archive.namelist())
        with _member(path, name) as (_, shape, _):
            return shape[0]

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write the array chunk by chunk."""
        labels = np.full(shard.n, shard.class_plan.label)
        arrays = (self._array(chunk, shard) for chunk in chunks)
        first = next(arrays)
        shape = (shard.n, *first.shape[1:])
        blocks = itertools.chain([first], arrays)
        marks = np.full(shard.n, not shard.real)
        _write_npz(handle, self._samples, shape, first.dtype, blocks, self._others(labels, marks))

    def _others(self, labels: np.ndarray, marks: np.ndarray) -> dict[str, np.ndarray]:
        others = {self._labels: labels} | ({"columns": np.array(self._columns)} if self._columns else {})
        return others | ({MARK: marks} if self.plan.marks_real else {})

    def _array(self, chunk: Any, shard: Shard) -> np.ndarray:
        if self.plan.dtypes:
            return as_frame(chunk, shard, self.plan)[self._columns].to_numpy()
        return chunk if isinstance(chunk, np.ndarray) else self.codec.to_uint8(chunk)

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one array after the other, in memory that does not grow with them."""
        labels, marks, shapes = [], [], []
        for part in parts:
            with np.load(part, allow_pickle=False) as archive:
                labels.append(archive[self._labels])
                marks.append(archive[MARK] if self.plan.marks_real else labels[-1])
            with _member(part, self._samples) as (_, shape, dtype):
                shapes.append(shape)
        with out.open("wb") as handle:
            _write_npz(
                handle,
                self._samples,
                (sum(shape[0] for shape in shapes), *shapes[0][1:]),
                dtype,
                (block for part in parts for block in _blocks(part, self._samples)),
                self._others(np.concatenate(labels), np.concatenate(marks)),
            )


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
