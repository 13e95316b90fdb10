"""Tables larger than memory: read in chunks, with a bounded sample of each class at hand."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from pandas.api import types as pdt
from torch import Tensor

from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError, UnknownTargetError, did_you_mean
from ganaug.data.batches import BalancedBatches
from ganaug.data.readers.dialect import dialect_of, encodings_of
from ganaug.data.readers.text import find_codes, parser
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.columns import CategoryColumn
from ganaug.data.table.moments import WrittenMoments

_CHUNK = 20_000  # rows
_MAX_CLASSES = 1_000
_MAX_LEVELS = 10_000  # of a category that are remembered


class TableStream:
    """A labelled table on disk, which may be larger than memory; `ganaug.train` takes it in place of `X` and `y`.

    The file is read once before training. From each class a uniform sample of rows is kept; a class with fewer rows
    than its share keeps all of them. Columns are encoded as the sample shows them, but smallest and largest values,
    missing values and the levels of categories (10,000 a column) are those of the whole file. Frequencies of rare
    levels, the number of decimals and what counts as a number of few values are the sample's. While training, rows of
    the larger classes are exchanged for others from the file.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.tsv`` or ``.parquet`` (the latter needs pyarrow).
    target : str, optional
        Label column; by default the last one.
    encoding : str, optional
        Of a text table; by default found by looking at its beginning.
    header : bool, optional
        Whether its first line names the columns, as in `ganaug.data.readers.read_csv`.
    rows : int, default=100000
        How many rows are kept in memory, shared equally by the classes.
    random_state : int, default=0
        Which rows they are.

    Raises
    ------
    SchemaError
        When it is read: if the file is no table, the target is unknown, or labels are missing or too many.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_iris(as_frame=True).frame.to_csv(folder + "/iris.csv", index=False)
    ...     gan = ganaug.train(TableStream(folder + "/iris.csv", rows=60), max_steps=5, random_state=0)
    >>> gan.classes.counts, gan.sample(2, label=1, random_state=0).shape
    ([50, 50, 50], (2, 4))
    """

    def __init__(
        self,
        path: str | Path,
        target: str | None = None,
        *,
        encoding: str | None = None,
        header: bool | None = None,
        rows: int = 100_000,
        random_state: int = 0,
    ) -> None:
        self.path = Path(path)
        self.target = target
        self.encoding = encoding
        self.header = header
        self.rows = rows
        self.random_state = random_state
        self._text: set[Any] = set()  # columns that look like numbers in some chunks only
        self._codes: list[Any] | None = None  # columns of numbers with leading zeros

    def __repr__(self) -> str:
        return f"TableStream({str(self.path)!r}, target={self.target!r}, rows={self.rows})"

    def sample(self) -> "Sample":
        """Read the file once and return the rows that are kept.

        Raises
        ------
        SchemaError
            If it is no table, the target is unknown, or labels are missing or too many.
        """
        while True:
            kinds = _Kinds()
            result = self._sampled(kinds)
            if result is not None:
                return result
            self._text |= kinds.mixed

    def _sampled(self, kinds: "_Kinds") -> "Sample | None":
        """Return the sample; None where a column turned out to be of another kind than it seemed."""
        rng = np.random.default_rng(self.random_state)
        kept: dict[Any, _Reservoir] = {}
        witnesses = _Witnesses()
        name = None
        for frame in self.frames():
            name = _target_name(frame, self.target, self.path)
            if kinds.differ(frame):
                return None
            labels = frame.pop(name)
            if labels.isna().any():
                raise SchemaError(f"target column {name!r} of {self.path} has missing labels; drop those rows")
            witnesses.add(frame)
            codes, values = pd.factorize(labels)
            keys = rng.random(len(frame))
            for code, label in enumerate(values.tolist()):
                own = codes == code
                kept.setdefault(label, _Reservoir()).add(frame[own], keys[own], self.rows // (len(kept) or 1))
            if len(kept) > _MAX_CLASSES:
                raise SchemaError(f"target column {name!r} of {self.path} has over {_MAX_CLASSES:,} values: no label")
        if not kept:
            raise SchemaError(f"{self.path} has no rows")
        parts = {label: reservoir.rows(max(1, self.rows // len(kept))) for label, reservoir in kept.items()}
        y = np.array([label for label, part in parts.items() for _ in range(len(part))])
        counts = {label: reservoir.seen for label, reservoir in kept.items()}
        return Sample(pd.concat(parts.values(), ignore_index=True), y, str(name), counts, witnesses.frame())

    def frames(self, skip: int = 0) -> Iterator[pd.DataFrame]:
        """Read the file chunk by chunk, target included, without the first `skip` chunks."""
        try:
            if self.path.suffix.lower() == ".parquet":
                yield from islice(self._parquet(), skip, None)
            else:
                encoding = self.encoding or encodings_of(self.path)[0]
                dialect = dialect_of(self.path, encoding, self.header)
                if self._codes is None:
                    self._codes = find_codes(self.path, dialect, encoding)
                kinds = dict.fromkeys([*self._text, *self._codes], str)
                with parser(self.path, dialect, encoding, chunksize=_CHUNK, dtype=kinds) as reader:
                    for chunk in islice(reader, skip, None):
                        yield chunk if dialect.header else chunk.set_axis(chunk.columns.astype(str), axis=1)
        except SchemaError:
            raise
        except OSError as error:
            raise SchemaError(f"cannot read {self.path}: {error.strerror or error}") from error
        except ValueError as error:  # pandas' parser errors, decoding errors and pyarrow's are ValueErrors
            raise SchemaError(f"cannot read {self.path} as a table: {error}") from error

    def _parquet(self) -> Iterator[pd.DataFrame]:
        try:
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise SchemaError(f"reading {self.path} needs pyarrow: pip install 'ganaug[parquet]'") from None
        with ParquetFile(self.path, pre_buffer=False, buffer_size=2**20) as file:
            for batch in file.iter_batches(batch_size=_CHUNK):
                frame = batch.to_pandas()
                categories = [column for column in frame if isinstance(frame[column].dtype, pd.CategoricalDtype)]
                yield frame.astype({column: frame[column].cat.categories.dtype for column in categories})


class Sample(NamedTuple):
    """What a stream keeps of its file."""

    X: pd.DataFrame
    y: np.ndarray  # (n,)
    target: str
    counts: dict[Any, int]  # rows of each class in the file
    witnesses: pd.DataFrame  # rows that hold the extremes, levels and missing values of the file

    def codec(self, **options: bool) -> TableCodec:
        """Fit the encoding to the kept rows and the witnesses; options are those of `TableCodec.fit`."""
        return TableCodec.fit(pd.concat([self.X, self.witnesses], ignore_index=True), **options)

    def classes(self) -> Classes:
        """Return the classes with their numbers of rows in the file."""
        labels = np.unique(self.y)
        return Classes(labels, [self.counts[label] for label in labels.tolist()], self.target)


class FileRefill:
    """Exchanges rows of batches for others from the file, a chunk at a time: in one pass as many as are kept.

    Classes of which all rows are at hand stay as they are. In the others, rows that were read a pass ago are 1 / e
    times as likely as those read last.
    """

    def __init__(self, stream: TableStream, codec: TableCodec, classes: Classes, target: str) -> None:
        self.stream = stream
        self.codec = codec
        self.classes = classes
        self.target = target
        self.position = 0  # chunks read of this pass
        self._chunks: Iterator[pd.DataFrame] | None = None

    def __call__(self, batches: BalancedBatches) -> None:
        """Read one chunk and exchange rows; which ones, the batches' generator decides."""
        frame = self._next()
        c = torch.from_numpy(self.classes.index(frame.pop(self.target)))
        random = torch.rand(len(c), generator=batches.generator)
        for condition, n in enumerate(self.classes.counts):
            kept = batches.count(condition)
            if kept < n:
                chosen = ((c == condition) & (random < kept / n)).numpy()
                new = _encodable(frame[chosen], self.codec)[:kept]
                if len(new):
                    batches.replace(condition, torch.from_numpy(self.codec.store(new)))

    def _next(self) -> pd.DataFrame:
        if self._chunks is None:
            self._chunks = self.stream.frames(self.position)
        frame = next(self._chunks, None)
        if frame is None:
            self.position, self._chunks = 0, None
            return self._next()
        self.position += 1
        return frame

    def state_dict(self) -> dict[str, Tensor]:
        """Return where in the file it is."""
        return {"position": torch.tensor(self.position)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from there."""
        self.position, self._chunks = int(state["position"]), None


class _Reservoir:
    """A uniform sample of rows: those with the smallest random keys."""

    def __init__(self) -> None:
        self.seen = 0
        self._parts: list[pd.DataFrame] = []
        self._keys: list[np.ndarray] = []
        self._bound = 1.0

    def add(self, frame: pd.DataFrame, keys: np.ndarray, size: int) -> None:
        self.seen += len(frame)
        small = keys < self._bound
        self._parts.append(frame[small])
        self._keys.append(keys[small])
        if sum(map(len, self._keys)) > 2 * max(size, _CHUNK):
            self._compact(size)

    def rows(self, size: int) -> pd.DataFrame:
        """Return at most `size` rows in the order of the file."""
        self._compact(size)
        return self._parts[0]

    def _compact(self, size: int) -> None:
        frame, keys = pd.concat(self._parts), np.concatenate(self._keys)
        if len(keys) > size:
            self._bound = np.partition(keys, size)[size]
            frame, keys = frame[keys < self._bound], keys[keys < self._bound]
        self._parts, self._keys = [frame], [keys]


class _Witnesses:
    """Rows that show the smallest and largest numbers, the levels and the missing values of every column."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self._range: dict[str, tuple[Any, Any]] = {}
        self._levels: dict[str, set[Any]] = {}
        self._missing: set[str] = set()

    def add(self, frame: pd.DataFrame) -> None:
        shown: list[Any] = []
        for name in frame.columns:
            series: Any = frame[name]
            gaps = series.isna()
            if name not in self._missing and gaps.any():
                self._missing.add(name)
                shown.append(gaps.idxmax())
            known = series[~gaps]
            if known.empty:
                continue
            if _kind(known) in ("number", "time") or WrittenMoments.find(known) is not None:
                at = known.idxmin(), known.idxmax()
                low, high = self._range.get(name, (known[at[1]], known[at[0]]))
                shown += [at[0]] * bool(known[at[0]] < low) + [at[1]] * bool(known[at[1]] > high)
                shown += list(at) if name not in self._range else []
                self._range[name] = min(low, known[at[0]]), max(high, known[at[1]])
            else:
                seen = self._levels.setdefault(name, set())
                firsts = known.drop_duplicates()
                new = firsts[[level not in seen for level in firsts]][: _MAX_LEVELS - len(seen)]
                seen |= set(new)
                shown += new.index.tolist()
        if shown:
            self._parts.append(frame.loc[sorted(set(shown))])

    def frame(self) -> pd.DataFrame:
        return pd.concat(self._parts, ignore_index=True)


class _Kinds:
    """What the columns hold, as far as was read."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.mixed: set[str] = set()

    def differ(self, frame: pd.DataFrame) -> bool:
        """Whether a column now holds something else than before."""
        for name in frame.columns:
            known = frame[name].dropna()
            if not known.empty and self.found.setdefault(name, kind := _kind(known)) != kind:
                self.mixed.add(name)
        return bool(self.mixed)


def _kind(known: pd.Series) -> str:
    if pdt.is_bool_dtype(known.dtype):
        return "bool"
    if pdt.is_numeric_dtype(known.dtype):
        return "number"
    if pdt.is_datetime64_any_dtype(known.dtype) or pdt.is_timedelta64_dtype(known.dtype):
        return "time"
    return "bool" if known.dtype == object and pdt.infer_dtype(known) == "boolean" else "text"


def _target_name(frame: pd.DataFrame, target: str | None, path: Path) -> Any:
    if frame.shape[1] < 2:
        raise SchemaError(f"{path} needs at least one column besides the target; it has {list(frame.columns)}")
    name = frame.columns[-1] if target is None else target
    if name not in frame.columns:
        raise UnknownTargetError(f"{path} has no column {name!r}; {did_you_mean(name, frame.columns)}")
    return name


def _encodable(frame: pd.DataFrame, codec: TableCodec) -> pd.DataFrame:
    """Return the rows that hold only levels the codec knows; beyond those remembered, a level counts as a rare one."""
    known = np.ones(len(frame), dtype=bool)
    grouped = {frame.columns[i] for found in codec.dependencies if found.kind == "one_hot" for i in found.columns}
    for column, name in zip(codec.columns, list(frame.columns), strict=True):
        if isinstance(column, CategoryColumn) and name not in grouped:
            levels = [level for level in column.levels if not pd.isna(level)]
            strange = ~(frame[name].isin(levels) | frame[name].isna()).to_numpy()
            if column.rare_counts and strange.any():
                frame = frame.assign(**{name: frame[name].where(~strange, column.levels[-1])})
            else:
                known &= ~strange
    return frame[known]
