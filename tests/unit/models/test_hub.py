"""A stand-in takes the hub's place: a folder, and the three calls that ganaug makes."""

import os
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import ganaug
from ganaug.core import checkpoint
from ganaug.core.errors import CheckpointError, MissingExtraError, PluginNotFoundError
from ganaug.core.registry import register, unregister
from ganaug.models.hub import push_to_hub


@pytest.fixture
def gan():
    X = np.random.default_rng(0).normal(size=(40, 2))
    return ganaug.train(X, np.repeat(["usual", "rare"], [30, 10]), max_steps=2, random_state=0)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    store = tmp_path / "hub"

    class HfApi:
        def create_repo(self, *, repo_id, private, exist_ok):
            (store / repo_id).mkdir(parents=True, exist_ok=exist_ok)
            (store / repo_id / ".private").write_text(str(private))

        def upload_folder(self, *, repo_id, folder_path, commit_message):
            shutil.copytree(folder_path, store / repo_id, dirs_exist_ok=True)

    def hf_hub_download(*, repo_id, filename, revision):
        found = store / repo_id / (revision or "") / filename
        if not found.exists():
            raise OSError(f"404: {repo_id} is not there\nRequest ID: 1")
        return str(found)

    module = types.SimpleNamespace(HfApi=HfApi, hf_hub_download=hf_hub_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    return store


def test_a_model_goes_to_the_hub_and_comes_back(gan, hub):
    address = push_to_hub(gan, "me/cells")
    assert address == "hf://me/cells" and (hub / "me/cells/.private").read_text() == "True"
    again = ganaug.load(address)
    assert (again.sample(5, label="rare", random_state=0) == gan.sample(5, label="rare", random_state=0)).all()
    assert checkpoint.read_header(Path(address))["sha256"] == again.sha256  # Path makes hf:/me/cells of it


def test_the_card_says_what_is_known_and_what_is_not(gan, hub):
    evaluation = types.SimpleNamespace(verdicts={"utility": "doubtful: no measurable difference"})
    push_to_hub(gan, "me/cells", evaluation=evaluation)
    card = (hub / "me/cells/README.md").read_text(encoding="utf-8")
    assert "| rare | 10 |" in card and "licence: not said" in card and "no measurable difference" in card
    assert "It was not evaluated." not in card
    blocks = card.split("```python\n")[1].split("```")[0]
    exec(blocks, {})  # what the card tells to do works


def test_a_revision_can_be_asked_for(gan, hub):
    push_to_hub(gan, "me/cells")
    shutil.copytree(hub / "me/cells", hub / "me/cells/v1")
    assert ganaug.load("hf://me/cells@v1").step == gan.step


def test_what_the_hub_lacks_is_said_in_a_line(hub):
    with pytest.raises(CheckpointError, match="cannot fetch hf://me/nothing: 404: me/nothing is not there$"):
        ganaug.load("hf://me/nothing")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"ganaug\[hub\]"):
        ganaug.load("hf://me/cells")


def test_a_name_is_looked_up_and_a_file_comes_first(gan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gan.save("kept.safetensors")
    register("checkpoints", "shelf", lambda item: tmp_path / f"{item}.safetensors")
    try:
        assert ganaug.load("shelf:kept").step == gan.step
        X, y = np.random.default_rng(1).normal(size=(40, 2)), np.repeat([0, 1], [30, 10])
        sampler = ganaug.GANOverSampler(pretrained="shelf:kept", max_steps=2, random_state=0)
        assert len(sampler.fit_resample(X, y)[0]) == 60
        assert ganaug.finetune("shelf:kept", X, y, max_steps=2, random_state=0).transfer is not None
        if os.name != "nt":  # where a file may be called so
            shutil.copy("kept.safetensors", "shelf:other")
            assert ganaug.load("shelf:other").step == gan.step
    finally:
        unregister("checkpoints", "shelf")
    with pytest.raises(PluginNotFoundError, match="no checkpoint is registered as 'shelf'"):
        ganaug.load("shelf:kept")
    assert checkpoint.locate(r"C:\models\kept.safetensors") == Path(r"C:\models\kept.safetensors")
