"""Settings of the two trainings."""

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

    network: Literal["cut", "fastcut", "cyclegan"] = "cut"  # the method
    target: Literal[0, 1] = 1  # position among the two classes
    depth: PositiveInt = 2  # halvings
    n_blocks: PositiveInt = 4
    d_width: PositiveInt = 32  # of the discriminator
    d_depth: PositiveInt = 3
    nce_weight: NonNegativeFloat = 1.0  # of the patches that have to correspond (cut, fastcut)
    cycle_weight: NonNegativeFloat = 10.0  # of the way there and back (cyclegan)
    identity_weight: NonNegativeFloat = 1.0  # of targets that should stay as they are
    identity_every: PositiveInt = 2  # steps, and as many times as strong (cut)
    temperature: PositiveFloat = 0.07  # of the patches' likeness
    n_patches: PositiveInt = 64  # of each map that are compared
    augment: bool = True  # move what the discriminator sees
