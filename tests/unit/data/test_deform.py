import numpy as np
import pytest

from ganaug.data.deform import Deformations


@pytest.fixture
def own():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:20, 0:16]
    centres = rng.uniform(6, 10, (5, 2))
    blobs = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 12) for a, b in centres]
    return np.stack([np.stack([2 * blob - 1, 1 - blob, blob - 0.5]) for blob in blobs]).astype(np.float32)


def test_every_channel_keeps_the_values_of_one_image_in_other_places(own):
    made = Deformations(own).draw(40, np.random.default_rng(1))
    assert made.shape == (40, 3, 20, 16) and made.dtype == np.float32
    sorted_own = np.sort(own.reshape(5, 3, -1), axis=2)
    for image in made:
        source = (sorted_own == np.sort(image.reshape(3, -1), axis=1)).all(axis=(1, 2))
        assert source.sum() == 1
        assert 0.3 < np.corrcoef(image.ravel(), own[source.argmax()].ravel())[0, 1] < 0.9999


def test_the_seed_decides(own):
    a, b, c = (Deformations(own).draw(3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_none_may_be_asked_for(own):
    assert Deformations(own).draw(0, np.random.default_rng(0)).shape == (0, 3, 20, 16)


def test_pixels_move_by_a_share_of_the_longer_side_and_together():
    deformations = Deformations(np.zeros((1, 1, 56, 28), dtype=np.float32))
    fields = deformations._fields(50, np.random.default_rng(0)) * deformations.shift
    pixels = fields.numpy() * np.array([28, 56]) / 2  # x, y in units of a pixel
    np.testing.assert_allclose(pixels.std(axis=(1, 2)), np.full((50, 2), 2), rtol=0.01)
    assert np.abs(np.diff(pixels, axis=1)).max() < 2
