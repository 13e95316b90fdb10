from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")

from PIL import Image
from torchvision import tv_tensors

from ganaug.core.errors import SchemaError
from ganaug.loops.appearance import Likeness, check_range, valued

GRAY = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)


def pixels(channels=1, scale=(0.0, 255.0), whole=True, dtype="uint8"):
    return SimpleNamespace(shape=(channels, 8, 8), scale=scale, whole=whole, dtype=np.dtype(dtype))


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (np.zeros((8, 8), np.uint8), (8, 8)),
        (np.zeros((8, 8, 1), np.uint8), (8, 8, 1)),
        (np.zeros((8, 8, 3), np.uint8), (8, 8, 3)),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), (3, 8, 8)),
        (tv_tensors.Image(torch.zeros(1, 8, 8, dtype=torch.uint8)), (1, 8, 8)),
    ],
)
def test_a_sample_has_the_type_layout_and_channels_of_a_real_image(image, shape):
    made = Likeness(pixels(), image)(GRAY)
    assert (type(made), made.dtype, tuple(made.shape)) == (type(image), image.dtype, shape)
    assert np.array_equal(np.unique(np.asarray(made)), np.arange(64))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_stay_pictures(mode):
    made = Likeness(pixels(), Image.new(mode, (8, 8)))(GRAY)
    assert (made.mode, made.size) == (mode, (8, 8))
    assert np.array_equal(np.asarray(made.convert("L")), GRAY[0])


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ([[0]], "must be PIL images, tensors or arrays; got list"),
        (Image.new("P", (8, 8)), "must be of mode L, RGB or RGBA; got P"),
        (np.zeros((9, 8), np.uint8), "images are 9 × 8, the model's 8 × 8"),
        (np.zeros((2, 8, 8, 8), np.uint8), "expected images"),
        (np.full((8, 8), 3.0), "normalise after ganaug"),
    ],
)
def test_what_samples_cannot_look_like_is_refused(image, says):
    with pytest.raises(SchemaError, match=says):
        Likeness(pixels(), image)


def test_colour_is_not_thrown_away_and_another_size_may_be_allowed():
    with pytest.raises(SchemaError, match="images have 1 channels, the model's 3"):
        Likeness(pixels(3), np.zeros((8, 8), np.uint8))
    assert Likeness(pixels(), np.zeros((9, 9), np.uint8), any_size=True)(GRAY).shape == (8, 8)


@pytest.mark.parametrize(
    ("of", "dtype", "expected"),
    [
        (pixels(), "float32", [0, 0.2, 1]),  # floats beside bytes are 0…1
        (pixels(scale=(-1.0, 1.0), whole=False, dtype="float64"), "float32", [-1, -0.6, 1]),
        (pixels(scale=(0.0, 16.0), dtype="float64"), "float64", [0, 3, 16]),  # whole numbers stay whole
        (pixels(), "uint8", [0, 51, 255]),
    ],
)
@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_numbers_have_the_range_that_data_of_their_type_have(of, dtype, expected, kind):
    sample = np.array([0, 51, 255], np.uint8)
    made = (
        valued(sample, of, np.dtype(dtype))
        if kind == "array"
        else valued(torch.tensor(sample), of, getattr(torch, dtype))
    )
    np.testing.assert_allclose(np.asarray(made), expected, atol=1e-6)


def test_a_range_beyond_0_to_1_is_refused_only_where_samples_are_0_to_1():
    check_range(0.0, 1.0, pixels())
    check_range(-2.0, 2.0, pixels(dtype="float32"))
    with pytest.raises(SchemaError, match="images span -2…2, synthetic ones 0…1"):
        check_range(-2.0, 2.0, pixels())
