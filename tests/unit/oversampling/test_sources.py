import numpy as np
import pytest

import ganaug
from ganaug.core import registry
from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.data.encoded import encode
from ganaug.finetuning.finetune import Finetune
from ganaug.oversampling.images import Recolouring
from ganaug.oversampling.rows import Interpolation
from ganaug.oversampling.sources import GANSource, Repeat, factory, fewer_steps, given


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return encode(rng.normal(size=(40, 3)), np.repeat([0, 1], [30, 10]))


def generator():
    return np.random.default_rng(0)


def test_repeats_are_the_samples_of_the_class(data):
    made = Repeat().fit(data, generator()).draw(1, 60, generator())
    assert made.shape == (60, 3) and made.dtype == np.float32
    assert (made[:, None] == data.of_class(1)[None]).all(axis=2).any(axis=1).all()
    assert len(np.unique(made, axis=0)) > 5


@pytest.mark.parametrize("source", [Repeat, Interpolation, lambda: GANSource(TrainConfig(max_steps=3))])
def test_any_number_may_be_drawn_and_the_generator_decides(data, source):
    fitted = source().fit(data, generator())
    assert fitted.draw(0, 0, generator()).shape == (0, 3)
    first, again, other = (fitted.draw(1, 9, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_a_class_is_prepared_to_does_not_depend_on_which_is_drawn_first(data):
    one, other = (Interpolation().fit(data, generator()) for _ in range(2))
    other.draw(0, 5, generator())
    np.testing.assert_array_equal(one.draw(1, 5, generator()), other.draw(1, 5, generator()))


def test_the_gan_starts_from_a_pretrained_one_as_asked(data):
    source = ganaug.train(data.floats(), data.c, max_steps=2, width=8, random_state=0)
    for start, method in ((source, "full"), (Finetune(source, method="freeze-d"), "freeze-d")):
        fitted = GANSource(TrainConfig(max_steps=2), start).fit(data, generator())
        assert fitted.gan.config.width == 8 and fitted.gan.transfer.method == method


def test_a_factory_hands_settings_to_the_gan_alone():
    config = TrainConfig(max_steps=7)
    gan = factory("gan", config, "cells.safetensors")()
    assert gan.config is config and gan.pretrained == "cells.safetensors"
    assert type(factory("recolouring", config)()) is Recolouring
    with pytest.raises(ganaug.PluginNotFoundError, match="did you mean 'deformation'"):
        factory("deformations", config)


def test_settings_given_are_those_that_were_written_down():
    assert given(TrainConfig(width=8)) == given({"width": 8}) == {"width": 8}
    assert given(None) == given(TrainConfig()) == {}


@pytest.mark.parametrize(
    ("config", "steps"), [({"max_steps": 90}, 30), ({"max_steps": 1}, 1), ({"quality": "oversampling"}, 100)]
)
def test_fewer_steps_are_a_share_of_those_asked_for_or_of_the_kinds_own(data, config, steps):
    found = fewer_steps(TrainConfig(width=8, **config), data, 1 / 3)
    assert (found.max_steps, found.width) == (steps, 8)


class Named(Repeat):
    def __init__(self, name=""):
        self.name = name


def test_what_follows_a_colon_is_handed_to_the_source():
    registry.register("sources", "named", Named)
    try:
        assert factory("named:a:b", TrainConfig())().name == "a:b"
        assert factory("named", TrainConfig())().name == ""
    finally:
        registry.unregister("sources", "named")


@pytest.mark.parametrize("name", ["repeat:x", "gan:x"])
def test_a_source_that_takes_nothing_refuses_it(name):
    with pytest.raises(ConfigError, match=f"takes nothing after its name; got '{name}'"):
        factory(name, TrainConfig())
