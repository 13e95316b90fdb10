"""Texts, and what suits them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from ganaug.core.classes import Classes
from ganaug.data.codec import Codec
from ganaug.data.kind import Kind

from ganaug_text.classifier import TextClassifier, count_ngrams
from ganaug_text.codec import TextCodec

_STEPS = {"draft": 300, "oversampling": 600, "standard": 1_500, "best": 4_000}
_DIM = 512  # places that words and pairs are hashed to where copies are looked for


def settings(codec: Codec, classes: Classes, device: str, quality: str) -> dict[str, Any]:
    """Return small networks for points."""
    return {"width": 128, "depth": 2, "latent_dim": 32, "batch_size": 64, "max_steps": _STEPS[quality]}


def encoding(quality: str) -> dict[str, Any]:
    """Encode texts as points where a GAN learns them, and for the over-sampler as words."""
    return {"latents": quality != "oversampling"}


def contain(X: Any) -> Any:
    """Keep lists, series and frames; anything else becomes an array."""
    return X if isinstance(X, list) or hasattr(X, "iloc") else np.asarray(X)


def show(codec: Codec, encoded: np.ndarray) -> pd.DataFrame:
    """Return texts as a frame of one column."""
    texts = codec.decode(encoded, np.random.default_rng(0))
    return pd.DataFrame({"text": np.asarray(texts, dtype=object).ravel().tolist()})


def disguises(encoded: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield words and pairs of words, hashed and of unit length: a copy with a few other words lies near."""
    counts = count_ngrams(encoded).tocoo()
    hashed = np.zeros((len(encoded), _DIM), np.float32)
    np.add.at(hashed, (counts.row, counts.col % _DIM), 1)
    yield "as it is", hashed / np.maximum(np.linalg.norm(hashed, axis=1, keepdims=True), 1e-9)


TEXT = Kind(
    name="text",
    plural="texts",
    accepts=lambda X: False,  # a list of words may be a column of categories: texts are asked for by name
    codec=TextCodec,
    network="text",
    settings=settings,
    encoding=encoding,
    sources=("text-edits", "span-mix", "ngrams", "latent-gan"),
    default_shares=lambda codec: {"text-edits": 1.0},
    min_samples=2,
    judged=True,
    presumed=True,
    metrics=("distinct-n", "perplexity", "c2st"),
    classifier=TextClassifier,
    interpolates=False,
    writer="csv",
    shard_size=5_000,
    n_shown=20,
    show=show,
    disguises=disguises,
    contain=contain,
)
