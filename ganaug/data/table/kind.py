"""Tables, and what suits them."""

from typing import Any

import numpy as np
import pandas as pd

from ganaug.core.classes import Classes
from ganaug.data.codec import Codec
from ganaug.data.kind import Kind
from ganaug.data.table.codec import TableCodec


def is_table(X: Any) -> bool:
    """Whether `X` is read as rows and columns: anything of two axes, but no list of pictures or arrays."""
    if isinstance(X, (list, tuple)) and len(X) > 0:
        return not hasattr(X[0], "getbands") and getattr(X[0], "ndim", 1) < 2
    return getattr(X, "ndim", 2) == 2


def settings(codec: Codec, classes: Classes, device: str, quality: str) -> dict[str, Any]:
    """Return small networks; a few hundred steps in balanced batches, or more of them nearer to the natural shares."""
    network = {"width": 96, "depth": 2, "latent_dim": 32, "precision": "float32"}
    if quality == "oversampling":
        steps = max(300, min(2 * min(classes.counts), 1000))
        return network | {"batch_size": 128, "focus": 0.0, "max_steps": steps, "ema_decay": 0.99}
    steps = max(2_000, min(4 * sum(classes.counts), 5_000))  # docs/experiments/rows.md, as all of this
    steps = {"draft": 450, "standard": steps, "best": 4 * steps}[quality]
    batch_size, ema_decay = (128, 0.995) if quality == "draft" else (256, 0.999)
    return network | {"batch_size": batch_size, "focus": -0.6, "max_steps": steps, "ema_decay": ema_decay}


def encoding(quality: str) -> dict[str, Any]:
    """Turn numbers into normal scores, but for the over-sampler, which draws lines in the user's own units."""
    return {"quantiles": quality != "oversampling", "dependencies": True}


def show(codec: Codec, encoded: np.ndarray) -> pd.DataFrame:
    """Decode rows to a frame, whatever container they came in."""
    decoded = codec.decode(encoded, np.random.default_rng(0))
    if isinstance(decoded, pd.DataFrame):
        return decoded
    array = decoded.toarray() if hasattr(decoded, "toarray") else np.asarray(decoded)
    return pd.DataFrame(array, columns=[str(i) for i in range(array.shape[1])])


TABLE = Kind(
    name="table",
    plural="rows",
    accepts=is_table,
    codec=TableCodec,
    network="mlp",
    settings=settings,
    encoding=encoding,
    sources=("gan", "interpolation"),
    default_shares=lambda codec: {"gan": 0.5, "interpolation": 0.5},  # docs/experiments/rows-from-two-sources.md
    rejection=0.2,  # the same
    metrics=("marginals", "correlations", "prdc", "c2st"),
    finetune_share=1 / 3,
    writer="csv",
    shard_size=100_000,
    n_shown=1_000,
    show=show,
    contain=None,
)
