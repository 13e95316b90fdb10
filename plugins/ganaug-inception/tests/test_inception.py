import io
import pickle
import warnings
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import torch
from ganaug.core.errors import ConfigError
from ganaug.evaluation.samples import Samples
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

import ganaug_inception


class Untrained(FeatureExtractorInceptionV3):
    """The network with random weights: the real ones are not needed to compare implementations."""

    def __init__(self):
        nothing = io.BytesIO()
        torch.save({}, nothing)
        nothing.seek(0)
        super().__init__("untrained", ["2048"], nothing)

    def load_state_dict(self, *_):
        pass


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.save(Untrained().state_dict(), path)
    return path


@pytest.fixture
def named(weights, monkeypatch):
    monkeypatch.setenv(ganaug_inception.VARIABLE, str(weights))
    return weights


def images(n, seed, channels=3):
    pixels = np.random.default_rng(seed).integers(0, 256, (n, channels, 8, 8), dtype=np.uint8)
    encoded = (pixels / 127.5 - 1).astype(np.float32)
    return pixels, Samples(encoded, np.zeros(n, int), encoded.reshape(n, -1), None, ())


def torchmetrics_says(build, *updates):
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        metric = build()
        metric.set_dtype(torch.float64)
        for pixels, options in updates:
            metric.update(torch.from_numpy(pixels), **options)
        found = metric.compute()
    return float(found[0] if isinstance(found, tuple) else found)


def test_all_three_equal_torchmetrics(named):
    (real_pixels, real), (made_pixels, made) = images(8, 0), images(6, 1)
    found = ganaug_inception.inception(real, made)
    own = {"feature_extractor_weights_path": str(named), "antialias": False}
    both = (real_pixels, {"real": True}), (made_pixels, {"real": False})
    fid = torchmetrics_says(lambda: FrechetInceptionDistance(2048, **own), *both)
    assert found["FID (Inception-v3)"].value == pytest.approx(fid, rel=1e-3, abs=1e-6)
    del own["antialias"]
    network = ganaug_inception._network(named)

    class Features(torch.nn.Module):
        num_features = 2048

        def __init__(self, which):
            super().__init__()
            self.which = which

        def forward(self, x):
            return network(x)[self.which]

    same = (real_pixels[:6], {"real": True}), (made_pixels, {"real": False})
    kid = torchmetrics_says(lambda: KernelInceptionDistance(Features(0), subsets=1, subset_size=6), *same)
    fewer = ganaug_inception.inception(images(8, 0)[1][np.arange(6)], made)
    assert fewer["KID (Inception-v3)"].value == pytest.approx(kid, abs=1e-6)
    score = torchmetrics_says(lambda: InceptionScore(Features(1), splits=1), (made_pixels, {}))
    assert found["Inception score"].value == pytest.approx(score, rel=1e-6)


def test_gray_images_are_shown_in_gray_and_seen_once(named, monkeypatch):
    pixels, gray = images(3, 0, channels=1)
    _, coloured = images(3, 0, channels=1)
    coloured = Samples(np.repeat(gray.encoded, 3, axis=1), gray.c, gray.features, None, ())
    found = ganaug_inception.inception(gray, coloured)
    assert found["FID (Inception-v3)"].value == pytest.approx(0, abs=1e-6)
    monkeypatch.setattr(ganaug_inception, "_network", None)  # a second look would fail
    assert ganaug_inception.inception(gray, coloured) == found


def test_rows_have_no_such_numbers():
    rows = Samples(np.zeros((3, 2), np.float32), np.zeros(3, int), np.zeros((3, 2)), None, ())
    assert ganaug_inception.inception(rows, rows) == {}


def test_missing_weights_say_what_to_do(monkeypatch, tmp_path):
    _, some = images(2, 0)
    monkeypatch.delenv(ganaug_inception.VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="GANAUG_INCEPTION_WEIGHTS is not set. Download https://"):
        ganaug_inception.inception(some, some)
    monkeypatch.setenv(ganaug_inception.VARIABLE, str(tmp_path / "none.pth"))
    with pytest.raises(ConfigError, match="names no file: .*none.pth"):
        ganaug_inception.inception(some, some)


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("ran-code"),)


@pytest.mark.parametrize("content", [pickle.dumps({"x": 1}, 2), b"", b"nonsense", pickle.dumps(Evil(), 2)])
def test_other_files_are_refused_and_never_run(monkeypatch, tmp_path, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pth").write_bytes(content)
    monkeypatch.setenv(ganaug_inception.VARIABLE, "weights.pth")
    _, some = images(2, 3)
    with pytest.raises(ConfigError, match="does not hold the weights of Inception-v3"):
        ganaug_inception.inception(some, some)
    assert not (tmp_path / "ran-code").exists()


def test_the_entry_point_is_the_function():
    (point,) = entry_points(group="ganaug.metrics", name="inception")
    assert point.load() is ganaug_inception.inception
