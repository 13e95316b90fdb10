import numpy as np
import pytest
from scipy import stats

from ganaug.data.table.quantiles import MAX_KNOTS, QuantileMap


@pytest.mark.parametrize("tail", [1, 30])
def test_scores_are_standard_normal_and_come_back(tail):
    values = np.sinh(np.random.default_rng(0).normal(0, np.log1p(tail), 3000))
    found = QuantileMap.fit(values)
    scores = found.to_scores(values)
    assert stats.kstest(scores, "norm").statistic < 0.01
    assert len(found.values) <= MAX_KNOTS + 2
    order = np.argsort(values)
    assert stats.ks_2samp(found.to_values(scores), values).statistic < 0.01
    assert (np.diff(found.to_values(scores)[order]) >= 0).all()


def test_a_shared_value_keeps_its_share():
    rng = np.random.default_rng(0)
    values = np.where(rng.random(2000) < 0.4, 7.0, rng.normal(5, 3, 2000))
    found = QuantileMap.fit(values)
    assert stats.kstest(found.to_scores(values, rng), "norm").statistic < 0.03
    made = found.to_values(rng.standard_normal(20_000))
    assert abs((made == 7).mean() - (values == 7).mean()) < 0.02
    assert made.min() >= values.min() and made.max() <= values.max()


def test_huge_and_few_numbers():
    values = np.array([-1e308, 0.0, 1e308])
    found = QuantileMap.fit(values)
    assert np.isfinite(found.to_scores(values)).all()
    assert found.to_values(found.to_scores(values)).tolist() == values.tolist()
    assert QuantileMap.fit(np.array([3.0, 3.0])).to_values(np.array([-9.0, 0.0, 9.0])).tolist() == [3, 3, 3]
