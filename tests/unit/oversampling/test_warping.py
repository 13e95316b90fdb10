import numpy as np
import torch
from ganaug.oversampling.warping import sharply_warped, smoothed
from scipy.ndimage import gaussian_filter


def test_warped_images_have_the_contrast_of_the_original():
    images = np.where(np.random.default_rng(0).random((1, 1, 30, 30)) < 0.5, -1, 1).astype(np.float32)
    made = sharply_warped(images, torch.full((1, 30, 30, 2), 0.5 / 15))
    assert set(np.unique(made)) == {-1, 1}


def test_smoothing_is_that_of_scipy():
    x = np.random.default_rng(0).normal(size=(2, 3, 24, 16)).astype(np.float32)
    expected = gaussian_filter(x, (0, 0, 2.4, 1.6), mode="nearest", truncate=3)
    np.testing.assert_allclose(smoothed(torch.from_numpy(x), 0.1, "replicate"), expected, atol=0.01)
