"""Every number equals that of a reference implementation, or of the published formula."""

import warnings

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")

from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from ganaug.evaluation.fidelity import correlations as pairs, marginals as columns
from ganaug.evaluation.fidelity.distances import frechet_distance, inception, inception_score, kernel_distance
from ganaug.evaluation.samples import Samples


class Given(torch.nn.Module):
    """The features are what is given."""

    def __init__(self, dim):
        super().__init__()
        self.num_features = dim

    def forward(self, x):
        return x


def torchmetrics_says(build, real, made):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric = build()
        metric.set_dtype(torch.float64)
        if real is not None:
            metric.update(torch.from_numpy(real), real=True)
            metric.update(torch.from_numpy(made), real=False)
        else:
            metric.update(torch.from_numpy(made))
        found = metric.compute()
    return float(found[0] if isinstance(found, tuple) else found)


@pytest.mark.parametrize(("n", "m", "dim"), [(120, 90, 7), (30, 40, 3), (25, 25, 40)])
def test_frechet_distance_equals_torchmetrics(n, m, dim, clouds):
    real, made = clouds(n, m, dim)
    expected = torchmetrics_says(lambda: FrechetInceptionDistance(Given(dim)), real, made)
    assert frechet_distance(real, made) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_gaussians_is_the_closed_form():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(500, 1))
    b = 3 * a + 2
    assert frechet_distance(a, b) == pytest.approx((b.mean() - a.mean()) ** 2 + (b.std(ddof=1) - a.std(ddof=1)) ** 2)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_kernel_distance_equals_torchmetrics(clouds):
    real, made = clouds()
    with torch.random.fork_rng(devices=[]):
        expected = torchmetrics_says(lambda: KernelInceptionDistance(Given(7), subsets=1, subset_size=120), real, made)
    assert kernel_distance(real, made) == pytest.approx(expected, rel=1e-6)


def test_inception_score_equals_torchmetrics():
    logits = np.random.default_rng(0).normal(size=(200, 6)) * 3
    with torch.random.fork_rng(devices=[]):
        expected = torchmetrics_says(lambda: InceptionScore(Given(6), splits=1), None, logits)
    assert inception_score(logits) == pytest.approx(expected, rel=1e-6)
    assert inception_score(np.zeros((50, 6))) == pytest.approx(1)
    assert inception_score(1000 * np.eye(6)) == pytest.approx(6)


def test_images_have_no_columns_and_one_class_no_inception_score():
    encoded = np.zeros((8, 1, 4, 4), np.float32)
    images = Samples(encoded, np.zeros(8, int), np.zeros((8, 2)), np.zeros((8, 2)), ())
    assert (
        columns.measure_marginals(images, images)
        == pairs.measure_correlations(images, images)
        == inception(images, images)
        == {}
    )


EDGE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: frechet_distance(EDGE[:1], EDGE), r"at least 2 samples .* real has shape \(1, 3\)"),
        (lambda: frechet_distance(EDGE, EDGE[:, :2]), "the same features; got 3 and 2"),
        (lambda: kernel_distance(EDGE, EDGE * np.nan), "120 values are NaN"),
        (lambda: inception_score(EDGE[:0]), "at least 1 sample"),
        (lambda: inception_score(EDGE / 0.0), "120 values are NaN or infinite"),
    ],
)
def test_what_has_no_answer_says_why(measure, message):
    with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(ValueError, match=message):
        measure()
