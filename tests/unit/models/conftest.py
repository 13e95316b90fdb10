import numpy as np
import pandas as pd
import pytest
import torch

from ganaug.core.classes import Classes
from ganaug.core.config import TrainConfig
from ganaug.data.image.codec import ImageCodec
from ganaug.data.kind import fit_codec
from ganaug.models.gan import ConditionalGAN
from ganaug.models.networks import network_named
from ganaug.training.defaults import resolve

N = 60


@pytest.fixture(scope="session")
def untrained():
    """Build a model whose parts are as they are after training."""

    def build(X, y, seed=0, **settings):
        codec, classes = fit_codec(X), Classes.from_target(np.asarray(y))
        settings = {"width": 8, "latent_dim": 4, "device": "cpu", **settings}
        gan = ConditionalGAN(codec, classes, resolve(TrainConfig(**settings), codec, classes), seed)
        gan.history.append(step=1, d_loss=0.5)
        gan.step = 1
        return gan

    return build


@pytest.fixture(scope="session")
def table():
    """60 rows of columns of every kind, 12 of them rare; and their labels."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "n": rng.integers(0, 9, N),
            "kind": pd.Categorical(rng.choice(["a", "b"], N)),
            "level": [f"l{i % 50}" for i in range(N)],
            "when": pd.date_range("2020", periods=N),
            "missing": pd.array([None if i % 3 == 0 else i for i in range(N)], dtype="Int64"),
        }
    )
    return frame, np.array(["common", "rare"])[(np.arange(N) % 5 == 0).astype(int)]


@pytest.fixture(scope="session")
def rows(untrained, table):
    return untrained(*table)


@pytest.fixture(scope="session")
def images(untrained):
    X = np.random.default_rng(0).integers(0, 256, (N, 8, 8, 3)).astype(np.uint8)
    return untrained(X, np.arange(N) % 3, attention=True, spectral_norm=True)


@pytest.fixture(params=["rows", "images"])
def gan(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def same():
    """Tell whether two samples are equal, values and dtypes."""

    def equal(one, other):
        if isinstance(one, pd.DataFrame):
            return one.equals(other)
        return one.dtype == other.dtype and np.array_equal(one, other)

    return equal


@pytest.fixture(scope="session")
def networks():
    """Build a small generator and discriminator of images of three classes, always with the same weights."""

    def build(shape, network="conv", **settings):
        codec = ImageCodec.fit(np.zeros((2, *shape), dtype=np.uint8).transpose(0, 2, 3, 1))
        settings = {"network": network, "width": 4, "latent_dim": 6, "device": "cpu", **settings}
        config = resolve(TrainConfig(**settings), codec, Classes(np.arange(3), [50, 50, 50]))
        torch.manual_seed(0)
        return network_named(network).build(codec.sample_shape, codec.spans, 3, config)

    return build
