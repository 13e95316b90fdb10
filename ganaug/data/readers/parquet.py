"""Parquet files, by pyarrow (the extra ``ganaug[parquet]``)."""

from pathlib import Path
from typing import Any

from ganaug.core.errors import SchemaError
from ganaug.data.readers.dataset import Dataset, labelled


def read_parquet(path: Path, *, target: str | None = None) -> Dataset:
    """Read a Parquet table; the target is its last column unless named.

    Dates stay dates, dictionaries become categories, decimals become floats; an index that pandas had stored is left
    out.

    Raises
    ------
    SchemaError
        If pyarrow is not installed, the file is damaged or holds nested columns, or the target is no classes.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise SchemaError(f"reading {path} needs pyarrow ({error}): pip install 'ganaug[parquet]'") from None
    remarks = []
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            _refuse_nested(schema, path)
            table = file.read()
        frame = table.cast(pa.schema([_plain(field) for field in schema], schema.metadata)).to_pandas(
            date_as_object=False, split_blocks=True, self_destruct=True
        )
        del table
        if frame.index.names != [None]:
            index = ", ".join(repr(name) for name in frame.index.names)
            remarks.append(f"the index that pandas had stored ({index}) is left out")
        frame = frame.reset_index(drop=True)
        frame.columns = [str(name) for name in frame.columns]
    except (SchemaError, OSError) as error:
        if isinstance(error, OSError) and error.errno is None:  # pyarrow's word for damaged data
            raise SchemaError(f"cannot read {path}: not a whole Parquet file ({_short(error)})") from None
        raise
    except Exception as error:  # whatever the parser trips over
        raise SchemaError(f"cannot read {path}: not a whole Parquet file ({_short(error)})") from None
    return labelled(frame, target, path, remarks)


def _refuse_nested(schema: Any, path: Path) -> None:
    import pyarrow as pa

    for field in schema:
        storage = getattr(field.type, "storage_type", field.type)
        if pa.types.is_nested(storage) or pa.types.is_binary(storage) or pa.types.is_large_binary(storage):
            raise SchemaError(
                f"column {field.name!r} of {path} holds {field.type}, not numbers, text, dates or booleans; "
                "drop it or split it into plain columns"
            )


def _plain(field: Any) -> Any:
    import pyarrow as pa

    return field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
