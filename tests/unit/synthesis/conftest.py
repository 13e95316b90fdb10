import numpy as np
import pytest

import ganaug


@pytest.fixture(scope="session")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (24, 8, 8), dtype=np.uint8), np.repeat(["cat", "dog"], [16, 8])


@pytest.fixture(scope="session")
def gan(images):
    return ganaug.train(*images, max_steps=2, random_state=0)


@pytest.fixture(scope="session")
def table_gan():
    rng = np.random.default_rng(0)
    return ganaug.train(rng.normal(size=(40, 2)), np.repeat([0, 1], 20), max_steps=2, random_state=0)
