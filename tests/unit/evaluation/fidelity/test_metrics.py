"""Every number equals that of a reference implementation, or of the published formula."""

import warnings

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp, mannwhitneyu
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import StratifiedKFold

pytest.importorskip("torchmetrics")

from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from ganaug.data.kind import fit_codec
from ganaug.evaluation.features import Features
from ganaug.evaluation.fidelity import correlations as pairs, marginals as columns
from ganaug.evaluation.fidelity.c2st import auc_error, c2st_auc
from ganaug.evaluation.fidelity.distances import frechet_distance, inception, inception_score, kernel_distance
from ganaug.evaluation.fidelity.prdc import measure_prdc, prdc
from ganaug.evaluation.fidelity.spectrum import octaves, spectrum
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


def clouds(n=120, m=120, dim=7, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dim, dim))
    return rng.normal(size=(n, dim)) @ mixing, rng.normal(size=(m, dim)) @ mixing * 0.7 + 0.4


@pytest.mark.parametrize(("n", "m", "dim"), [(120, 90, 7), (30, 40, 3), (25, 25, 40)])
def test_frechet_distance_equals_torchmetrics(n, m, dim):
    real, made = clouds(n, m, dim)
    expected = torchmetrics_says(lambda: FrechetInceptionDistance(Given(dim)), real, made)
    assert frechet_distance(real, made) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_gaussians_is_the_closed_form():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(500, 1))
    b = 3 * a + 2
    assert frechet_distance(a, b) == pytest.approx((b.mean() - a.mean()) ** 2 + (b.std(ddof=1) - a.std(ddof=1)) ** 2)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_kernel_distance_equals_torchmetrics():
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


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("n", "m", "dim"), [(40, 25, 3), (30, 60, 20)])
def test_precision_recall_density_coverage_follow_the_papers(k, n, m, dim):
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


def test_c2st_auc_is_the_rank_statistic_of_held_out_scores():
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


@pytest.fixture(scope="module")
def tables():
    """Two samples of a number, a skewed number with gaps, and a category."""
    rng = np.random.default_rng(0)

    def table(n, shift):
        gaps = np.where(rng.random(n) < 0.2 + shift / 4, np.nan, rng.exponential(size=n) + shift)
        return np.column_stack(
            [rng.normal(size=n) + shift, gaps, rng.integers(0, 2, n) * (rng.random(n) < 0.7 - shift)]
        )

    real, made = table(300, 0.0), table(200, 0.5)
    codec = fit_codec(np.concatenate([real, made]))
    network = Features(codec.spans, None)
    as_samples = [network(codec.encode(t), np.zeros(len(t), int)) for t in (real, made)]
    return real, made, *as_samples, codec


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


def test_correlations_equal_numpy():
    numbers = clouds(dim=4)[0]
    expected = np.corrcoef(numbers, rowvar=False)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(pairs.correlations(numbers), expected, atol=1e-9)
    constant = np.column_stack([numbers[:, 0], np.full(len(numbers), 0.1)]).astype(np.float32)
    assert pairs.correlations(constant).tolist() == [0]


def test_mutual_information_equals_scikit_learn():
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 4, 300), rng.integers(0, 3, 300)]
    codes.append((codes[0] + codes[1] + (rng.random(300) < 0.2)) % 5)
    found = pairs.mutual_information([np.eye(k)[code] for code, k in zip(codes, (4, 3, 5), strict=True)])
    expected = [mutual_info_score(codes[i], codes[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_pairs_of_equal_tables_do_not_differ(tables):
    _, _, a, b, _ = tables
    assert {score.value for score in pairs.measure_correlations(a, a).values()} == {0.0}
    assert pairs.measure_correlations(a, b)["mutual information difference"].value > 0.01


def test_images_have_no_columns_and_one_class_no_inception_score():
    encoded = np.zeros((8, 1, 4, 4), np.float32)
    images = Samples(encoded, np.zeros(8, int), np.zeros((8, 2)), np.zeros((8, 2)), ())
    assert (
        columns.measure_marginals(images, images)
        == pairs.measure_correlations(images, images)
        == inception(images, images)
        == {}
    )


def pictures(images):
    n = len(images)
    return Samples(images, np.zeros(n, int), images.reshape(n, -1), None, ())


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (9, 14), (33, 17)])
def test_octaves_hold_every_wave_once(shape):
    images = np.random.default_rng(0).normal(size=(20, 2, *shape))
    height, width = shape
    power = (np.abs(np.fft.fft2(images)) ** 2).mean((0, 1)) / (height * width)
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij"))
    found = octaves(images)
    assert [octave.shortest for octave in found] == [2.0**i for i in range(len(found))]
    assert found[-1].shortest < min(shape) <= 2 * found[-1].shortest
    for octave in found:
        inside = (frequencies > 0.5 / octave.shortest) & (frequencies <= 1 / octave.shortest)
        assert octave.power == pytest.approx(power[inside].mean())


def test_the_spectrum_shows_a_grid_and_blur_and_where():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(300, 1, 16, 16)), 2), 3) / 20
    real, others = pictures(smooth[:150]), smooth[150:]
    grid = others.copy()
    grid[:, :, ::2, ::2] += 1
    blurred = (others + np.roll(others, 1, 2) + np.roll(others, 1, 3) + np.roll(others, (1, 1), (2, 3))) / 4
    scores = [spectrum(real, pictures(made)) for made in (others, grid, blurred)]
    worst = [found["power, octave farthest off"].value for found in scores]
    assert 0.5 < worst[0] < 2
    assert worst[1] == scores[1]["power, waves of 1 to 2 px"].value > 3
    assert worst[2] == scores[2]["power, waves of 1 to 2 px"].value < 0.3
    assert spectrum(real, real)["power, octave farthest off"].value == 1


def test_the_spectrum_of_images_without_any_detail_is_left_out():
    flat = pictures(np.ones((5, 1, 8, 8)))
    assert spectrum(flat, flat) == {}
