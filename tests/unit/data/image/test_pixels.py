import numpy as np
import pytest
import torch

from ganaug.data.image.pixels import to_floats, to_picture, to_uint8

BYTES = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_every_byte_becomes_a_float_and_the_same_byte_again(kind):
    floats = to_floats(kind(BYTES))
    np.testing.assert_allclose(np.asarray(floats), BYTES / 127.5 - 1, atol=1e-6)
    assert np.array_equal(np.asarray(to_uint8(floats)), BYTES)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_numbers_outside_the_scale_are_cut_off_and_floats_stay_as_they_are(kind):
    numbers = kind(np.array([-9.0, -1.0, 0.0, 1.0, 9.0], dtype=np.float32))
    assert np.asarray(to_uint8(numbers)).tolist() == [0, 0, 128, 255, 255]
    assert to_floats(numbers) is numbers


def test_a_picture_has_its_channels_last_and_gray_has_none():
    encoded = np.full((2, 3, 4, 5), -1.0, dtype=np.float32)
    encoded[1, 2, 3, 4] = 1
    assert to_picture(encoded)[1, 3, 4].tolist() == [0, 0, 255]
    assert to_picture(encoded[:, :1]).shape == (2, 4, 5)
