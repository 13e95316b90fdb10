import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from ganaug.oversampling.deformation import field, register, sharply_warped, smoothed, warp


def blob(y, x, size=20):
    rows, columns = np.mgrid[0:size, 0:size]
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 12) * 2 - 1


def as_images(*images):
    return torch.tensor(np.stack(images)[:, None], dtype=torch.float32)


@pytest.mark.parametrize("size", [20, 64])
def test_an_image_is_bent_to_another(size):
    part = size / 20
    moving = as_images(*[blob(9 * part, 9 * part, size)] * 2)
    fixed = as_images(blob(9 * part, 12 * part, size), blob(7 * part, 9 * part, size))
    bent = warp(moving, field(register(moving, fixed), (size, size)), "bicubic")
    before, after = ((x - fixed).square().mean((1, 2, 3)) for x in (moving, bent))
    assert (after < 0.2 * before).all()


def test_an_image_stays_where_it_is_alike():
    x = as_images(blob(8, 11))
    assert register(x, x).abs().max() < 0.02


def test_a_pair_does_not_depend_on_the_others():
    a, b, c = as_images(blob(8, 11)), as_images(blob(11, 8)), as_images(3 * blob(5, 5))
    together = register(torch.cat([a, c]), torch.cat([b, a]))
    torch.testing.assert_close(together[:1], register(a, b), rtol=0, atol=1e-4)


def test_blank_images_are_not_bent():
    blank = torch.full((1, 3, 12, 9), -1.0)
    assert register(blank, blank).abs().max() == 0


def test_warped_images_have_the_contrast_of_the_original():
    images = np.where(np.random.default_rng(0).random((1, 1, 30, 30)) < 0.5, -1, 1).astype(np.float32)
    made = sharply_warped(images, torch.full((1, 30, 30, 2), 0.5 / 15))
    assert set(np.unique(made)) == {-1, 1}


def test_smoothing_is_that_of_scipy():
    x = np.random.default_rng(0).normal(size=(2, 3, 24, 16)).astype(np.float32)
    expected = gaussian_filter(x, (0, 0, 2.4, 1.6), mode="nearest", truncate=3)
    np.testing.assert_allclose(smoothed(torch.from_numpy(x), 0.1, "replicate"), expected, atol=0.01)
