import numpy as np
import pytest

from ganaug.oversampling.rows import Belonging, Interpolation


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def interpolated(own, n, rng):
    source = Interpolation()
    return source.make(source.prepare(own, rng), n, rng)


def naive_share(points, x, is_own, k=10):
    found = []
    for point in points:
        near = is_own[np.argsort(np.linalg.norm(x - point, axis=1))[:k]]
        own, others = near.sum() / is_own.sum(), (~near).sum() / (~is_own).sum()
        found.append(own / (own + others))
    return np.array(found)


@pytest.mark.parametrize("n", [12, 60])
def test_neighbour_share_is_the_estimate_under_equal_priors(rng, n):
    x = rng.normal(size=(n, 3)).astype(np.float32)
    is_own = np.arange(n) < n // 5
    points = rng.normal(size=(25, 3)).astype(np.float32)
    np.testing.assert_allclose(Belonging(x, is_own, rng).share(points), naive_share(points, x, is_own))


def test_neighbour_share_uses_all_rows_where_there_are_few(rng):
    x = rng.normal(size=(4, 2)).astype(np.float32)
    np.testing.assert_allclose(Belonging(x, np.array([True, True, False, False]), rng).share(x), 0.5)


def test_belonging_orders_points_from_the_others_to_the_class(rng):
    x = np.concatenate([rng.normal(0, 1, (9000, 2)), rng.normal(3, 1, (300, 2))]).astype(np.float32)
    centres = np.array([[0, 0], [1.5, 1.5], [3, 3]], dtype=np.float32)
    points = centres.repeat(50, axis=0) + rng.normal(0, 0.2, (150, 2)).astype(np.float32)
    found = Belonging(x, np.arange(9300) >= 9000, rng).rank(points, rng)
    assert found.min() >= 0 and found.max() < 1
    low, middle, high = found.reshape(3, 50).mean(axis=1)
    assert low < 0.25 < middle < 0.65 < high


def test_belonging_repeats_by_seed(rng):
    x = rng.normal(size=(80, 2)).astype(np.float32)
    is_own = np.arange(80) < 5
    first, second = (Belonging(x, is_own, r).rank(x, r) for r in (np.random.default_rng(1), np.random.default_rng(1)))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("m", [2, 30, 150])
def test_points_lie_on_lines_through_two_rows_but_near_neither(rng, m):
    own = rng.normal(size=(m, 3)).astype(np.float32)
    made = interpolated(own, 40, rng)
    assert made.shape == (40, 3) and made.dtype == np.float32
    first, second = (own[i] for i in np.nonzero(~np.eye(m, dtype=bool)))
    line = second - first
    length = np.linalg.norm(line, axis=1)
    for point in made:
        position = ((point - first) * line).sum(1) / length**2
        beside = np.linalg.norm(first + position[:, None] * line - point, axis=1)
        fits = (beside < 1e-4) & (-0.4 < position) & (position < 1.4)
        assert (fits & (np.minimum(abs(position), abs(1 - position)) > 0.24)).any()


def test_points_vary_as_the_rows_do(rng):
    own = rng.normal(size=(99, 2)).astype(np.float32) @ np.array([[2, 1], [0, 1]], dtype=np.float32)
    made = interpolated(own, 50_000, rng)
    np.testing.assert_allclose(made.mean(0), own.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(made.T), np.cov(own.T), rtol=0.05)


def test_partners_are_near_in_a_large_class(rng):
    own = np.concatenate([rng.normal(-50, 1, (100, 2)), rng.normal(50, 1, (100, 2))]).astype(np.float32)
    assert np.abs(interpolated(own, 500, rng)).min() > 40
    assert np.abs(interpolated(own[::4], 500, rng)).min() < 40


def test_the_linear_part_is_the_same_by_either_solver(rng, monkeypatch):
    x = np.concatenate([rng.normal(0, 1, (60, 5)), rng.normal(1, 1, (30, 5))]).astype(np.float32)
    newton = Belonging(x, np.arange(90) >= 60, np.random.default_rng(0)).linear
    monkeypatch.setattr("ganaug.oversampling.rows._MAX_DIM_OF_NEWTON", 4)
    lbfgs = Belonging(x, np.arange(90) >= 60, np.random.default_rng(0)).linear
    assert (newton.solver, lbfgs.solver) == ("newton-cholesky", "lbfgs")
    np.testing.assert_allclose(newton.coef_, lbfgs.coef_, atol=1e-2)
