import numpy as np
import pytest
from scipy.stats import beta

from ganaug.evaluation.intervals import (
    class_mean_interval,
    corrected_intervals,
    difference_interval,
    proportion_interval,
)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (50, 100)])
def test_jeffreys_interval(hits, n):
    low, high = proportion_interval(hits, n)
    posterior = beta(hits + 0.5, n - hits + 0.5)
    assert low == (0 if hits == 0 else pytest.approx(posterior.ppf(0.025)))
    assert high == (1 if hits == n else pytest.approx(posterior.ppf(0.975)))
    assert proportion_interval(0, 0) == (0.0, 1.0)


def test_the_difference_of_two_shares_is_covered_as_often_as_promised():
    rng = np.random.default_rng(0)
    p, q, n, m = 0.8, 0.6, 30, 40
    bounds = [
        difference_interval(a, n, b, m)[1:]
        for a, b in zip(rng.binomial(n, p, 500), rng.binomial(m, q, 500), strict=True)
    ]
    covered = np.mean([low <= p - q <= high for low, high in bounds])
    assert 0.92 < covered < 0.99


def test_a_difference_of_nothing_and_its_ends():
    assert difference_interval(10, 10, 0, 10)[0] == 1 and difference_interval(10, 10, 0, 10)[2] == 1
    value, low, high = difference_interval(5, 10, 5, 10)
    assert value == 0 and low == pytest.approx(-high)


def test_the_mean_over_classes_weighs_classes_equally():
    c = np.repeat([0, 1], [90, 10])
    value, low, high = class_mean_interval((c == 0).astype(float), c, np.array([0, 1]), bounds=(0.0, 1.0))
    assert value == 0.5 and 0 <= low < 0.5 < high <= 1


def test_few_samples_and_unsure_seeds_make_it_wider():
    rng = np.random.default_rng(0)
    width = {}
    for n in (10, 1000):
        values = rng.random((1, n)) < 0.5
        _, low, high = class_mean_interval(values, np.zeros(n, int), np.array([0]), bounds=(0.0, 1.0))
        width[n] = high - low
    steady, shaky = np.tile(rng.random(200) < 0.5, (3, 1)), np.stack([np.zeros(200), np.ones(200), np.zeros(200)])
    spread = [
        np.ptp(class_mean_interval(v, np.zeros(200, int), np.array([0]), bounds=(0.0, 1.0))[1:])
        for v in (steady, shaky)
    ]
    assert width[10] > 3 * width[1000]
    assert spread[1] > 2 * spread[0]


def test_intervals_hold_for_all_remedies_at_once():
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):  # scores that share nothing, so that the correction is none: ratio 0
        gains = rng.normal(size=(10, 1)) * 0.5 + rng.normal(size=(10, 5))
        bounds = corrected_intervals(gains, 0.0)
        wrong += bool(((bounds[:, 1] > 0) | (bounds[:, 2] < 0)).any())
    assert wrong / 200 < 0.09
    assert corrected_intervals(np.zeros((5, 2)), 0.25).tolist() == [[0, 0, 0]] * 2
