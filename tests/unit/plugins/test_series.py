"""The fast part of the tests of plugins/ganaug-series: every door once."""

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

pytest.importorskip("typer")
from typer.testing import CliRunner

import ganaug
from ganaug.cli.app import app
from ganaug.data.readers import read


@pytest.fixture(autouse=True)
def series(plugged_in):
    with plugged_in("ganaug-series"):
        yield


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["usual", "rare"], [60, 20])
    rate = np.where(y == "usual", 0.25, 0.6)[:, None, None]
    X = np.sin(np.arange(40) * rate + rng.uniform(0, 6, (80, 2, 1))) * 3 + rng.normal(0, 0.1, (80, 2, 40))
    return X, y


def test_every_door_takes_series(data, tmp_path):
    X, y = data
    sampler = ganaug.GANOverSampler(kind="series", sources={"warp": 0.5, "gan": 0.5}, max_steps=2, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.shape == (120, 2, 40) and (y_new[80:] == "rare").all()
    sampler.gan_.save(tmp_path / "m.safetensors")
    for form, count in (("ts", 1), ("csv", 4), ("npz", 1)):
        out = tmp_path / form
        command = ["synth", "--model", tmp_path / "m.safetensors", "-n", 4, "--format", form, "--out", out, "-q"]
        done = CliRunner().invoke(app, [str(word) for word in command])
        assert done.exit_code == 0, done.output
        assert len(list((out / "rare").iterdir())) == count and (out / "preview.png").exists()
    assert read(tmp_path / "ts" / "rare" / "00000.ts").X.shape == (4, 2, 40)
    assert read(tmp_path / "csv", kind="series").X.shape == (8, 2, 40)
    real = TensorDataset(torch.from_numpy(X), torch.from_numpy((y == "usual").astype(int)))
    mix = ganaug.SyntheticMix(real, sampler.mixture_, names=["rare", "usual"])
    assert mix[-1][0].shape == (2, 40) and mix.is_synthetic.any()


def test_lists_of_unequal_lengths_come_back_as_lists(data):
    X = [one[:, : 30 + i % 10] for i, one in enumerate(data[0])]
    sampler = ganaug.GANOverSampler(kind="series", sources={"dtw-mix": 1}, random_state=0)
    X_new, _ = sampler.fit_resample(X, data[1])
    assert type(X_new) is list and X_new[0] is X[0] and {one.shape[1] for one in X_new} <= set(range(30, 40))
