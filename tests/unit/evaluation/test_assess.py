import numpy as np
import pytest

from ganaug.evaluation import assess as module
from ganaug.evaluation.assess import assess, coverage_density, nearest_distances, thinned


def reference(real, synthetic, k):
    """Naeem et al. 2020, equations 5 and 6, word by word."""
    radii = []
    for i, point in enumerate(real):
        distances = sorted(np.sqrt(((point - other) ** 2).sum()) for j, other in enumerate(real) if j != i)
        radii.append(distances[k - 1])
    inside = np.zeros((len(synthetic), len(real)))
    for j, made in enumerate(synthetic):
        for i, point in enumerate(real):
            inside[j, i] = np.sqrt(((made - point) ** 2).sum()) < radii[i]
    return inside.any(axis=0).mean(), inside.sum() / (k * len(synthetic))


def two_classes(n=200, dim=6, seed=0):
    rng = np.random.default_rng(seed)
    c = np.repeat([0, 1], n)
    return rng.normal(size=(2 * n, dim)) + 4 * c[:, None], c, rng


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("n", "m", "dim"), [(40, 25, 3), (30, 60, 20), (12, 5, 1)])
def test_coverage_and_density_follow_the_paper(k, n, m, dim):
    rng = np.random.default_rng(n + k)
    real, synthetic = rng.normal(size=(n, dim)), 0.8 * rng.normal(size=(m, dim)) + 0.3
    expected = reference(real, synthetic, k)
    assert coverage_density(real, synthetic, k=k) == pytest.approx(expected, abs=1e-9)
    assert 0 < expected[0] <= 1


def test_more_of_the_same_distribution_scores_as_real():
    real, c, rng = two_classes()
    found = assess(real, c, {1: rng.normal(size=(200, 6)) + 4})[1]
    assert found.agreement > 0.97
    assert found.agreement_real > 0.97
    assert found.coverage > 0.85
    assert 0.8 < found.density < 1.2
    assert 0.8 < found.nearest_ratio < 1.25


def test_collapsed_samples_cover_nearly_nothing():
    real, c, rng = two_classes()
    found = assess(real, c, {1: np.full((200, 6), 4.0) + 1e-3 * rng.normal(size=(200, 6))})[1]
    assert found.agreement == 1
    assert found.coverage < 0.2


def test_copies_are_exposed_by_their_distance():
    real, c, _ = two_classes()
    found = assess(real, c, {1: real[c == 1]})[1]
    assert found.coverage == 1
    assert found.nearest_ratio < 1e-6


def test_samples_of_another_class_and_noise_do_not_agree():
    real, c, rng = two_classes()
    found = assess(real, c, {1: rng.normal(size=(100, 6)), 0: 50 * rng.normal(size=(100, 6))})
    assert found[1].agreement < 0.03
    assert found[1].coverage < 0.03
    assert found[0].density < 0.01
    assert found[0].nearest_ratio > 10


def test_each_class_is_compared_with_its_own():
    real, c, _ = two_classes()
    together = assess(real, c, {0: real[c == 0], 1: real[c == 0]})
    assert together[0].agreement > 0.97
    assert together[1].agreement < 0.03
    assert together[0] == assess(real, c, {0: real[c == 0]})[0]


def test_rare_class_is_not_outvoted():
    rng = np.random.default_rng(0)
    c = np.repeat([0, 1], [600, 30])
    real = rng.normal(size=(630, 3)) + 1.5 * c[:, None]
    found = assess(real, c, {1: rng.normal(size=(200, 3)) + 1.5})[1]
    assert found.agreement > 0.7
    assert found.agreement_real > 0.7


def test_images_are_flattened():
    real, c, rng = two_classes(40, 16)
    made = rng.normal(size=(30, 16)) + 4
    flat, shaped = assess(real, c, {1: made}), assess(real.reshape(-1, 1, 4, 4), c, {1: made.reshape(-1, 1, 4, 4)})
    assert flat == shaped


@pytest.mark.parametrize("n", [2, 3, 5])
def test_small_class(n):
    real, c, rng = two_classes(60)
    keep = np.flatnonzero((c == 0) | (np.cumsum(c) <= n) & (c == 1))
    found = assess(real[keep], c[keep], {1: rng.normal(size=(20, 6)) + 4})[1]
    assert np.isnan(found.agreement) == np.isnan(found.agreement_real) == (n < 3)
    assert 0 <= found.coverage <= 1
    assert np.isfinite(found.nearest_ratio)


def test_single_sample_is_refused():
    real, c, _ = two_classes(10)
    with pytest.raises(ValueError, match="at least 2 real samples of class 2; got 1"):
        assess(np.r_[real, real[:1]], np.r_[c, 2], {2: real[:3]})


def test_one_class_alone_has_no_agreement():
    real, _, _ = two_classes(20)
    found = assess(real, np.zeros(len(real), dtype=int), {0: real})[0]
    assert np.isnan(found.agreement)
    assert found.coverage == 1


def test_twins_leave_the_distance_ratio_open():
    real = np.repeat(np.eye(4), 10, axis=0)
    found = assess(real, np.repeat([0, 1], 20), {0: np.eye(4)[:2] + 0.1})[0]
    assert np.isnan(found.nearest_ratio)


def test_large_data_are_thinned_evenly_and_rare_classes_kept(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 100)
    rng = np.random.default_rng(0)
    c = np.repeat([0, 1], [5000, 10])
    real = rng.normal(size=(5010, 2)) + 6 * c[:, None]
    seen = []
    fit = module.SVC.fit
    monkeypatch.setattr(module.SVC, "fit", lambda self, X, y: seen.append(np.bincount(y)) or fit(self, X, y))
    found = assess(real, c, {1: rng.normal(size=(50, 2)) + 6})[1]
    assert seen[-1].tolist() == [50, 10]
    assert found.agreement > 0.9


def test_thinned():
    assert thinned(np.arange(5000)).tolist() == list(range(5000))
    many = thinned(np.arange(12_001))
    assert len(many) == 5000
    assert (many[0], many[-1]) == (0, 12_000)
    assert set(np.diff(many)) <= {2, 3}
    assert thinned(np.arange(10), 3).tolist() == [0, 4, 9]


def test_nearest_distances():
    assert nearest_distances(np.array([[0.0, 3.0], [9.0, 0.0]]), np.array([[0.0, 0.0], [8.0, 0.0]])).tolist() == [3, 1]
