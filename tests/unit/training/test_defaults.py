import numpy as np
import pytest

import ganaug
from ganaug.core.config import TrainConfig
from ganaug.data.encoded import encode
from ganaug.training.defaults import resolve


def resolved(X, y, **settings):
    data = encode(X, y)
    return resolve(TrainConfig(device="cpu", **settings), data.codec, data.classes)


def test_what_is_given_stays_and_the_rest_follows_the_data(iris, digit_images):
    rows, images = resolved(*iris, width=7), resolved(*digit_images, depth=1)
    assert (rows.network, rows.width) == ("mlp", 7)
    assert (images.network, images.depth) == ("conv", 1)
    assert "auto" not in {**rows.model_dump(), **images.model_dump()}.values()


def test_one_learning_rate_sets_both_networks_where_the_paper_has_one(iris):
    assert resolved(*iris, learning_rate=5e-3).d_learning_rate == 5e-3
    two = resolved(*iris, objective="hinge", learning_rate=5e-3)
    assert (two.learning_rate, two.d_learning_rate) == (5e-3, 4e-4)


def test_mismatch_is_for_colour_and_the_objective_it_was_measured_with(iris, digit_images):
    def chosen(X, y, **settings):
        return resolved(X, y, **settings).mismatch_weight

    X, y = digit_images
    coloured = np.stack([X, X, X], axis=-1)
    assert chosen(coloured, y) > 0
    assert chosen(*iris) == chosen(X, y) == chosen(coloured, y, objective="hinge") == 0
    assert chosen(coloured[y == y[0]], y[y == y[0]]) == 0
    with pytest.raises(ganaug.ConfigError, match="mismatch_weight needs two classes"):
        chosen(X[y == y[0]], y[y == y[0]], mismatch_weight=1)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"objective": "hinge", "label_smoothing": 0.1}, "label_smoothing has no meaning for objective 'hinge'"),
        ({"objective": "hinge", "penalty_weight": 1}, "objective 'hinge' has no gradient penalty"),
        ({"attention": True}, "attention has no meaning for network 'mlp'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(iris, settings, says):
    with pytest.raises(ganaug.ConfigError, match=says):
        resolved(*iris, **settings)
