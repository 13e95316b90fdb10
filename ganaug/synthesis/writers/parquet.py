"""Rows as Parquet."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.writers.base import FilePerShard
from ganaug.synthesis.writers.frame import as_frame


class ParquetWriter(FilePerShard):
    """``<class>/00000.parquet``: the columns of the training data, then the target, dtypes kept; needs pyarrow."""

    kind: ClassVar[str | None] = "table"
    suffix = ".parquet"
    libraries = ("pandas", "pyarrow")

    def __init__(self, codec: Codec, plan: Plan) -> None:
        super().__init__(codec, plan)
        self._pa, self._pq = _pyarrow()
        self._types = _object_types(codec)

    @classmethod
    def refuse_unwritable(cls, codec: Codec) -> None:
        """Refuse if pyarrow is not installed, or a column mixes texts and numbers."""
        _object_types(codec)

    @classmethod
    def count(cls, path: Path) -> int:
        """Read the number of rows at the end of the file."""
        _, pq = _pyarrow()
        return pq.ParquetFile(path).metadata.num_rows

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write a row group a chunk."""
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


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow.parquet
    except ImportError:
        raise SchemaError("writing Parquet needs pyarrow: pip install 'ganaug[parquet]'") from None
    return pyarrow, pyarrow.parquet


def _object_types(codec: Any) -> dict[str, Any]:
    """Return the types of the columns of Python objects, the same for each shard whatever it happens to draw."""
    pa, _ = _pyarrow()
    types = {}
    for described, column in zip(codec.schema.columns, codec.columns, strict=True):
        if described.dtype == "object" and hasattr(column, "levels"):
            try:
                types[str(described.name)] = pa.array(column.levels, from_pandas=True).type
            except pa.ArrowException:
                said = f"column {described.name!r} mixes kinds of values, which Parquet cannot; write csv"
                raise SchemaError(said) from None
    return types
