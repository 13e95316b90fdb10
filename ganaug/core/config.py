"""The one configuration object of a training run."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from ganaug.core.errors import ConfigError, did_you_mean

Auto: TypeAlias = Literal["auto"]
Quality: TypeAlias = Literal["draft", "standard", "best", "oversampling"]


class Settings(BaseModel):
    """Frozen, validated, JSON-able fields whose errors say what was expected: base of every configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **settings: Any) -> None:
        unknown = settings.keys() - type(self).model_fields.keys()
        if unknown:
            name = min(unknown)
            raise ConfigError(f"unknown setting {name!r}; {did_you_mean(name, type(self).model_fields)}")
        try:
            super().__init__(**settings)
        except ValidationError as error:
            problems = {str(e["loc"][0]): e["msg"] for e in error.errors() if e["loc"]}
            said = "; ".join(f"{k} = {settings[k]!r}: {msg}" for k, msg in problems.items())
            raise ConfigError(f"invalid setting: {said}") from None


class TrainConfig(Settings):
    """Settings of one training run: frozen, validated, JSON-able.

    Every ``"auto"`` is replaced by a number before training (see `ganaug.training.defaults`); the values that were
    used are in ``gan.config`` and in the checkpoint.

    Raises
    ------
    ConfigError
        On an unknown name ("did you mean …") or a value out of range.

    Examples
    --------
    >>> TrainConfig(objective="hinge", max_steps=500).max_steps
    500
    """

    quality: Quality = "standard"  # draft: seconds; standard: as near to real as held-out rows tell; best: longer;
    # oversampling: what helps a classifier most, which is less training and plainer networks
    objective: str = "relativistic"  # name under ganaug.objectives
    network: str = "auto"  # name under ganaug.networks; auto: mlp for rows, conv for images
    width: Auto | PositiveInt = "auto"  # hidden units (mlp) or channels at full resolution (conv)
    depth: Auto | PositiveInt = "auto"  # hidden layers (mlp) or halvings of the image (conv)
    latent_dim: Auto | PositiveInt = "auto"  # size of z
    attention: bool = False  # one self-attention block in G and in D (conv only)
    spectral_norm: Auto | bool = "auto"  # on D's weights; auto: only where the objective asks for it
    max_steps: Auto | PositiveInt = "auto"  # generator steps
    max_seconds: PositiveFloat | None = None  # wall clock; whichever of the two comes first ends training
    batch_size: Auto | Annotated[int, Field(gt=1)] = "auto"
    focus: Auto | Annotated[float, Field(ge=-1, le=1)] = (
        "auto"  # on rare classes: weight count ** -focus; -1: natural shares
    )
    optimizer: Literal["auto", "adam", "rmsprop"] = "auto"
    learning_rate: Auto | PositiveFloat = "auto"  # of the generator
    d_learning_rate: Auto | PositiveFloat = "auto"  # of the discriminator (two-time-scale rule)
    betas: Auto | tuple[float, float] = "auto"  # Adam's; each in [0, 1)
    d_steps: Auto | PositiveInt = "auto"  # discriminator steps per generator step
    penalty_weight: Auto | NonNegativeFloat = "auto"  # gradient penalty: gamma (relativistic) or lambda (wgan-gp)
    penalty_every: Auto | PositiveInt = "auto"  # apply the penalty on every k-th step, k times as strong
    mismatch_weight: Auto | NonNegativeFloat = "auto"  # of D's loss on real samples under wrong labels
    clip_grad_norm: PositiveFloat | None = None  # per network; None: no clipping
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)  # one-sided, of D's real targets (vanilla, lsgan)
    instance_noise: NonNegativeFloat = 0.0  # std of noise on D's inputs, falling linearly to 0
    ema_decay: Auto | Annotated[float, Field(ge=0, lt=1)] = "auto"  # of the generator that is sampled
    device: str = "auto"  # auto: cuda, mps or cpu
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # autocast type of forward passes

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.betas != "auto" and not all(0 <= beta < 1 for beta in self.betas):
            raise ConfigError(f"betas must be two numbers in [0, 1); got {self.betas}")


class ResolvedConfig(TrainConfig):
    """A `TrainConfig` in which nothing is left to ``"auto"``: what a model was, or is about to be, trained with."""

    quality: Quality = "oversampling"  # checkpoints from before there was a choice are of this kind
    width: PositiveInt
    depth: PositiveInt
    latent_dim: PositiveInt
    spectral_norm: bool
    max_steps: PositiveInt
    batch_size: PositiveInt
    focus: float = 0.0
    optimizer: Literal["adam", "rmsprop"]
    learning_rate: PositiveFloat
    d_learning_rate: PositiveFloat
    betas: tuple[float, float]
    d_steps: PositiveInt
    penalty_weight: NonNegativeFloat
    penalty_every: PositiveInt
    mismatch_weight: NonNegativeFloat = 0.0
    ema_decay: float
    precision: Literal["float32", "bfloat16"]


class TransferConfig(Settings):
    """What a fine-tuning keeps of its source; see `ganaug.finetune`.

    Examples
    --------
    >>> TransferConfig(method="freeze-d").embeddings
    'auto'
    """

    method: Literal["auto", "full", "freeze-d", "scale-shift", "ewc"] = "auto"  # what is trained
    embeddings: Literal["auto", "fresh", "mean", "mixture"] = "auto"  # where classes that the source lacks begin
    ewc_weight: PositiveFloat = 0.01  # pull of the generator towards the source's weights (ewc)
