import numpy as np
import pytest

from ganaug.evaluation.utility.arms import Data


@pytest.fixture(scope="session")
def data():
    """Make rows of two classes to learn from, to judge by, and in place of synthetic ones."""

    def make(n=200, rare=20, made=180, held=100, seed=0):
        rng = np.random.default_rng(seed)

        def rows(*counts):
            c = np.repeat(range(len(counts)), counts)
            return (rng.normal(size=(len(c), 3)) + 1.5 * c[:, None]).astype(np.float32), c

        (x, c), (x_test, c_test), (x_made, c_made) = rows(n, rare), rows(held, held), rows(0, made)
        return Data(x, c, x_test, c_test, x_made, c_made)

    return make
