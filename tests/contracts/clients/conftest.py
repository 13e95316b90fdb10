"""What users join ganaug with. Not in the default suite: `make test-clients`."""

import numpy as np
import pandas as pd
import pytest

import ganaug

FEW = {"max_steps": 3, "random_state": 0}


@pytest.fixture(scope="session")
def rows():
    """80 rows of numbers, 20 of them of the rare class."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 20])
    return pd.DataFrame(rng.normal(size=(80, 3)) + 2 * y[:, None], columns=["a", "b", "c"]), y


@pytest.fixture
def sampler():
    return ganaug.GANOverSampler(**FEW)


@pytest.fixture(scope="session")
def images():
    """40 colour images of 16 × 16, dark ones and 10 bright ones."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [30, 10])
    return (rng.integers(0, 60, (40, 16, 16, 3)) + 150 * y[:, None, None, None]).astype(np.uint8), y


@pytest.fixture(scope="session")
def pool(images, tmp_path_factory):
    """A pool of both classes, where each pixel of a sample says its class: 90 or 200."""
    from ganaug.core.classes import Classes
    from ganaug.loops.pool import write

    chunks = [np.full((8, 3, 16, 16), value, np.uint8) for value in (90, 200)]
    said = {"shape": [3, 16, 16], "scale": [0.0, 255.0], "whole": True, "dtype": "|u1", "seed": 0}
    path = tmp_path_factory.mktemp("pool") / "images.pool"
    return write(path, Classes(np.array([0, 1]), (8, 8)), chunks, said | {"checkpoint_sha256": None}, overwrite=False)


@pytest.fixture(scope="session")
def folder(images, tmp_path_factory):
    """The images as an image folder."""
    from PIL import Image

    root = tmp_path_factory.mktemp("images")
    for i, (image, label) in enumerate(zip(*images, strict=True)):
        (root / "dark bright".split()[label]).mkdir(exist_ok=True)
        Image.fromarray(image).save(root / "dark bright".split()[label] / f"{i:02d}.png")
    return root
