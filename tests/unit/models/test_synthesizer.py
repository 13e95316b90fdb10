import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.core.errors import CheckpointError, ConfigError, SchemaError
from ganaug.data.codec import concatenate
from ganaug.models import synthesizer as synthesizer_module


@pytest.mark.parametrize("threshold", [0, -1, np.nan, np.inf, "2"])
def test_a_threshold_must_be_positive(gan, threshold):
    with pytest.raises(ConfigError, match="truncation must be a positive number, or None; got"):
        gan.sample(2, label=gan.classes_[-1], truncation=threshold)


def test_generators_of_numpy_move_on(gan, same):
    rng = np.random.default_rng(0)
    one, two = (gan.sample(10, label=gan.classes_[-1], random_state=rng) for _ in range(2))
    assert not same(one, two)
    assert same(one, gan.sample(10, label=gan.classes_[-1], random_state=np.random.default_rng(0)))


@pytest.mark.parametrize("chunk", [1, 7, 30, 100])
def test_chunks_make_up_the_sample(gan, chunk, monkeypatch, same):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_SAMPLES", chunk)
    parts = list(gan.sample_iter(30, label=gan.classes_[-1], random_state=1))
    assert len(parts) == -(-30 // chunk)
    assert max(len(part) for part in parts) <= chunk
    assert same(concatenate(parts), gan.sample(30, label=gan.classes_[-1], random_state=1))


def test_large_samples_of_wide_data_are_cut_into_chunks(gan, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_NUMBERS", 10 * int(np.prod(gan.codec.sample_shape)))
    sizes = [len(part) for part in gan.sample_iter(25, label=gan.classes_[-1], random_state=1)]
    assert sizes == [10, 10, 5]


def test_more_samples_than_fit_into_memory_can_be_begun(rows, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_SAMPLES", 10)
    assert len(next(rows.sample_iter(10**13, label="rare", random_state=0))) == 10


def test_a_class_for_each_sample(gan, same):
    wanted = np.resize(gan.classes_, 11)
    first = gan.sample(labels=wanted, random_state=0)
    assert len(first) == 11
    assert same(first, gan.sample(labels=wanted.tolist(), random_state=0))
    assert same(first, gan.sample(labels=iter(wanted), random_state=0))
    alike = gan.sample(labels=[gan.classes_[-1]] * 11, random_state=0)
    assert same(alike, gan.sample(11, label=gan.classes_[-1], random_state=0))
    own = np.flatnonzero(wanted == gan.classes_[-1])
    assert not same(first, alike)
    if not isinstance(first, pd.DataFrame):
        assert np.array_equal(first[own], alike[own])


def test_a_model_of_one_class_needs_no_label(untrained, same):
    gan = untrained(np.random.default_rng(0).normal(size=(20, 2)), ["only"] * 20)
    assert same(gan.sample(5, random_state=0), gan.sample(5, label="only", random_state=0))


BAD_REQUESTS = [
    ({"n": 0, "label": "rare"}, ConfigError, "n must be a positive integer; got 0"),
    ({"n": -1, "label": "rare"}, ConfigError, "got -1"),
    ({"n": 2.0, "label": "rare"}, ConfigError, "got 2.0"),
    ({"n": True, "label": "rare"}, ConfigError, "got True"),
    ({"n": None, "label": "rare"}, ConfigError, "got None"),
    ({"n": 3}, ConfigError, r"say which class: label= one of \['common', 'rare'\]"),
    ({"n": 3, "labels": ["rare"]}, ConfigError, "got both"),
    ({"label": "rare", "labels": ["rare"]}, ConfigError, "got both"),
    ({"labels": []}, ConfigError, "labels is empty"),
    ({"n": 3, "label": "rar"}, SchemaError, "no class 'rar'; did you mean 'rare'"),
    ({"labels": ["rare", "odd"]}, SchemaError, "no class 'odd'"),
    ({"n": 3, "label": ["rare"]}, SchemaError, "no class"),
    ({"n": 3, "label": "rare", "random_state": "x"}, ConfigError, "random_state"),
]


@pytest.mark.parametrize(("request_", "error", "message"), BAD_REQUESTS)
def test_what_cannot_be_asked_for(rows, request_, error, message):
    with pytest.raises(error, match=message):
        rows.sample(**request_)
    with pytest.raises(error, match=message):
        rows.sample_iter(**request_)  # at once, not at the first chunk


@pytest.mark.parametrize("share", [0, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.99999])
def test_truncated_model(rows, tmp_path, share):
    path = tmp_path / "gan"
    rows.save(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(CheckpointError):
        ganaug.load(path)


@pytest.mark.parametrize("position", range(40))
def test_model_with_a_flipped_bit(rows, tmp_path, position):
    path = tmp_path / "gan"
    rows.save(path)
    raw = bytearray(path.read_bytes())
    bit = (0, 1, 2, 3, 4, 6, 7)[position % 7]  # bit 5 makes 1E-5 of 1e-5, which is the same
    raw[position * (len(raw) - 1) // 39] ^= 1 << bit
    path.write_bytes(raw)
    with pytest.raises(CheckpointError):
        ganaug.load(path)


def test_missing_model(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        ganaug.load(tmp_path / "nothing.safetensors")
