import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold

from ganaug.evaluation.fidelity.c2st import auc_error, c2st_auc


def test_c2st_auc_is_the_rank_statistic_of_held_out_scores(clouds):
    real, made = clouds(80, 60)
    x, is_made = np.r_[real, made], np.repeat([0, 1], [80, 60])
    scores = np.empty(140)
    for learnt, unseen in StratifiedKFold(3, shuffle=True, random_state=5).split(x, is_made):
        trees = ExtraTreesClassifier(50, min_samples_leaf=2, random_state=5).fit(x[learnt], is_made[learnt])
        scores[unseen] = trees.predict_proba(x[unseen])[:, 1]
    expected = mannwhitneyu(scores[is_made == 1], scores[is_made == 0]).statistic / (80 * 60)
    assert c2st_auc(real, made, seed=5) == pytest.approx(expected, abs=1e-6)


def test_auc_error_is_exact_for_exponential_scores():
    rng = np.random.default_rng(0)  # the distribution that Hanley and McNeil derive it for
    better, worse = rng.exponential(3, (4000, 51, 1)), rng.exponential(1, (4000, 1, 58))
    aucs = (better > worse).mean((1, 2))
    assert aucs.mean() == pytest.approx(0.75, abs=0.005)
    assert auc_error(0.75, 51, 58) == pytest.approx(aucs.std(), rel=0.04)
    assert auc_error(0.3, 51, 58) == pytest.approx(auc_error(0.7, 51, 58))


EDGE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: c2st_auc(EDGE[:2], EDGE), "at least 3 samples of each; got 2 and 40"),
        (lambda: c2st_auc(EDGE, EDGE * np.inf), "NaN or infinite"),
    ],
)
def test_what_has_no_answer_says_why(measure, message):
    with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(ValueError, match=message):
        measure()
