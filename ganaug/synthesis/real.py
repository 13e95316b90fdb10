"""Real samples that are written beside synthetic ones, or shown above them."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.models.synthesizer import Synthesizer
from ganaug.synthesis.plan import Shard

_PIECE = 16_384  # real samples that are handed to a writer at once


class RealSamples:
    """Real samples of some classes, shard by shard; called with a shard, it yields them.

    Parameters
    ----------
    synthesizer : Synthesizer
        Whose columns, dtypes and classes they have to have.
    X, y : array-like
        Samples and their labels.
    labels : iterable
        The classes that are written.

    Attributes
    ----------
    counts : dict
        How many there are of each of `labels`.

    Raises
    ------
    SchemaError
        If they do not fit.
    """

    def __init__(self, synthesizer: Synthesizer, X: Any, y: Any, labels: Iterable[Any]) -> None:
        self.X = _fitting(synthesizer, X)
        c = synthesizer.classes.index(y)
        self._rows = {label: np.flatnonzero(c == synthesizer.classes.index([label])[0]) for label in labels}
        self.counts = {label: len(rows) for label, rows in self._rows.items()}

    def __call__(self, shard: Shard) -> Iterator[Any]:
        """Yield a shard's samples, piece by piece."""
        rows = self._rows[shard.class_plan.label][shard.start : shard.start + shard.n]
        for i in range(0, len(rows), _PIECE):
            yield take(self.X, rows[i : i + _PIECE])


def take(X: Any, rows: np.ndarray) -> Any:
    """Return some of the samples in `X`, in its container."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if hasattr(X, "shape") else [X[i] for i in rows]


def digest_of_data(*values: Any) -> str:
    """Return a SHA-256 of samples and labels."""
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, (pd.DataFrame, pd.Series)):
            value = pd.util.hash_pandas_object(value, index=False)
        elif hasattr(value, "tocsr"):
            value = value.toarray()
        array = np.asarray(value)
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(repr(array.tolist()).encode() if array.dtype == object else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _fitting(synthesizer: Synthesizer, X: Any) -> Any:
    """Return the samples with the columns and dtypes of the model's."""
    schema = synthesizer.codec.schema
    if hasattr(X, "columns") and getattr(schema, "container", None) == "frame":
        dtypes = {column.name: column.dtype for column in schema.columns}
        try:
            X = X[list(dtypes)].astype(dtypes)
        except (KeyError, ValueError, TypeError) as error:
            raise SchemaError(f"the real samples do not have the model's columns and dtypes: {error}") from None
    synthesizer.codec.encode(take(X, np.arange(1)))  # says what does not fit
    return X
