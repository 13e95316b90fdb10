"""Images, and what suits them."""

from typing import Any

import numpy as np
import torch

from ganaug.core.classes import Classes
from ganaug.data.codec import Codec
from ganaug.data.image.codec import ImageCodec
from ganaug.data.image.disguises import disguises
from ganaug.data.image.gradients import lookalikes
from ganaug.data.image.pixels import to_picture
from ganaug.data.kind import Kind

IMAGE_STEPS = {"draft": 500, "oversampling": 1_500, "standard": 1_500, "best": 5_000}  # of gray images; colour: twice
_MIN_BOTTOM = 4  # pixels a side at the bottom of the convolutional networks
_MAX_ASPECT = 2.0  # of unnamed float arrays of three axes: longer ones are rather series


def is_image(X: Any) -> bool:
    """Whether `X` is read as images: PIL images, arrays of four axes, or of three that look like gray images.

    An array ``(n, t, c)`` of floats may be a set of time series as well as one of images: it is taken for images only
    if its values are those of pixels (0…1, -1…1 or 0…255) and no side is more than twice as long as the other.
    """
    if isinstance(X, (list, tuple)) and len(X) > 0:
        first = X[0]
        return hasattr(first, "getbands") or (isinstance(first, np.ndarray) and first.ndim >= 2)
    if getattr(X, "ndim", 2) == 3 and getattr(X, "dtype", None) is not None and X.dtype.kind == "f" and X.size:
        low, high, sides = X.min(), X.max(), sorted(X.shape[1:])
        pixels = bool((0 <= low and high <= 255) or (-1 <= low and high <= 1) or not np.isfinite(low + high))
        return pixels and sides[1] <= _MAX_ASPECT * sides[0]
    return getattr(X, "ndim", 2) > 2


def settings(codec: Codec, classes: Classes, device: str, quality: str) -> dict[str, Any]:
    """Return networks that halve images down to 4 … 7 pixels, and steps by whether they have colour."""
    channels, *sides = codec.sample_shape
    depth = max(1, (min(sides) // _MIN_BOTTOM).bit_length() - 1)
    return {
        "width": 16 if depth > 1 else 32,
        "depth": depth,
        "latent_dim": 64,
        "batch_size": 32,
        "focus": 0.5,
        "max_steps": IMAGE_STEPS[quality] * (1 if channels == 1 else 2),
        "ema_decay": 0.999,
        "precision": "bfloat16" if gains_from_bfloat16(device) else "float32",
    }


def default_shares(codec: Codec) -> dict[str, float]:
    """Return the safest choice where nothing can be judged: on six splits of gray photographs the GAN alone gained.

    On colour photographs it lost, and real images are repeated (docs/experiments/images.md).
    """
    return {"gan": 1.0} if codec.sample_shape[0] == 1 else {"repeat": 1.0}


def gains_from_bfloat16(device: str) -> bool:
    """Whether autocast pays for convolutions: on GPUs with bfloat16 and on CPUs that multiply it."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older versions cannot tell
    return device == "cpu" and bool(capabilities.get("avx512_bf16", False))


def show(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """Return pictures for a gallery."""
    return to_picture(encoded)


IMAGE = Kind(
    name="image",
    plural="images",
    accepts=is_image,
    codec=ImageCodec,
    network="conv",
    settings=settings,
    sources=("symmetry", "amplitude", "mirror", "recolouring", "deformation", "gan"),  # the dear ones last: budgets end
    default_shares=default_shares,
    judged=True,
    metrics=("frechet", "kid", "inception-score", "prdc", "spectrum", "c2st"),
    classifier="network",
    finetune_share=0.5,
    class_learning_rate=4.0,  # docs/experiments/transfer.md
    writer="images",
    shard_size=1_000,
    n_shown=100,
    repeats=3,
    show=show,
    disguises=disguises,
    lookalikes=lookalikes,
    has_preview=True,
    stored="uint8",
)
