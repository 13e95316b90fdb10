import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ganaug.data.encoded import encode
from ganaug.models.classifier import batch_weights, classify


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(n_class=3, return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == k)[:n] for k, n in enumerate((100, 100, 24))])
    return encode((X[kept].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8), np.array(["a", "b", "rare"])[y[kept]])


def test_weights_are_equal_by_class_and_shared_with_synthetic_images():
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    synthetic = np.array([False] * 4 + [True] * 3)
    weights = batch_weights(labels, synthetic, 0.25)
    np.testing.assert_allclose(weights[:3], 1 / 6)
    np.testing.assert_allclose(weights[3:], [0.375, *[0.125 / 3] * 3])


def test_the_classifier_learns_repeats_and_leaves_torch_alone(data):
    images = data.floats()
    weights = batch_weights(data.c, np.zeros(len(data.c), bool), 0.0)
    before = torch.get_rng_state()
    first, second = (classify(images, data.c, weights, images, steps=40, seed=1) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first, second)
    assert np.mean(first == data.c) > 0.9
