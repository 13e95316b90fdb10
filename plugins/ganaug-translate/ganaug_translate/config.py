"""Settings of the trainings: frozen, validated, JSON-able."""

from typing import Literal

from ganaug.core.config import Settings
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt


class NetworkSettings(Settings):
    """What both trainings have in common; the fields are those of `ganaug.TrainConfig`."""

    objective: Literal["lsgan"] = "lsgan"
    width: PositiveInt = 16  # channels at full size
    max_steps: PositiveInt = 3_000
    max_seconds: PositiveFloat | None = None
    batch_size: int = Field(16, gt=1)
    focus: float = 0.0
    optimizer: Literal["adam"] = "adam"
    learning_rate: PositiveFloat = 1e-3
    d_learning_rate: PositiveFloat = 1e-3
    betas: tuple[float, float] = (0.5, 0.99)
    d_steps: Literal[1] = 1
    penalty_weight: NonNegativeFloat = 1.0  # of R1 (Mescheder et al. 2018, arXiv:1801.04406)
    penalty_every: PositiveInt = 4
    clip_grad_norm: PositiveFloat | None = None
    ema_decay: float = Field(0.995, ge=0, lt=1)
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"


class TranslationConfig(NetworkSettings):
    """Settings of a translation; see `train_translator`."""

    # The three weights are a fifth to a tenth of the papers': those are for 200 epochs of a large network; with them, a
    # thousand steps of a small one change next to nothing (plugins/ganaug-translate/README.md).
    network: Literal["cut", "fastcut", "cyclegan"] = "cut"  # the method
    target: Literal[0, 1] = 1  # position among the two classes
    depth: PositiveInt = 2  # halvings
    n_blocks: PositiveInt = 4
    d_width: PositiveInt = 32  # of the discriminator
    d_depth: PositiveInt = 3
    nce_weight: NonNegativeFloat = 0.2  # of the patches that have to correspond (cut, fastcut)
    cycle_weight: NonNegativeFloat = 1.0  # of the way there and back (cyclegan)
    identity_weight: NonNegativeFloat = 0.1  # of targets that should stay as they are
    identity_every: PositiveInt = 2  # steps, and as many times as strong (cut)
    temperature: PositiveFloat = 0.07  # of the patches' likeness
    n_patches: PositiveInt = 64  # of each map that are compared
    augment: bool = True  # move what the discriminator sees


class RestorationConfig(NetworkSettings):
    """Settings of a restoration; see `train_restorer`."""

    network: Literal["superres", "denoise", "deblur", "inpaint"]  # the task
    scale: Literal[2, 4] = 2  # times as high and wide (superres)
    sigma: PositiveFloat = 25.0  # standard deviation of the noise, in 1/255 of the range (denoise)
    blur: PositiveFloat = 1.5  # standard deviation of the blur, in pixels (deblur)
    hidden: float = Field(0.25, gt=0, lt=1)  # share of the pixels that is hidden, about (inpaint)
    crop: PositiveInt = 48  # pixels a side of what is learnt from; smaller images are learnt whole
    width: PositiveInt = 32
    depth: PositiveInt = 2  # halvings (all but superres)
    n_blocks: PositiveInt = 2  # residual blocks, at the smallest size (superres: 6)
    d_width: PositiveInt = 32
    d_depth: PositiveInt = 3
    adversarial_weight: NonNegativeFloat = 0.0  # beside the mean absolute error; 0: no discriminator
    max_steps: PositiveInt = 3_000
