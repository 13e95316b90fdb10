import numpy as np
from scipy.ndimage import gaussian_filter, shift

from ganaug.data.image.gradients import lookalikes, oriented_gradients


def images(n=30, side=32):
    return gaussian_filter(np.random.default_rng(0).normal(size=(n, 3, side, side)), (0, 0, 2, 2))


def test_brightness_and_contrast_change_nothing_and_a_small_shift_little():
    plain = oriented_gradients(images())
    assert plain.shape == (30, 128) and np.allclose(np.linalg.norm(plain, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(oriented_gradients(2 * images() + 0.3), plain, atol=1e-4)
    moved = oriented_gradients(shift(images(), (0, 0, 1, 2), mode="nearest", order=1))
    between = np.linalg.norm(plain[:, None] - plain[None], axis=2)[np.triu_indices(30, 1)]
    assert np.linalg.norm(moved - plain, axis=1).max() < np.quantile(between, 0.05)


def test_a_mirrored_and_turned_image_is_found_in_one_of_its_forms():
    plain = oriented_gradients(images())
    found = dict(lookalikes(np.rot90(images(), 1, (2, 3))[..., ::-1]))
    assert len(found) == 8
    nearest = min(found, key=lambda name: np.abs(found[name] - plain).max())
    assert np.abs(found[nearest] - plain).max() < 1e-4 and "mirrored" in nearest
    assert len(dict(lookalikes(images()[:, :, :20]))) == 4  # not square: quarter turns would change the size


def test_a_flat_image_has_no_gradients():
    assert not oriented_gradients(np.zeros((2, 1, 8, 8))).any()
