"""The codec protocol: user data ↔ float tensors."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import pandas as pd
from scipy import sparse

from ganaug.core import registry
from ganaug.core.schema import ImageSchema, TableSchema


class Span(NamedTuple):
    """What a slice of the last axis of an encoded row is; the whole contract between a codec and a generator."""

    start: int
    dim: int
    activation: str  # "identity" (a number), "normal" (a normal score), "softmax" (one-hot) or "tanh" (pixels)
    column: int  # position in the schema


class Codec(Protocol):
    """User data ↔ float32 arrays of shape ``(n, *sample_shape)``."""

    schema: TableSchema | ImageSchema

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one encoded sample: ``(dim,)`` for rows, ``(channels, height, width)`` for images."""
        ...

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the parts of an encoded sample are, in order and without gaps."""
        ...

    @classmethod
    def fit(cls, X: Any) -> Self:
        """Learn the encoding from data."""
        ...

    def encode(self, X: Any) -> np.ndarray:
        """Return ``(n, *sample_shape)``, float32."""
        ...

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return the container, columns and dtypes of the data that were fitted."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the state (all but the schema) as plain data."""
        ...

    @classmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> Self:
        """Rebuild a codec from its schema and its state."""
        ...


def is_image_data(X: Any) -> bool:
    """Whether `X` is read as images: an array of three or four axes, or a list of PIL images."""
    if isinstance(X, (list, tuple)) and len(X) > 0:
        first = X[0]
        return hasattr(first, "getbands") or (isinstance(first, np.ndarray) and first.ndim >= 2)
    return getattr(X, "ndim", 2) > 2


def fit_codec(X: Any, **options: Any) -> Codec:
    """Fit the codec that suits `X`: ``image`` for image arrays and PIL images, else ``table``, with its options.

    Raises
    ------
    SchemaError
        If `X` cannot be encoded; the message says what was expected.
    """
    if is_image_data(X):
        return registry.lookup("codecs", "image").fit(X)
    return registry.lookup("codecs", "table").fit(X, **options)


def stored(codec: Codec, X: Any) -> np.ndarray:
    """Return samples as training keeps them: encoded, unless the codec has a smaller form that batches are made from.

    A codec may have a method ``stored`` that gives uint8, for `ganaug.data.batches.as_floats`; images do.
    """
    return getattr(codec, "stored", codec.encode)(X)


def concatenate(parts: Sequence[Any]) -> Any:
    """Join data of one container along the samples; frames get a fresh index."""
    first = parts[0]
    if isinstance(first, pd.DataFrame):
        return pd.concat(parts, ignore_index=True)
    if sparse.issparse(first):
        return sparse.vstack(parts, format=first.format)
    if isinstance(first, list):
        return [sample for part in parts for sample in part]
    return np.concatenate(parts)
