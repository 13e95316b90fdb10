import numpy as np
import pytest

from ganaug.evaluation.fidelity.prdc import measure_prdc, prdc
from ganaug.evaluation.samples import Samples


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("n", "m", "dim"), [(40, 25, 3), (30, 60, 20)])
def test_precision_recall_density_coverage_follow_the_papers(k, n, m, dim, clouds):
    real, made = clouds(n, m, dim)

    def radii(points):
        d = np.linalg.norm(points[:, None] - points[None], axis=2)
        return np.sort(d, axis=1)[:, k]  # the 0th is the point itself

    d = np.linalg.norm(real[:, None] - made[None], axis=2)
    in_real, in_made = d < radii(real)[:, None], d < radii(made)[None]
    expected = in_real.any(0).mean(), in_made.any(1).mean(), in_real.sum(0).mean() / k, in_real.any(1).mean()
    assert prdc(real, made, k=k) == pytest.approx(expected, abs=1e-9)


def test_prdc_of_few_samples_are_not_told():
    real = Samples(np.zeros((5, 2)), np.zeros(5, int), np.zeros((5, 2)), None, ())
    assert measure_prdc(real, real) == {}


EDGE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: prdc(EDGE[:5], EDGE), "more than k = 5 samples of each kind; real has 5"),
        (lambda: prdc(EDGE, EDGE, k=0), "k of 1 or more"),
        (lambda: prdc(EDGE, EDGE[:, :2]), "the same features"),
    ],
)
def test_what_has_no_answer_says_why(measure, message):
    with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(ValueError, match=message):
        measure()


@pytest.mark.parametrize("dim", [1, 3, 200])
def test_samples_are_as_good_as_themselves(dim):
    points = np.random.default_rng(0).normal(size=(150, dim)) * 100 + 1000
    assert prdc(points, points) == (1, 1, 1, 1)
    same = prdc(np.ones((20, 2)), np.ones((20, 2)))
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
