import numpy as np
import pandas as pd
import pytest

import ganaug


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A checkpoint of rows, one of images, and a pool."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    y = pd.Series(np.repeat(["no", "yes"], [30, 10]), name="fraud")
    rows = pd.DataFrame({"amount": rng.normal(size=40).round(2), "kind": rng.choice(["shop", "web"], 40)})
    ganaug.train(rows, y, max_steps=2, width=8, random_state=0).save(folder / "orders.safetensors")
    images = rng.integers(0, 256, (20, 8, 8), dtype=np.uint8)
    gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, width=8, random_state=0)
    gan.save(folder / "images.safetensors")
    ganaug.make_pool(gan, 3, folder / "images.pool", random_state=0)
    return folder
