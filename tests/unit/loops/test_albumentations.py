import importlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

pytest.importorskip("albumentations")

from ganaug import ConfigError, SchemaError
from ganaug.loops.albumentations import A, GANReplace

IMAGE = np.zeros((8, 8, 3), np.uint8)


def class_of(image):
    return (int(image.mean()) - 20) // 20


@pytest.fixture
def path(pool):
    return str(pool.path)


@pytest.mark.parametrize("label", [0, 1, 2, np.int64(1), torch.tensor(2)])
def test_replaces_by_the_same_class(path, label):
    out = A.Compose([GANReplace(path, p=1.0), A.HorizontalFlip()])(image=IMAGE, label=label)
    assert out["label"] is label
    assert class_of(out["image"]) == label
    assert (out["image"].dtype, out["image"].shape) == (np.uint8, (8, 8, 3))
    assert IMAGE.max() == 0


def test_floats_and_gray(path, make_pool, tmp_path):
    out = GANReplace(path, p=1.0)(image=IMAGE.astype(np.float32), label=2)["image"]
    assert out.dtype == np.float32
    assert class_of(out * 255 + 0.01) == 2
    gray = GANReplace(str(make_pool(tmp_path / "p", shape=(1, 8, 8)).path), p=1.0)
    assert gray(image=IMAGE[..., 0], label=1)["image"].shape == (8, 8)
    assert gray(image=IMAGE[..., :1], label=1)["image"].shape == (8, 8, 1)
    assert gray(image=IMAGE, label=1)["image"].shape == (8, 8, 3)


def test_p_and_classes(path):
    replace = GANReplace(path, classes=[1, 2], p=0.25)
    changed = [replace(image=IMAGE, label=1)["image"].max() > 0 for _ in range(800)]
    assert 0.2 < np.mean(changed) < 0.3
    assert not any(replace(image=IMAGE, label=0)["image"].max() for _ in range(20))
    assert GANReplace(path, p=0.0)(image=IMAGE, label=1)["image"] is IMAGE


def test_names(named_pool):
    replace = GANReplace(str(named_pool.path), names=["owl", "cat", "dog"], p=1.0)
    assert [class_of(replace(image=IMAGE, label=k)["image"]) for k in range(3)] == [2, 0, 1]
    plain = GANReplace(str(named_pool.path), p=1.0)
    assert class_of(plain(image=IMAGE, label="dog")["image"]) == 1
    assert plain(image=IMAGE, label="bee")["image"].max() == 0
    with pytest.raises(SchemaError, match="names=dataset.classes"):
        plain(image=IMAGE, label=1)


def test_draws_are_torch_s(path):
    replace, made = GANReplace(path, p=0.5), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        replace.set_random_seed(0)
        made.append([replace(image=IMAGE, label=2)["image"].mean() for _ in range(30)])
    assert made[0] == made[1] != made[2]


class Items(Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 24

    def __getitem__(self, i):
        return self.transform(image=IMAGE, label=2)["image"].mean()


def test_forked_workers_and_epochs_differ(path):
    loader = DataLoader(Items(A.Compose([GANReplace(path, p=0.9)])), 12, num_workers=2, multiprocessing_context="fork")
    batches = [tuple(batch.tolist()) for _ in range(2) for batch in loader]
    assert len(set(batches)) == 4


class TestSerialisation:
    def same(self, one, two):
        made = []
        for transform in (one, two):
            torch.manual_seed(0)
            made.append([transform(image=IMAGE, label=k % 3)["image"] for k in range(12)])
        assert np.array_equal(*made)

    def test_dict(self, path):
        transform = GANReplace(path, classes=[0, 2], n_per_class=7, p=0.7)
        said = A.to_dict(transform)
        again = A.from_dict(said)
        assert said["transform"]["__class_fullname__"] == "ganaug.loops.albumentations.GANReplace"
        assert (again.source, again.classes, again.n_per_class, again.p) == (path, [0, 2], 7, 0.7)
        assert A.to_dict(again) == said
        self.same(transform, again)

    @pytest.mark.parametrize("form", ["json", "yaml"])
    def test_file(self, named_pool, tmp_path, form):
        transform = A.Compose([GANReplace(str(named_pool.path), names=["owl", "cat", "dog"], p=0.7)])
        A.save(transform, tmp_path / "t", data_format=form)
        self.same(transform, A.load(tmp_path / "t", data_format=form))

    def test_model_by_path(self, gan, tmp_path):
        gan.save(tmp_path / "gan")
        transform = GANReplace(str(tmp_path / "gan"), n_per_class=4, p=1.0)
        self.same(transform, A.from_dict(A.to_dict(transform)))

    def test_replay(self, path):
        compose = A.ReplayCompose([GANReplace(path, p=0.5), A.HorizontalFlip()])
        applied = []
        for _ in range(12):
            out = compose(image=IMAGE, label=1)
            again = A.ReplayCompose.replay(out["replay"], image=IMAGE, label=1)
            assert np.array_equal(again["image"], out["image"])
            applied.append(out["replay"]["transforms"][0]["applied"])
        assert 0 < sum(applied) < 12

    def test_repr(self, path):
        assert path in repr(GANReplace(path))


class TestRefused:
    @pytest.mark.parametrize(
        "placed",
        [
            {"mask": np.zeros((8, 8), np.uint8)},
            {"masks": [np.zeros((8, 8), np.uint8)]},
            {"bboxes": np.array([[0.1, 0.1, 0.5, 0.5]])},
            {"keypoints": np.array([[1.0, 2.0]])},
        ],
        ids=lambda placed: next(iter(placed)),
    )
    def test_what_belongs_to_the_contents(self, path, placed):
        name = next(iter(placed))
        params = {
            "bboxes": {"bbox_params": A.BboxParams(format="albumentations", label_fields=[])},
            "keypoints": {"keypoint_params": A.KeypointParams(format="xy")},
        }
        compose = A.Compose([GANReplace(path, p=1.0), A.HorizontalFlip()], **params.get(name, {}))
        with pytest.raises(SchemaError, match=f"cannot take the place of one with {name}"):
            compose(image=IMAGE, label=0, **placed)

    def test_no_label(self, path):
        with pytest.raises(ValueError, match="label"):
            GANReplace(path, p=1.0)(image=IMAGE)

    def test_other_size(self, path):
        with pytest.raises(SchemaError, match="images are 9 × 9, the model's 8 × 8"):
            GANReplace(path, p=1.0)(image=np.zeros((9, 9, 3), np.uint8), label=0)

    def test_settings(self, path, pool):
        with pytest.raises(SchemaError, match="no class 5"):
            GANReplace(path, classes=[5])
        with pytest.raises((ConfigError, ValueError)):
            GANReplace(pool)


def test_importing_it_asks_no_server():
    code = (
        "import urllib.request as u\n"
        "asked = []\n"
        "u.OpenerDirector.open = lambda self, url, *a, **k: asked.append(url) or 1 / 0\n"
        "import ganaug.loops.albumentations\n"
        "assert not asked"
    )
    environment = {name: text for name, text in os.environ.items() if name != "NO_ALBUMENTATIONS_UPDATE"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_who_wants_the_server_asked_is_heard(monkeypatch):
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "0")
    importlib.reload(sys.modules["ganaug.loops.albumentations"])
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "0"
    monkeypatch.delenv("NO_ALBUMENTATIONS_UPDATE")
    importlib.reload(sys.modules["ganaug.loops.albumentations"])
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "1"
