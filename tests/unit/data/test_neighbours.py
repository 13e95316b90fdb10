import numpy as np
import pytest

from ganaug.data import neighbours
from ganaug.data.neighbours import belonging, interpolate


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def naive_belonging(points, x, is_own, k=10):
    found = []
    for point in points:
        near = is_own[np.argsort(np.linalg.norm(x - point, axis=1))[:k]]
        own, others = near.sum() / is_own.sum(), (~near).sum() / (~is_own).sum()
        found.append(own / (own + others))
    return np.array(found)


@pytest.mark.parametrize("n", [12, 60])
def test_belonging_is_the_estimate_under_equal_priors(rng, n):
    x = rng.normal(size=(n, 3)).astype(np.float32)
    is_own = np.arange(n) < n // 5
    points = rng.normal(size=(25, 3)).astype(np.float32)
    np.testing.assert_allclose(belonging(points, x, is_own), naive_belonging(points, x, is_own))


def test_belonging_compares_with_all_rows_where_there_are_few(rng):
    x = rng.normal(size=(4, 2)).astype(np.float32)
    is_own = np.array([True, True, False, False])
    np.testing.assert_allclose(belonging(x, x, is_own), 0.5)


def test_thinning_keeps_the_estimate(rng, monkeypatch):
    x = np.concatenate([rng.normal(0, 1, (6000, 2)), rng.normal(3, 1, (300, 2))]).astype(np.float32)
    is_own = np.arange(6300) >= 6000
    points = np.array([[0, 0], [1.5, 1.5], [3, 3]], dtype=np.float32).repeat(50, axis=0)
    points += rng.normal(0, 0.2, points.shape).astype(np.float32)
    full = belonging(points, x, is_own).reshape(3, 50).mean(axis=1)
    monkeypatch.setattr(neighbours, "_REFERENCES", 1000)
    thin = belonging(points, x, is_own).reshape(3, 50).mean(axis=1)
    assert full[0] < 0.1 and full[2] > 0.9
    np.testing.assert_allclose(thin, full, atol=0.1)


@pytest.mark.parametrize("m", [2, 30, 150])
def test_interpolated_points_lie_on_segments_between_rows(rng, m):
    own = rng.normal(size=(m, 3)).astype(np.float32)
    made = interpolate(own, 40, rng)
    assert made.shape == (40, 3) and made.dtype == np.float32
    a, b = own[:, None], own[None]
    for point in made:
        detour = np.linalg.norm(a - point, axis=2) + np.linalg.norm(b - point, axis=2) - np.linalg.norm(a - b, axis=2)
        assert detour.min() < 1e-4


def test_partners_are_near_in_a_large_class(rng):
    own = np.concatenate([rng.normal(-50, 1, (100, 2)), rng.normal(50, 1, (100, 2))]).astype(np.float32)
    assert np.abs(interpolate(own, 500, rng)).min() > 40
    assert np.abs(interpolate(own[::4], 500, rng)).min() < 40
