"""Series as text: ``.ts`` files, and a CSV file for each series."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.writers import Writer
from ganaug.synthesis.writers.base import FilePerShard


class TsWriter(FilePerShard):
    """``<class>/00000.ts``: what aeon, sktime and `ganaug_series.readers.read_ts` read; labels without white space."""

    kind: ClassVar[str | None] = "series"
    suffix = ".ts"

    def __init__(self, codec: Codec, plan: Plan) -> None:
        super().__init__(codec, plan)
        schema = codec.schema
        lengths = "false" if schema.padded else f"true\n@seriesLength {schema.timepoints}"
        several = "true" if schema.channels == 1 else f"false\n@dimensions {schema.channels}"
        labels = " ".join(_label(planned.label) for planned in plan.classes)
        self._header = (
            f"@problemName synthetic\n@timeStamps false\n@missing false\n@univariate {several}\n"
            f"@equalLength {lengths}\n@classLabel true {labels}\n@data\n"
        ).encode()

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write a header, then a line a series."""
        handle.write(self._header)
        label = _label(shard.class_plan.label)
        for chunk in chunks:
            for series in _each(chunk):
                channels = [",".join(map(repr, channel.tolist())) for channel in series]
                handle.write((":".join([*channels, label]) + "\n").encode())

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one header, then the series of all."""
        with out.open("wb") as handle:
            handle.write(self._header)
            for part in parts:
                handle.write(part.read_bytes()[len(self._header) :])

    @classmethod
    def count(cls, path: Path) -> int:
        """Count the lines below the header."""
        with path.open("rb") as handle:
            return sum(1 for line in handle if line.strip() and not line.startswith((b"@", b"#")))


class SeriesFilesWriter(Writer):
    """``<class>/0000000.csv``, one file a series: a row a time point, a column a channel."""

    kind: ClassVar[str | None] = "series"

    def write(self, folder: Path, shard: Shard, chunks: Iterable[Any]) -> dict[str, str]:
        """Write the files of a shard."""
        digests, number = {}, shard.start
        for chunk in chunks:
            for series in _each(chunk):
                name = f"{shard.stem}{number:07d}.csv"
                names = ",".join(f"channel {i}" for i in range(len(series)))
                rows = "\n".join(",".join(map(repr, row)) for row in series.T.tolist())
                content = f"{names}\n{rows}\n".encode()
                (folder / name).write_bytes(content)
                digests[name] = hashlib.sha256(content).hexdigest()
                number += 1
        return digests

    @classmethod
    def count(cls, path: Path) -> int:
        """Return 1."""
        return 1


def _each(chunk: Any) -> Iterable[np.ndarray]:
    """Yield each series of any container as ``(channels, timepoints)``."""
    whole = chunk.to_numpy() if hasattr(chunk, "to_numpy") else chunk
    return (np.atleast_2d(series) for series in whole)


def _label(label: Any) -> str:
    """Return a label as one word, as the format wants it."""
    return "_".join(str(label).replace(":", "_").split()) or "_"
