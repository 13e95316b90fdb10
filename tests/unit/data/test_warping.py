import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from ganaug.data.warping import sharply_warped, smoothed, turns


@pytest.mark.parametrize(("shape", "quarters"), [((6, 6), 1), ((6, 6), 3), ((5, 8), 2)])
def test_quarter_turns_move_every_pixel_to_where_it_belongs(shape, quarters):
    images = np.random.default_rng(0).uniform(-1, 1, (4, 3, *shape)).astype(np.float32)
    made = sharply_warped(images, turns(torch.full((4,), quarters * np.pi / 2), images), "reflection")
    np.testing.assert_allclose(made, np.rot90(images, quarters, axes=(2, 3)), atol=1e-5)


def test_a_turn_keeps_shapes_where_width_and_height_differ():
    y, x = np.mgrid[0:40, 0:60]
    disc = np.where((y - 20) ** 2 + (x - 30) ** 2 < 100, 1, -1).astype(np.float32)[None, None]
    made = sharply_warped(disc, turns(torch.tensor([0.7]), disc))
    assert (made != disc).mean() < 0.02


def test_warped_images_have_the_contrast_of_the_original():
    images = np.where(np.random.default_rng(0).random((1, 1, 30, 30)) < 0.5, -1, 1).astype(np.float32)
    made = sharply_warped(images, torch.full((1, 30, 30, 2), 0.5 / 15))
    assert set(np.unique(made)) == {-1, 1}


def test_smoothing_is_that_of_scipy():
    x = np.random.default_rng(0).normal(size=(2, 3, 24, 16)).astype(np.float32)
    expected = gaussian_filter(x, (0, 0, 2.4, 1.6), mode="nearest", truncate=3)
    np.testing.assert_allclose(smoothed(torch.from_numpy(x), 0.1, "replicate"), expected, atol=0.01)
