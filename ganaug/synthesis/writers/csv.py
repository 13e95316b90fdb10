"""Rows as text."""

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, Literal

import pandas as pd

from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.writers.base import FilePerShard
from ganaug.synthesis.writers.frame import as_frame, is_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheet programs take for the start of one


class CSVWriter(FilePerShard):
    """``<class>/00000.csv``: the columns of the training data, then the target.

    Cells are separated by ``plan.separator``, numbers have the sign ``plan.decimal``. Text with line ends, carriage
    returns among them, is quoted. With ``plan.escape_formulas``, text that a spreadsheet program would run gets an
    apostrophe in front, as OWASP's page on CSV injection advises.
    """

    kind: ClassVar[str | None] = "table"
    suffix = ".csv"
    libraries = ("pandas",)

    def __init__(self, codec: Codec, plan: Plan) -> None:
        super().__init__(codec, plan)
        names = pd.DataFrame(columns=list(plan.dtypes))
        self._header = self._text(names, header=True)

    def fill(self, handle: IO[bytes], shard: Shard, chunks: Iterable[Any]) -> None:
        """Write a header, then the rows."""
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

    @classmethod
    def count(cls, path: Path) -> int:
        """Count the rows below the header."""
        with path.open(encoding="utf-8", newline="") as handle:
            return sum(1 for _ in csv.reader(handle)) - 1

    def _text(self, frame: pd.DataFrame, *, header: bool) -> bytes:
        if self.plan.escape_formulas:
            frame = frame.rename(columns=_harmless)
        quoting: Literal[0, 2] = csv.QUOTE_MINIMAL
        for name in [name for name, values in frame.items() if is_text(values)]:
            levels = frame[name].drop_duplicates()
            texts = [level for level in levels if isinstance(level, str)]
            if self.plan.escape_formulas and any(_harmless(text) != text for text in texts):
                frame = frame.assign(**{str(name): frame[name].astype(object).map(_harmless)})
            if any("\r" in text for text in texts):
                quoting = csv.QUOTE_NONNUMERIC  # csv quotes a lone \r only when told to
        if any("\r" in name for name in frame.columns):
            quoting = csv.QUOTE_NONNUMERIC
        style: dict[str, Any] = {"sep": self.plan.separator, "decimal": self.plan.decimal, "quoting": quoting}
        return frame.to_csv(index=False, header=header, lineterminator="\n", **style).encode()


def _harmless(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
