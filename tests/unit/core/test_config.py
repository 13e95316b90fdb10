import json

import pytest
from pydantic import ValidationError

from ganaug.core.config import ResolvedConfig, TrainConfig
from ganaug.core.errors import ConfigError

RESOLVED = {
    "network": "mlp",
    "width": 8,
    "depth": 1,
    "latent_dim": 4,
    "spectral_norm": False,
    "max_steps": 10,
    "batch_size": 16,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "d_learning_rate": 1e-3,
    "betas": (0.0, 0.9),
    "d_steps": 1,
    "penalty_weight": 0.0,
    "penalty_every": 1,
    "ema_decay": 0.99,
    "precision": "float32",
}


def test_defaults_are_valid_and_json_able():
    config = TrainConfig()
    assert TrainConfig(**json.loads(json.dumps(config.model_dump()))) == config


def test_given_values_survive_json():
    config = TrainConfig(betas=(0.1, 0.2), max_seconds=1.5, spectral_norm=True, batch_size=2)
    again = TrainConfig(**json.loads(json.dumps(config.model_dump())))
    assert again == config
    assert again.betas == (0.1, 0.2)


def test_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        TrainConfig().max_steps = 5


@pytest.mark.parametrize(
    ("given", "meant"),
    [("max_step", "max_steps"), ("learning_rates", "learning_rate"), ("d_step", "d_steps"), ("optimiser", "optimizer")],
)
def test_misspelt_name_is_answered(given, meant):
    with pytest.raises(ConfigError, match=f"unknown setting '{given}'; did you mean .*'{meant}'"):
        TrainConfig(**{given: 5})


def test_name_that_is_like_none_lists_what_there_is():
    with pytest.raises(ConfigError, match="known: quality, objective, network"):
        TrainConfig(zzzzzz=1)


@pytest.mark.parametrize(
    "setting",
    [
        {"max_steps": 0},
        {"max_steps": -5},
        {"max_steps": 2.5},
        {"max_steps": "many"},
        {"max_seconds": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"d_learning_rate": -1e-3},
        {"betas": (0.5,)},
        {"betas": (0.5, 1.0)},
        {"betas": (-0.1, 0.5)},
        {"betas": "fast"},
        {"penalty_weight": -1},
        {"mismatch_weight": -0.1},
        {"label_smoothing": 0.5},
        {"label_smoothing": -0.1},
        {"instance_noise": -0.1},
        {"ema_decay": 1.0},
        {"clip_grad_norm": 0},
        {"optimizer": "sgd"},
        {"precision": "float16"},
        {"objective": 5},
        {"attention": "perhaps"},
        {"latent_dim": 0},
        {"depth": 0},
        {"width": None},
    ],
    ids=repr,
)
def test_bad_value_is_named(setting):
    (name,) = setting
    with pytest.raises(ConfigError, match=name):
        TrainConfig(**setting)


def test_every_bad_value_is_named_at_once():
    with pytest.raises(ConfigError, match="(?s)max_steps = 0.*batch_size = 1"):
        TrainConfig(max_steps=0, batch_size=1)


@pytest.mark.parametrize("name", sorted(RESOLVED.keys() - {"network"}))
def test_resolved_config_leaves_nothing_to_auto(name):
    assert getattr(ResolvedConfig(**RESOLVED), name) == RESOLVED[name]
    with pytest.raises(ConfigError, match=name):
        ResolvedConfig(**{**RESOLVED, name: "auto"})
