import pytest

import ganaug


@pytest.fixture
def model(models):
    return models / "images.safetensors"


def test_writes_a_pool(ok, model, elsewhere):
    out, err = ok("pool", model, "--n", 5, "--out", "cells.pool", "--seed", 3)
    assert "making 15 samples" in err
    assert "Wrote 15 samples to cells.pool" in out
    assert "SyntheticMix(dataset, 'cells.pool')" in out
    pool = ganaug.Pool(elsewhere / "cells.pool")
    assert pool.counts == {"cat": 5, "dog": 5, "teardrop": 5}
    assert pool.checkpoint_sha256 == ok("info", model, "--json")[0]["sha256"]
    assert pool.seed == 3


def test_some_classes_and_json(ok, model):
    said, err = ok("pool", model, "-c", "dog", "-c", "cat", "-n", 2, "-o", "p", "--json", "--quiet")
    assert err == ""
    assert said["counts"] == {"cat": 2, "dog": 2}
    assert said["sha256"] == ganaug.Pool("p").sha256


def test_same_seed_same_bytes(ok, model, tree, elsewhere):
    for name in "ab":
        ok("pool", model, "-n", 3, "-o", name)
    files = tree(elsewhere)
    assert files["a"] == files["b"]


def test_info_shows_it(ok, model):
    ok("pool", model, "-n", 3, "-o", "p")
    out, _ = ok("info", "p")
    assert "pool of 9 images of 8 × 8 × 1" in out
    assert "cat (3), dog (3), teardrop (3)" in out
    assert ok("info", "p", "--json")[0]["seed"] == 0


def test_replaces_only_when_asked(ok, fails, model, elsewhere):
    (elsewhere / "p").write_text("mine")
    fails(1, "pool", model, "-o", "p", says="exists already")
    ok("pool", model, "-n", 1, "-o", "p", "--overwrite")
    assert len(ganaug.Pool("p")) == 3


def test_what_cannot_be_done(fails, models, model):
    fails(2, "pool", "nothing", "-o", "p", says="there is no file nothing")
    fails(2, "pool", model, "-o", "p", "-c", "owl", "-q", says="no class 'owl'")
    fails(2, "pool", model, "-o", "p", "-n", 0, says="greater than or equal to 1")
    fails(1, "pool", models / "orders.safetensors", "-o", "p", "-q", says="images are needed")
