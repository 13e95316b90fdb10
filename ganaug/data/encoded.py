"""Labelled data, encoded: what training, the over-sampler's sources and the judge work on."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets

from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError
from ganaug.data.batches import Refill
from ganaug.data.codec import Codec
from ganaug.data.image.pixels import to_floats
from ganaug.data.kind import Kind, kind_named, kind_of
from ganaug.data.table.polars import is_polars, to_pandas
from ganaug.data.table.stream import FileRefill, TableStream


class Encoded(NamedTuple):
    """Labelled samples, encoded once.

    Examples
    --------
    >>> data = encode([[1.0], [2.0], [5.0]], ["a", "a", "b"])
    >>> data.x.shape, data.c.tolist(), data.kind.name, data.of_class(1).shape
    ((3, 1), [0, 0, 1], 'table', (1, 1))
    """

    x: np.ndarray  # (n, *sample_shape), as training keeps them: float32, or pixels as uint8
    c: np.ndarray  # (n,) int64: positions in classes
    codec: Codec
    classes: Classes
    refill: Refill | None = None  # exchanges samples for others of a file that is larger than memory

    @property
    def kind(self) -> Kind:
        """The sort of data."""
        return kind_named(self.codec.schema.kind)

    def floats(self, rows: Any = slice(None)) -> np.ndarray:
        """Return some of the samples, by default all, as float32."""
        return to_floats(self.x[rows])

    def of_class(self, condition: int) -> np.ndarray:
        """Return the samples of a class as float32."""
        return self.floats(self.c == condition)

    def take(self, rows: np.ndarray) -> "Encoded":
        """Return some of the samples; the classes stay those that have any, with the counts of what is taken."""
        present, c = np.unique(self.c[rows], return_inverse=True)
        classes = Classes(self.classes.labels[present], np.bincount(c), self.classes.target)
        return Encoded(self.x[rows], c, self.codec, classes)


def encode(X: Any, y: Any, kind: "str | Kind" = "auto", quality: str = "standard") -> Encoded:
    """Fit the codec and the classes of labelled data, and encode them; uint8 images only when they are in a batch.

    Parameters
    ----------
    X : array-like, DataFrame, sparse matrix, list of PIL images or TableStream
        Samples.
    y : array-like of shape (n_samples,), or None for a TableStream
        Class labels.
    kind : str or Kind, default="auto"
        What `X` is; ``"auto"`` looks.
    quality : str, default="standard"
        What it is encoded for, as in `TrainConfig`.

    Raises
    ------
    SchemaError
        If `X` and `y` do not fit together or cannot be learnt from.
    """
    if isinstance(X, TableStream):
        if y is not None:
            raise SchemaError(f"{X} brings its own labels; leave y out")
        sample = X.sample()
        check_target(sample.y)
        table = sample.codec(**kind_of(sample.X, kind).encoding(quality))
        classes = sample.classes()
        refill = FileRefill(X, table, classes, sample.target)
        return Encoded(table.store(sample.X), classes.index(sample.y), table, classes, refill)
    X, y = (to_pandas(data) if is_polars(data) else data for data in (X, y))
    target = check_target(y)
    kind = kind_of(X, kind)
    codec = kind.codec.fit(X, **kind.encoding(quality))
    x = codec.store(X)
    if len(x) != len(target):
        raise SchemaError(f"X has {len(x)} samples, y has {len(target)} labels")
    name = getattr(y, "name", None)
    classes = Classes.from_target(target, "target" if name is None else str(name))
    return Encoded(x, classes.index(target), codec, classes)


def refuse_constant(data: Encoded) -> None:
    """Raise `SchemaError` if nothing varies."""
    if data.x[0].size == 0:
        raise SchemaError("every column of X is constant; there is nothing to learn")


def warn_of_single_samples(classes: Classes) -> None:
    """Warn of classes with one sample: a model can do little more than repeat it."""
    single = [repr(label) for label, n in zip(classes.labels.tolist(), classes.counts, strict=True) if n == 1]
    if single:
        listed = ", ".join(single[:5]) + (", …" if len(single) > 5 else "")
        message = f"only one sample is there of class {listed}: how such samples vary cannot be learnt from it"
        warnings.warn(message, stacklevel=3)


def check_target(y: Any) -> np.ndarray:
    """Return labels as an array ``(n,)``.

    Raises
    ------
    SchemaError
        If they are no class labels, or some are missing.
    """
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if target.ndim != 1:
        raise SchemaError(f"y must hold one label for each sample; got shape {target.shape}")
    missing = int(pd.isna(target).sum())
    if missing:
        raise SchemaError(f"y has {missing} missing labels; drop those samples")
    try:
        check_classification_targets(target)
    except ValueError as error:
        raise SchemaError(f"y must hold class labels: {error}") from None
    return target
