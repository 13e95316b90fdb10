"""What ``"auto"`` means: settings that follow the data and the objective."""

from ganaug.core import registry
from ganaug.core.classes import Classes
from ganaug.core.config import ResolvedConfig, TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Codec
from ganaug.data.kind import kind_named
from ganaug.models.device import resolve_device
from ganaug.models.networks import network_named

_ANY_KIND = {  # what a kind does not say
    "width": 64,
    "depth": 2,
    "latent_dim": 32,
    "batch_size": 64,
    "focus": 0.0,
    "max_steps": 1000,
    "ema_decay": 0.99,
    "precision": "float32",
}


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
    kind = kind_named(codec.schema.kind)
    network = kind.network if config.network == "auto" else config.network
    parts = network_named(network)
    if config.attention and not parts.has_attention:
        raise ConfigError(f"attention has no meaning for network {network!r}; leave it out")
    if config.mismatch_weight not in ("auto", 0) and len(classes) == 1:
        raise ConfigError("mismatch_weight needs two classes or more; there is one")
    device = resolve_device(config.device)
    defaults = _ANY_KIND | objective.defaults(codec.sample_shape)
    defaults |= kind.settings(codec, classes, device, config.quality)
    if len(classes) == 1 or not parts.has_projection:
        defaults["mismatch_weight"] = 0.0
    if config.learning_rate != "auto" and defaults["learning_rate"] == defaults["d_learning_rate"]:
        defaults["d_learning_rate"] = config.learning_rate  # one time scale stays one
    defaults |= {"network": network, "device": device}
    return ResolvedConfig(
        **{name: defaults[name] if value == "auto" else value for name, value in config.model_dump().items()}
    )
