"""The codec protocol: user data ↔ float arrays."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import pandas as pd
from scipy import sparse


class Span(NamedTuple):
    """What a slice of the last axis of an encoded row is; the whole contract between a codec and a generator.

    Examples
    --------
    >>> from ganaug.data.kind import fit_codec
    >>> import pandas as pd
    >>> spans = fit_codec(pd.DataFrame({"paid": [1.5, 2.5, 9.0], "by": ["card", "cash", "card"]})).spans
    >>> [(span.dim, span.activation, span.column) for span in spans]
    [(1, 'identity', 0), (2, 'softmax', 1)]
    """

    start: int
    dim: int
    activation: str  # "identity" (a number), "normal" (a normal score), "softmax" (one-hot) or "tanh" (pixels)
    column: int  # position in the schema


class Schema(Protocol):
    """What data are, in plain words and plain data: a frozen pydantic model."""

    @property
    def kind(self) -> str:
        """The name of a registered `Kind`."""
        ...

    def describe(self) -> str:
        """Return one line for people."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """Return plain data."""
        ...


class Codec(ABC):
    """User data ↔ float32 arrays of shape ``(n, *sample_shape)``.

    Attributes
    ----------
    schema : Schema
        What was fitted.

    Examples
    --------
    >>> from ganaug.data.kind import fit_codec
    >>> codec = fit_codec(np.zeros((4, 8, 8), np.uint8), kind="image")
    >>> x = codec.encode(np.full((1, 8, 8), 255, np.uint8))
    >>> x.shape, float(x.max()), codec.decode(x, np.random.default_rng(0)).dtype
    ((1, 1, 8, 8), 1.0, dtype('uint8'))
    """

    schema: Any

    @property
    @abstractmethod
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one encoded sample: ``(dim,)`` for rows, ``(channels, height, width)`` for images."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the parts of an encoded sample are, in order and without gaps; by default numbers."""
        return (Span(0, int(np.prod(self.sample_shape)), "identity", 0),)

    @property
    def entries(self) -> tuple[Any, ...]:
        """A name for each entry of the first axis; equal names mean the same in another codec (for fine-tuning)."""
        return tuple(range(self.sample_shape[0]))

    @classmethod
    @abstractmethod
    def fit(cls, X: Any) -> Self:
        """Learn the encoding from data."""

    @abstractmethod
    def encode(self, X: Any) -> np.ndarray:
        """Return ``(n, *sample_shape)``, float32."""

    def store(self, X: Any) -> np.ndarray:
        """Return samples as training keeps them: encoded, or in a smaller form that batches are made from (uint8)."""
        return self.encode(X)

    @abstractmethod
    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return the container, columns and dtypes of the data that were fitted."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the state (all but the schema) as plain data."""

    @classmethod
    @abstractmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> Self:
        """Rebuild a codec from its schema and its state."""


def concatenate(parts: Sequence[Any]) -> Any:
    """Join data of one container along the samples; frames get a fresh index."""
    first = parts[0]
    if isinstance(first, (pd.DataFrame, pd.Series)):
        return pd.concat(parts, ignore_index=True)
    if sparse.issparse(first):
        return sparse.vstack(parts, format=first.format)
    if isinstance(first, list):
        return [sample for part in parts for sample in part]
    return np.concatenate(parts)
