"""How a trained model is copied, saved and loaded."""

import copy
import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import ganaug
from ganaug.core import checkpoint
from ganaug.core.errors import CheckpointError, OutputError, PluginNotFoundError, SchemaError


def weights(gan):
    return {
        f"{part}.{name}": tensor
        for part in ("generator", "discriminator", "generator_ema")
        for name, tensor in getattr(gan, part).state_dict().items()
    }


@pytest.mark.parametrize("copier", [lambda gan: pickle.loads(pickle.dumps(gan)), copy.deepcopy])
def test_copies_give_the_same_samples(gan, copier, same):
    twin = copier(gan)
    assert repr(twin) == repr(gan)
    assert twin.history.to_dict() == gan.history.to_dict()
    assert weights(twin).keys() == weights(gan).keys()
    assert all(torch.equal(tensor, weights(twin)[name]) for name, tensor in weights(gan).items())
    assert same(*(g.sample(9, label=gan.classes_[-1], random_state=0) for g in (gan, twin)))
    with torch.no_grad():
        for parameter in twin.generator_ema.parameters():
            parameter.zero_()
    assert not same(*(g.sample(9, label=gan.classes_[-1], random_state=0) for g in (gan, twin)))


@pytest.fixture
def saved(gan, tmp_path):
    gan.save(tmp_path / "gan.safetensors")
    return tmp_path / "gan.safetensors"


def test_a_loaded_model_is_the_saved_one(gan, saved, same):
    loaded = ganaug.load(str(saved))
    for label in gan.classes_:
        assert same(*(g.sample(12, label=label, random_state=0) for g in (gan, loaded)))
    assert weights(loaded).keys() == weights(gan).keys()
    assert all(torch.equal(tensor, weights(loaded)[name]) for name, tensor in weights(gan).items())
    assert loaded.config == gan.config
    assert loaded.codec.schema == gan.codec.schema
    assert loaded.classes_.tolist() == gan.classes_.tolist()
    assert loaded.classes_.dtype == gan.classes_.dtype
    assert loaded.history.to_dict() == gan.history.to_dict()
    assert loaded.step == gan.step
    assert repr(loaded) == repr(gan)


def test_a_loaded_model_can_be_trained_on(saved):
    loaded = ganaug.load(saved)
    assert all(parameter.requires_grad for parameter in loaded.generator.parameters())
    assert all(parameter.requires_grad for parameter in loaded.discriminator.parameters())
    assert not any(parameter.requires_grad for parameter in loaded.generator_ema.parameters())
    assert not loaded.generator_ema.training


def test_a_loaded_model_saves_to_the_same_bytes(saved, tmp_path):
    ganaug.load(saved).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_save_returns_the_digest_in_the_header(gan, tmp_path):
    digest = gan.save(tmp_path / "deep" / "er" / "gan")
    assert checkpoint.read_header(tmp_path / "deep" / "er" / "gan")["sha256"] == digest


def test_save_does_not_replace_a_file_unasked(gan, tmp_path):
    path = tmp_path / "gan"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        gan.save(path)
    assert path.read_bytes() == b"precious"
    gan.save(path, overwrite=True)
    assert repr(ganaug.load(path)) == repr(gan)


def test_a_save_that_runs_out_of_space_leaves_the_old_model(gan, saved, monkeypatch):
    before = saved.read_bytes()

    def half(self, content):
        with open(self, "wb") as handle:
            handle.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        with pytest.raises(OutputError, match="No space left on device"):
            gan.save(saved, overwrite=True)
        with pytest.raises(OutputError, match="No space left on device"):
            gan.save(saved.with_name("new"))
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_categories_that_json_cannot_hold_are_refused_before_writing(tmp_path, untrained):
    frame = pd.DataFrame({"bin": pd.cut(np.arange(20.0), 3), "x": np.arange(20.0)})
    gan = untrained(frame, [0, 1] * 10)
    assert set(gan.sample(20, label=0, random_state=0)["bin"]) <= set(frame["bin"])
    with pytest.raises(SchemaError, match="column 'bin' has values of type Interval"):
        gan.save(tmp_path / "gan")
    assert list(tmp_path.iterdir()) == []


def rewritten(saved, path, *, drop=(), **changes):
    """The same checkpoint, validly signed, with other header entries or arrays."""
    header, arrays = checkpoint.read(saved)
    arrays = {**arrays, **changes.pop("arrays", {})}
    header = {name: value for name, value in {**header, **changes}.items() if name not in drop}
    arrays = {name: array for name, array in arrays.items() if name not in drop}
    checkpoint.write(path, header, arrays, overwrite=False)
    return path


def test_every_weight_that_does_not_fit_is_named(rows, tmp_path):
    rows.save(tmp_path / "gan")
    path = rewritten(
        tmp_path / "gan",
        tmp_path / "other",
        drop=["generator.body.0.bias"],
        arrays={"generator.extra": np.zeros(2), "discriminator.head.linear.weight": np.zeros((1, 9), dtype=np.float32)},
    )
    with pytest.raises(CheckpointError) as caught:
        ganaug.load(path)
    assert "missing generator.body.0.bias" in str(caught.value)
    assert "unexpected generator.extra" in str(caught.value)
    assert "discriminator.head.linear.weight is (1, 9), expected (1, 8)" in str(caught.value)


@pytest.mark.parametrize("name", ["schema", "codec", "classes", "config", "step", "history"])
def test_header_without_an_entry(rows, tmp_path, name):
    rows.save(tmp_path / "gan")
    with pytest.raises(CheckpointError, match=f"does not describe a model .*{name}"):
        ganaug.load(rewritten(tmp_path / "gan", tmp_path / "other", drop=[name]))


def test_header_with_a_setting_of_another_version(rows, tmp_path):
    rows.save(tmp_path / "gan")
    config = {**rows.config.model_dump(), "new_setting": 1}
    with pytest.raises(CheckpointError, match="unknown setting 'new_setting'"):
        ganaug.load(rewritten(tmp_path / "gan", tmp_path / "other", config=config))


def test_model_of_a_plugin_that_is_not_installed(rows, tmp_path):
    rows.save(tmp_path / "gan")
    config = {**rows.config.model_dump(), "network": "transformer"}
    with pytest.raises(PluginNotFoundError, match="no network is registered as 'transformer'"):
        ganaug.load(rewritten(tmp_path / "gan", tmp_path / "other", config=config))
