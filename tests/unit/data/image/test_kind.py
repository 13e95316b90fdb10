import numpy as np
import pytest

from ganaug.core.classes import Classes
from ganaug.data.image.codec import ImageCodec
from ganaug.data.image.kind import IMAGE, is_image

NOISE = np.random.default_rng(0).normal(size=(5, 8, 8))


@pytest.mark.parametrize(
    ("X", "is_one"),
    [
        (np.zeros((5, 8, 8), np.uint8), True),
        (np.zeros((5, 8, 8, 3)), True),
        ([np.zeros((8, 8))], True),
        (NOISE.clip(-1, 1), True),
        (100 + 10 * NOISE, True),
        (NOISE * 10, False),  # not the values of pixels
        (NOISE.clip(0, 1).reshape(5, 4, 16), False),  # as long as a series
        (np.full((5, 8, 8), np.nan), True),  # refused as an image, with the reason
        (np.eye(5), False),
        ([[1, 2], [3, 4]], False),
        ([], False),
    ],
)
def test_what_is_taken_for_images(X, is_one):
    assert is_image(X) is is_one


@pytest.mark.parametrize(("side", "depth"), [(4, 1), (8, 1), (16, 2), (28, 2), (64, 4)])
def test_networks_halve_images_down_to_4_to_7_pixels(side, depth):
    codec = ImageCodec.fit(np.zeros((2, side, side), np.uint8))
    settings = IMAGE.settings(codec, Classes(np.arange(2), [9, 9]), "cpu", "standard")
    assert settings["depth"] == depth
    assert side == 4 or 4 <= side >> depth <= 7


def test_colour_takes_twice_the_steps_and_is_repeated_where_nothing_can_be_judged():
    gray, colour = (ImageCodec.fit(np.zeros((2, 8, 8, *more), np.uint8)) for more in ((), (3,)))
    classes = Classes(np.arange(2), [9, 9])
    steps = [IMAGE.settings(codec, classes, "cpu", "draft")["max_steps"] for codec in (gray, colour)]
    assert steps[1] == 2 * steps[0]
    assert IMAGE.default_shares(gray) == {"gan": 1.0}
    assert IMAGE.default_shares(colour) == {"repeat": 1.0}
