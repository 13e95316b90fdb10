"""Series, and what suits them."""

from typing import Any

import numpy as np
from ganaug.core.classes import Classes
from ganaug.data.codec import Codec
from ganaug.data.kind import Kind, kind_named

from ganaug_series.codec import SeriesCodec
from ganaug_series.drawing import draw_overview, draw_series
from ganaug_series.rocket import RocketClassifier

_STEPS = {"draft": 400, "oversampling": 600, "standard": 2_000, "best": 6_000}
_MIN_BOTTOM = 8  # time points where the networks are shortest


def is_series(X: Any) -> bool:
    """Whether `X` is read as series unasked: floats ``(n, channels, timepoints)`` that do not look like images."""
    floats = getattr(getattr(X, "dtype", None), "kind", "") == "f"
    return floats and X.ndim == 3 and not kind_named("image").accepts(X)


def settings(codec: Codec, classes: Classes, device: str, quality: str) -> dict[str, Any]:
    """Return networks that halve series down to 8 … 15 time points."""
    depth = max(1, (codec.sample_shape[1] // _MIN_BOTTOM).bit_length() - 1)
    return {
        "width": 12,
        "depth": depth,
        "latent_dim": 32,
        "batch_size": 32,
        "focus": 0.0,
        "max_steps": _STEPS[quality],
        "ema_decay": 0.995,
    }


def contain(X: Any) -> Any:
    """Keep lists and frames; anything else becomes an array."""
    return X if isinstance(X, list) or hasattr(X, "columns") else np.asarray(X)


SERIES = Kind(
    name="series",
    plural="series",
    accepts=is_series,
    codec=SeriesCodec,
    network="series",
    settings=settings,
    sources=("gan", "warp", "guided-warp", "dtw-mix", "dtw-average"),
    default_shares=lambda codec: {"warp": 0.5, "guided-warp": 0.25, "dtw-average": 0.25},
    min_samples=2,
    judged=True,
    presumed=True,
    metrics=("autocorrelation", "power-spectrum", "prdc", "c2st"),
    classifier=RocketClassifier,
    writer="ts",
    shard_size=2_000,
    n_shown=24,
    repeats=3,
    show=draw_series,
    has_preview=True,
    stored="float32",
    overview=draw_overview,
    contain=contain,
)
