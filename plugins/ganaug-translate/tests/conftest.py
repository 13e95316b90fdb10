import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug_translate import train_translator


@pytest.fixture(scope="session")
def digits():
    """Fives and sixes as uint8, and a few sevens that have to be left out."""
    found = load_digits()
    chosen = np.isin(found.target, [5, 6]) | ((found.target == 7) & (np.arange(len(found.target)) < 100))
    return (found.images[chosen] * 15.9).astype(np.uint8), found.target[chosen]


@pytest.fixture(scope="session")
def translator(digits):
    return train_translator(*digits, source=5, target=6, max_steps=5, random_state=0)


@pytest.fixture(scope="session")
def both_ways(digits):
    return train_translator(*digits, source=6, target=5, method="cyclegan", max_steps=5, random_state=0)
