import numpy as np
import pytest

from ganaug.data.kind import fit_codec
from ganaug.evaluation.features import Features


@pytest.fixture(scope="package")
def clouds():
    """Make two clouds of points, the second moved and smaller."""

    def make(n=120, m=120, dim=7, seed=0):
        rng = np.random.default_rng(seed)
        mixing = rng.normal(size=(dim, dim))
        return rng.normal(size=(n, dim)) @ mixing, rng.normal(size=(m, dim)) @ mixing * 0.7 + 0.4

    return make


@pytest.fixture(scope="package")
def tables():
    """Two samples of a number, a skewed number with gaps, and a category: as they are and encoded, and the codec."""
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
