"""What ``"auto"`` means: settings that follow the data and the objective."""

from typing import Any

import torch

from ganaug.core import registry
from ganaug.core.classes import Classes
from ganaug.core.config import ResolvedConfig, TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Codec

_MISMATCH = 0.1  # docs/decisions/0008-images.md
_ROW_STEPS = {"draft": 500, "standard": 6_000, "best": 20_000}  # docs/experiments/rows.md, as all for rows
_PENALTY = {"draft": 0.5, "standard": 0.5, "best": 0.5, "oversampling": 1.0}
_SMALLEST_SIDE = 4  # pixels at the bottom of the convolutional networks


def resolve(config: TrainConfig, codec: Codec, classes: Classes) -> ResolvedConfig:
    """Replace every ``"auto"`` by the value that will be used.

    Parameters
    ----------
    config : TrainConfig
        As the user gave it.
    codec : Codec
        Fitted to the training data.
    classes : Classes
        With their counts.

    Raises
    ------
    ConfigError
        If settings contradict the data, the objective or the machine.
    PluginNotFoundError
        If objective or network is not known.
    """
    objective = registry.lookup("objectives", config.objective)
    if config.label_smoothing and not objective.smooths_labels:
        raise ConfigError(f"label_smoothing has no meaning for objective {config.objective!r}; use vanilla or lsgan")
    if config.penalty_weight not in ("auto", 0) and not objective.penalty_weight:
        raise ConfigError(f"objective {config.objective!r} has no gradient penalty; leave penalty_weight at 'auto'")
    rows = len(codec.sample_shape) == 1
    network = ("mlp" if rows else "conv") if config.network == "auto" else config.network
    if config.attention and network == "mlp":
        raise ConfigError("attention needs images; the mlp network has none")
    if config.mismatch_weight not in ("auto", 0) and len(classes) == 1:
        raise ConfigError("mismatch_weight needs two classes or more; there is one")
    device = _device(config.device)
    own = {
        "optimizer": objective.optimizer,
        "learning_rate": objective.learning_rate,
        "d_learning_rate": objective.d_learning_rate,
        "betas": objective.betas,
        "d_steps": objective.d_steps,
        "penalty_weight": objective.penalty_weight,
        "spectral_norm": objective.spectral_norm,
        "penalty_every": 1,
        "mismatch_weight": 0.0,
    }
    if config.objective == "relativistic":
        own["penalty_every"] = 4
        own |= {"betas": (0.0, 0.95), "penalty_weight": _PENALTY[config.quality]} if rows else {"penalty_weight": _gamma(codec.sample_shape)}
        if network == "conv" and codec.sample_shape[0] > 1 and len(classes) > 1:
            own["mismatch_weight"] = _MISMATCH
    own |= _for_rows(classes, config.quality) if rows else _for_images(codec.sample_shape, device)
    if config.learning_rate != "auto" and own["learning_rate"] == own["d_learning_rate"]:
        own["d_learning_rate"] = config.learning_rate  # one time scale stays one
    own |= {"network": network, "device": device}
    return ResolvedConfig(
        **{name: own[name] if value == "auto" else value for name, value in config.model_dump().items()}
    )


def _for_rows(classes: Classes, quality: str) -> dict[str, Any]:
    """Small networks; by quality, a few hundred steps in class-balanced batches, or thousands nearer to the shares."""
    own = {"width": 96, "depth": 2, "latent_dim": 32, "precision": "float32"}
    if quality == "oversampling":
        steps = max(300, min(2 * min(classes.counts), 1000))
        return own | {"batch_size": 128, "focus": 0.0, "max_steps": steps, "ema_decay": 0.99}
    return own | {
        "batch_size": 128 if quality == "draft" else 256,
        "focus": -0.6,
        "max_steps": _ROW_STEPS[quality],
        "ema_decay": 0.995 if quality == "draft" else 0.999,
    }


def _for_images(shape: tuple[int, ...], device: str) -> dict[str, Any]:
    side = min(shape[1:])
    depth = max(1, (side // _SMALLEST_SIDE).bit_length() - 1)  # stops at 4 … 7 pixels
    return {
        "width": 16 if depth > 1 else 32,
        "depth": depth,
        "latent_dim": 64,
        "batch_size": 32,
        "focus": 0.5,
        "max_steps": 1500 if shape[0] == 1 else 3000,
        "ema_decay": 0.999,
        "precision": "bfloat16" if _gains_from_bfloat16(device) else "float32",
    }


def _gamma(shape: tuple[int, ...]) -> float:
    """Weight of the zero-centred penalty: 1 at 28 × 28, in proportion to the side."""
    return (shape[1] * shape[2]) ** 0.5 / 28


def _device(name: str) -> str:
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {name!r} is not available here ({str(error).splitlines()[0]}); use 'cpu'") from None
    return name


def _gains_from_bfloat16(device: str) -> bool:
    """Whether autocast pays for convolutions: on GPUs with bfloat16 and on CPUs that multiply it."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    return device == "cpu" and bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
