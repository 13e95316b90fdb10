import numpy as np
import pytest
from scipy import stats

from ganaug.models.noise import truncated

Z = np.random.default_rng(0).standard_normal(20_000, dtype=np.float32)


@pytest.mark.parametrize("threshold", [0.05, 0.7, 2, 5.0])
def test_truncated_numbers_have_the_truncated_distribution(threshold):
    found = truncated(Z, threshold)
    reference = stats.truncnorm(-threshold, threshold)
    assert abs(found).max() <= threshold
    assert stats.kstest(found, reference.cdf).pvalue > 0.01
    assert found.std() == pytest.approx(reference.std(), rel=0.02)


def test_each_number_goes_to_its_own_quantile():
    expected = stats.truncnorm(-1.5, 1.5).ppf(stats.norm.cdf(Z.astype(np.float64)))
    np.testing.assert_allclose(truncated(Z, 1.5), expected, rtol=1e-6, atol=1e-9)


def test_a_wide_threshold_changes_nothing_and_extremes_stay_finite():
    np.testing.assert_allclose(truncated(Z, 30.0), Z, rtol=1e-5)
    assert truncated(np.array([-40.0, 40.0]), 30.0).tolist() == [-30, 30]
    np.testing.assert_allclose(truncated(Z, 1e-6), 1e-6 * (2 * stats.norm.cdf(Z) - 1), rtol=1e-4, atol=1e-12)
