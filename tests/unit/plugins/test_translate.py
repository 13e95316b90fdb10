"""The fast part of the tests of plugins/ganaug-translate: every door once."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import ganaug
from ganaug.cli.app import run

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(autouse=True)
def translate(plugged_in, monkeypatch):
    with plugged_in("ganaug-translate"):
        import ganaug_translate.source

        monkeypatch.setattr(ganaug_translate.source, "STEPS", 2)
        yield ganaug_translate


@pytest.fixture
def digits():
    found = load_digits()
    chosen = np.r_[np.flatnonzero(found.target == 5)[:20], np.flatnonzero(found.target == 6)[:8]]
    return (found.images[chosen] * 15).astype(np.uint8), found.target[chosen]


def test_a_translator_is_trained_saved_loaded_and_sampled(translate, digits, tmp_path):
    X, y = digits
    translator = translate.train_translator(X, y, source=5, target=6, max_steps=2, random_state=0)
    translator.save(tmp_path / "t.safetensors")
    loaded = ganaug.load(tmp_path / "t.safetensors")
    assert np.array_equal(loaded.apply(X[:3]), translator.apply(X[:3]))
    assert translator.sample(4, label=6, random_state=0).shape == (4, 8, 8)


def test_translations_are_a_source(digits):
    sampler = ganaug.GANOverSampler(sources={"translate:5": 0.5, "deformation": 0.5}, random_state=0)
    X_new, y_new = sampler.fit_resample(*digits)
    assert X_new.shape == (40, 8, 8) and (y_new == 6).sum() == 20


def test_the_commands(translate, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i, (image, label) in enumerate(zip(*digits, strict=True)):
        (tmp_path / "cells" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "cells" / str(label) / f"{i}.png")
    few = ["--max-steps", "2", "--quiet"]
    assert run(["translate", "cells", "--from", "5", "--to", "6", "--out", "made", *few]) == 0
    assert len(list((tmp_path / "made" / "6").glob("*.png"))) == 20
    assert run(["restore", "cells", "--task", "denoise", "--out", "clean", *few]) == 0
    assert len(list((tmp_path / "clean").rglob("*.png"))) == 28
