import numpy as np
import pytest

import ganaug
from ganaug.core import registry

OBJECTIVES = ["vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains_rows_and_images(iris, digit_images, objective):
    for X, y in (iris, digit_images):
        gan = ganaug.train(X, y, objective=objective, max_steps=2, random_state=0)
        assert gan.step == 2
        assert np.isfinite(gan.history["d_loss"]).all() and np.isfinite(gan.history["g_loss"]).all()


def test_every_objective_is_registered():
    assert set(OBJECTIVES) <= set(registry.names("objectives"))  # plugins may bring more


def test_pil_images_come_back_as_pil_images():
    from PIL import Image

    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 255, (12, 16, 3)).astype(np.uint8)) for _ in range(20)]
    gan = ganaug.train(images, ["a", "b"] * 10, max_steps=2, random_state=0)
    made = gan.sample(3, label="b", random_state=0)
    assert [(image.size, image.mode) for image in made] == [((16, 12), "RGB")] * 3


def test_labels_keep_their_name_and_kind(mixed_frame, tmp_path):
    X, y = mixed_frame
    gan = ganaug.train(X, y, max_steps=2, random_state=0)
    gan.save(tmp_path / "m.safetensors")
    loaded = ganaug.load(tmp_path / "m.safetensors")
    assert loaded.classes_.tolist() == ["rare", "usual"] and loaded.classes.counts == [24, 96]
    assert loaded.classes.target == "outcome"
    assert (loaded.sample(4, label="rare", random_state=0).dtypes == X.dtypes).all()


def test_one_class_alone_can_be_learnt(iris):
    gan = ganaug.train(iris[0][:50], iris[1][:50], max_steps=2, random_state=0)
    assert gan.sample(4).shape == (4, 4)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((4, 2)), [0, 1, 0, 1], "constant"),
        (np.eye(4), [0, 1], "4 samples, y has 2"),
        (np.eye(4), np.eye(4), "one label for each sample"),
        (np.eye(4), [0.1, 0.2, 0.3, 0.4], "class labels"),
        (np.eye(4), [0, 1, 0, None], "label"),
        (np.eye(4), [0, 1, 0, float("nan")], "label"),
        ([], [], "expected"),
        (np.zeros((0, 8, 8)), [], "at least one image"),
    ],
    ids=["constant", "lengths", "2-D y", "continuous y", "None in y", "NaN in y", "empty", "no images"],
)
def test_unusable_data_are_refused(X, y, message):
    with pytest.raises(ganaug.SchemaError, match=message):
        ganaug.train(X, y, max_steps=1)


def test_unknown_setting_says_what_was_meant(iris):
    with pytest.raises(ganaug.ConfigError, match="did you mean 'max_steps'"):
        ganaug.train(*iris, max_step=5)
