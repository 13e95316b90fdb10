"""Texts ↔ numbers of their words, or ↔ points that an autoencoder writes texts from."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec, Span
from pydantic import BaseModel, ConfigDict

from ganaug_text.autoencoder import Autoencoder
from ganaug_text.tokens import FIRST, PAD, UNKNOWN, count_words, join, split

MAX_WORDS = 200  # of a text; longer ones are cut
TOKEN = "token"  # what a span of numbers of words is
_UNKNOWN_WORD = " …"
Container = Literal["list", "array", "series", "frame"]


class TextSchema(BaseModel):
    """What texts are; a frozen model of plain data."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["text"] = "text"
    container: Container
    dtype: str
    name: str | None = None  # of a pandas Series, or of the one column of a frame
    words: int  # of the longest text
    vocabulary: int

    def describe(self) -> str:
        """Return one line for people."""
        return f"texts of up to {self.words} words, {self.vocabulary:,} different ones"


class TextCodec(Codec):
    """Texts ↔ the numbers of their words, ``(words,)`` float32; or, with `latents`, ↔ points of an autoencoder.

    White space is made single spaces. Numbers of words come back exactly; points come back as the text that the
    autoencoder writes.

    Parameters
    ----------
    schema : TextSchema
    vocabulary : sequence of str
        All words, the most frequent first.
    autoencoder : Autoencoder, optional
        Where given, samples are encoded as its points.
    """

    def __init__(self, schema: TextSchema, vocabulary: list[str], autoencoder: Autoencoder | None = None) -> None:
        self.schema, self.vocabulary, self.autoencoder = schema, vocabulary, autoencoder
        self._numbers = {word: i for i, word in enumerate(vocabulary, start=FIRST)}

    @property
    def sample_shape(self) -> tuple[int]:
        """How many numbers a text is."""
        return (self.schema.words if self.autoencoder is None else self.autoencoder.latent_dim,)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Numbers of words, which no network can make; or coordinates of points."""
        return (Span(0, self.sample_shape[0], TOKEN if self.autoencoder is None else "identity", 0),)

    @classmethod
    def fit(cls, X: Any, latents: bool = False) -> Self:
        """Learn the words, and with `latents` an autoencoder of the texts.

        Parameters
        ----------
        X : list of str, array, Series or DataFrame of one column
        latents : bool, default=False

        Raises
        ------
        SchemaError
            If that is not what `X` is, or texts are missing or empty.
        """
        texts, container = _texts(X)
        words = [split(text)[:MAX_WORDS] for text in texts]
        empty = sum(not own for own in words)
        if empty:
            raise SchemaError(f"{empty:,} texts are empty; drop them first")
        vocabulary = count_words(words)
        name = X.columns[0] if container == "frame" else getattr(X, "name", None)
        schema = TextSchema(
            container=container,
            dtype=str(X.dtypes.iloc[0] if container == "frame" else getattr(X, "dtype", "str")),
            name=None if name is None else str(name),
            words=max(map(len, words)),
            vocabulary=len(vocabulary),
        )
        codec = cls(schema, vocabulary)
        if not latents:
            return codec
        return cls(schema, vocabulary, Autoencoder.fit(codec.encode(X).astype(np.int64), len(vocabulary)))

    def encode(self, X: Any) -> np.ndarray:
        """Return ``(n, *sample_shape)`` float32; words that were not fitted become an ellipsis."""
        texts, _ = _texts(X)
        encoded = np.full((len(texts), self.schema.words), PAD, np.float32)
        for row, text in zip(encoded, texts, strict=True):
            numbers = [self._numbers.get(word, UNKNOWN) for word in split(text)[: self.schema.words]]
            row[: len(numbers)] = numbers
        return encoded if self.autoencoder is None else self.autoencoder.encode(encoded.astype(np.int64))

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return the container that was fitted.

        Raises
        ------
        SchemaError
            If numbers of words are no whole numbers: what lies between two of them is no word.
        """
        numbers = encoded if self.autoencoder is None else self.autoencoder.decode(encoded)
        if (numbers != np.rint(numbers)).any():
            raise SchemaError(
                "these are no texts: what lies between two texts is none; use sources for texts (text-edits, span-mix, "
                "ngrams, latent-gan)"
            )
        words = [_UNKNOWN_WORD, *self.vocabulary]
        ids = numbers.astype(np.int64).clip(PAD, len(words))
        texts = [join(words[i - UNKNOWN] for i in row if i != PAD) for row in ids]
        if self.schema.container == "list":
            return texts
        if self.schema.container == "array":
            return np.array(texts, dtype=object if self.schema.dtype == "object" else str)
        series = pd.Series(texts, name=self.schema.name, dtype=self.schema.dtype)
        return series if self.schema.container == "series" else series.to_frame()

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain data."""
        weights = None if self.autoencoder is None else self.autoencoder.to_json()
        return {"vocabulary": self.vocabulary, "autoencoder": weights}

    @classmethod
    def from_json(cls, schema: dict[str, Any], state: dict[str, Any]) -> Self:
        """Rebuild a codec."""
        weights = state["autoencoder"]
        return cls(TextSchema(**schema), state["vocabulary"], weights and Autoencoder.from_json(weights))


def _texts(X: Any) -> tuple[list[str], Container]:
    container: Container
    if hasattr(X, "columns"):
        if X.shape[1] != 1:
            raise SchemaError(f"expected one column of texts; got {list(map(str, X.columns))[:5]}")
        container, values = "frame", X.iloc[:, 0].tolist()
    elif hasattr(X, "iloc"):
        container, values = "series", X.tolist()
    elif isinstance(X, np.ndarray):
        container, values = "array", X.tolist() if X.ndim == 1 else [None]
    else:
        container, values = "list", list(X)
    wrong = [value for value in values if not isinstance(value, str)]
    if wrong or not values:
        found = f"{len(wrong):,} of {len(values):,} are no text, such as {wrong[0]!r}" if wrong else "there is none"
        raise SchemaError(f"expected a list, an array of one axis or a Series of texts; {found}")
    return values, container
