import numpy as np
import pytest
import torch

import ganaug
from ganaug.core.classes import Classes

SHAPE = (3, 8, 8)


def told(value):
    """Return class and position of a sample of `make_pool` by the value of its pixels."""
    return divmod(int(value) - 20, 20)


@pytest.fixture(scope="session")
def make_pool():
    """Write a pool whose samples are of one colour, which says class and position."""
    from ganaug.loops.pool import write

    def make(path, labels=(0, 1, 2), counts=(5, 7, 9), shape=SHAPE, first=20, overwrite=False, **described):
        chunks = [
            np.full((1, *shape), first + 20 * c + i, np.uint8) for c, count in enumerate(counts) for i in range(count)
        ]
        said = {"shape": list(shape), "scale": [0.0, 255.0], "whole": True, "dtype": "|u1", "seed": 3}
        said |= {"checkpoint_sha256": None, **described}
        return write(path, Classes(np.array(labels), counts), chunks, said, overwrite=overwrite)

    return make


@pytest.fixture(scope="session")
def pool(make_pool, tmp_path_factory):
    return make_pool(tmp_path_factory.mktemp("pool") / "colours.pool")


@pytest.fixture(scope="session")
def named_pool(make_pool, tmp_path_factory):
    return make_pool(tmp_path_factory.mktemp("pool") / "named.pool", ["cat", "dog", "owl"])


@pytest.fixture(scope="session")
def gan(digit_images):
    return ganaug.train(*digit_images, max_steps=2, random_state=0)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(name="told")
def told_fixture():
    return told
