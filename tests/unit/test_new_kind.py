"""A kind of data that the package has never heard of, spectra, goes through every room by registration alone."""

import json

import numpy as np
import pytest
import torch
from pydantic import BaseModel, ConfigDict
from torch import nn

pytest.importorskip("typer")

from typer.testing import CliRunner

import ganaug
from ganaug.cli.app import app
from ganaug.core.registry import register, unregister
from ganaug.data.codec import Codec
from ganaug.data.kind import Kind
from ganaug.evaluation.samples import Score
from ganaug.models.layers import ClassEmbedding, ProjectionHead
from ganaug.models.networks import Network
from ganaug.oversampling.sources import OwnSamples
from ganaug.synthesis.writers import Writer

BANDS = 24


class SpectraSchema(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: str = "spectra"
    bands: int

    def describe(self):
        return f"spectra of {self.bands} bands"


class SpectraCodec(Codec):
    """Positive intensities ↔ standardised logarithms, ``(1, bands)``."""

    def __init__(self, schema, mean, std):
        self.schema, self.mean, self.std = schema, mean, std

    @property
    def sample_shape(self):
        return 1, self.schema.bands

    @classmethod
    def fit(cls, X):
        logs = np.log(np.asarray(X))
        return cls(SpectraSchema(bands=logs.shape[1]), float(logs.mean()), float(logs.std()))

    def encode(self, X):
        return ((np.log(np.asarray(X)) - self.mean) / self.std).astype(np.float32)[:, None]

    def decode(self, encoded, rng):
        return np.exp(encoded[:, 0] * self.std + self.mean)

    def to_json(self):
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_json(cls, schema, state):
        return cls(SpectraSchema(**schema), state["mean"], state["std"])


class SpectraGenerator(nn.Module):
    def __init__(self, bands, n_classes, config):
        super().__init__()
        self.latent_dim = config.latent_dim
        self.embedding = ClassEmbedding(n_classes, 8)
        self.body = nn.Sequential(
            nn.Linear(config.latent_dim + 8, config.width), nn.ReLU(), nn.Linear(config.width, bands)
        )

    def forward(self, z, c):
        return self.body(torch.cat([z, self.embedding(c)], 1))[:, None]


class SpectraDiscriminator(nn.Module):
    def __init__(self, n_classes, config):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(1, config.width, 5, 2), nn.LeakyReLU(0.2), nn.AdaptiveAvgPool1d(1))
        self.head = ProjectionHead(config.width, n_classes, config.spectral_norm)

    def forward(self, x, c):
        return self.head(self.body(x).flatten(1), c)


def build(sample_shape, spans, n_classes, config):
    return SpectraGenerator(sample_shape[1], n_classes, config), SpectraDiscriminator(n_classes, config)


class Brighter(OwnSamples):
    """Real spectra, a little brighter or darker."""

    def make(self, prepared, n, rng):
        made = prepared[rng.integers(len(prepared), size=n)] + rng.normal(0, 0.1, (n, 1, 1))
        return made.astype(np.float32)


def mean_spectrum(real, made):
    return {"mean spectrum": Score(float(np.abs(real.encoded.mean(0) - made.encoded.mean(0)).mean()), "lower")}


class SpectraWriter(Writer):
    """``<class>/00000.json``, one list of spectra a shard."""

    kind = "spectra"
    libraries = ("pydantic",)

    def write(self, folder, shard, chunks):
        import hashlib

        name = f"{shard.stem}{shard.number:05d}.json"
        content = json.dumps([spectrum for chunk in chunks for spectrum in chunk.tolist()]).encode()
        (folder / name).write_bytes(content)
        return {name: hashlib.sha256(content).hexdigest()}

    @classmethod
    def count(cls, path):
        return len(json.loads(path.read_text()))


SPECTRA = Kind(
    name="spectra",
    plural="spectra",
    accepts=lambda X: False,  # rows of numbers are tables unless one says otherwise
    codec=SpectraCodec,
    network="spectra",
    settings=lambda codec, classes, device, quality: {
        "width": 16,
        "depth": 1,
        "latent_dim": 8,
        "batch_size": 32,
        "max_steps": 60,
        "ema_decay": 0.9,
        "precision": "float32",
    },
    sources=("gan", "brighter"),
    default_shares=lambda codec: {"gan": 0.5, "brighter": 0.5},
    metrics=("mean-spectrum",),
    writer="spectra",
    shard_size=50,
)


@pytest.fixture(autouse=True)
def spectra():
    parts = {
        ("kinds", "spectra"): SPECTRA,
        ("networks", "spectra"): Network(build, has_projection=True),
        ("sources", "brighter"): Brighter,
        ("metrics", "mean-spectrum"): mean_spectrum,
        ("writers", "spectra"): SpectraWriter,
    }
    for (group, name), part in parts.items():
        register(group, name, part)
    yield
    for group, name in parts:
        unregister(group, name)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["usual", "rare"], [120, 40])
    peak = np.where(y == "usual", 6, 16)[:, None]
    X = 0.1 + np.exp(-((np.arange(BANDS) - peak) ** 2) / 8) * rng.uniform(1, 2, (160, 1))
    return X * rng.uniform(0.95, 1.05, X.shape), y


def test_it_is_trained_saved_loaded_and_shown(data, tmp_path):
    X, y = data
    gan = ganaug.train(X, y, kind="spectra", random_state=0)
    made = gan.sample(20, label="rare", random_state=1)
    assert made.shape == (20, BANDS) and (made > 0).all() and gan.config.max_steps == 60
    gan.save(tmp_path / "spectra.safetensors")
    again = ganaug.load(tmp_path / "spectra.safetensors")
    np.testing.assert_array_equal(again.sample(20, label="rare", random_state=1), made)
    shown = CliRunner().invoke(app, ["info", str(tmp_path / "spectra.safetensors")])
    assert shown.exit_code == 0 and "spectra of 24 bands" in shown.stdout


def test_it_is_fine_tuned(data):
    X, y = data
    source = ganaug.train(X, y, kind="spectra", max_steps=5, random_state=0)
    gan = ganaug.finetune(source, X[20:], y[20:], kind="spectra", random_state=0)
    assert gan.config.max_steps == 30 and gan.transfer.parts["classes"]["kept"] == ["rare", "usual"]
    with pytest.raises(ganaug.TransferError, match="cannot start a model of rows"):
        ganaug.finetune(source, X, y, max_steps=2)


def test_it_is_over_sampled(data):
    X, y = data
    sampler = ganaug.GANOverSampler(kind="spectra", random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.shape == (240, BANDS) and (y_new[160:] == "rare").all() and (X_new > 0).all()
    assert set(sampler.mixture_.shares) == {"gan", "brighter"} and sampler.gan_.config.network == "spectra"


def test_it_is_synthesised(data, tmp_path):
    X, y = data
    gan = ganaug.train(X, y, kind="spectra", max_steps=5, random_state=0)
    ganaug.synthesize(gan, {"rare": 70}, tmp_path / "out")
    written = sorted((tmp_path / "out" / "rare").iterdir())
    assert [len(json.loads(path.read_text())) for path in written] == [50, 20]
    assert ganaug.verify(tmp_path / "out").intact


def test_it_is_evaluated(data):
    X, y = data
    gan = ganaug.train(X[::2], y[::2], kind="spectra", max_steps=5, random_state=0)
    found = ganaug.evaluate(gan, X[1::2], y[1::2], X[::2], y[::2], random_state=0)
    assert "mean spectrum" in set(found.to_frame()["metric"])
    assert set(found) == {"fidelity", "utility", "privacy"}
