import numpy as np
import pytest
from scipy.stats import ks_2samp

from ganaug.evaluation.fidelity import marginals as columns


def test_columns_equal_scipy_and_the_definition(tables):
    real, made, a, b, codec = tables
    found = {(position, metric): value for position, metric, value in columns.by_column(a, b)}
    assert found[0, columns.KS] == pytest.approx(ks_2samp(real[:, 0], made[:, 0]).statistic, abs=1e-6)
    grid = np.sort(np.r_[real[:, 0], made[:, 0]])
    shares = [np.searchsorted(np.sort(t[:, 0]), grid, side="right") / len(t) for t in (real, made)]
    area = (np.abs(shares[0] - shares[1])[:-1] * np.diff(grid)).sum()  # between the distribution functions
    assert found[0, columns.WASSERSTEIN] == pytest.approx(area / codec.columns[0].scale, abs=1e-5)
    gaps = abs(np.isnan(real[:, 1]).mean() - np.isnan(made[:, 1]).mean())
    assert found[1, columns.TV] == pytest.approx(gaps, abs=1e-6)
    ones = [np.mean(t[:, 2]) for t in (real, made)]
    assert found[2, columns.TV] == pytest.approx(abs(ones[0] - ones[1]), abs=1e-6)
    means = columns.measure_marginals(a, b)
    assert means[columns.TV].value == pytest.approx((gaps + abs(ones[0] - ones[1])) / 2, abs=1e-6)


EDGE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: columns.total_variation(EDGE[:0], EDGE), "at least 1 row"),
    ],
)
def test_what_has_no_answer_says_why(measure, message):
    with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(ValueError, match=message):
        measure()
