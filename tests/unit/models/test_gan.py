import copy
import errno
import os
import pickle
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import ganaug
from ganaug.core import checkpoint
from ganaug.core.classes import Classes
from ganaug.core.config import TrainConfig
from ganaug.core.errors import CheckpointError, ConfigError, OutputError, PluginNotFoundError, SchemaError
from ganaug.data.codec import concatenate
from ganaug.data.kind import fit_codec
from ganaug.models import synthesizer as synthesizer_module
from ganaug.models.gan import ConditionalGAN
from ganaug.training.defaults import resolve

N = 60


def build(X, y, seed=0, **settings):
    """An untrained model; its parts are as they are after training."""
    codec, classes = fit_codec(X), Classes.from_target(np.asarray(y))
    settings = {"width": 8, "latent_dim": 4, "device": "cpu", **settings}
    gan = ConditionalGAN(codec, classes, resolve(TrainConfig(**settings), codec, classes), seed)
    gan.history.append(step=1, d_loss=0.5)
    gan.step = 1
    return gan


def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "n": rng.integers(0, 9, N),
            "kind": pd.Categorical(rng.choice(["a", "b"], N)),
            "level": [f"l{i % 50}" for i in range(N)],
            "when": pd.date_range("2020", periods=N),
            "missing": pd.array([None if i % 3 == 0 else i for i in range(N)], dtype="Int64"),
        }
    )


LABELS = np.array(["common", "rare"])[(np.arange(N) % 5 == 0).astype(int)]


@pytest.fixture(scope="module")
def rows():
    return build(table(), LABELS)


@pytest.fixture(scope="module")
def images():
    X = np.random.default_rng(0).integers(0, 256, (N, 8, 8, 3)).astype(np.uint8)
    return build(X, np.arange(N) % 3, attention=True, spectral_norm=True)


@pytest.fixture(params=["rows", "images"])
def gan(request):
    return request.getfixturevalue(request.param)


def label_of(gan):
    return gan.classes_[-1]


def same(one, other):
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    return one.dtype == other.dtype and np.array_equal(one, other)


def weights(gan):
    return {
        f"{part}.{name}": tensor
        for part in ("generator", "discriminator", "generator_ema")
        for name, tensor in getattr(gan, part).state_dict().items()
    }


def test_samples_look_like_the_training_data(rows, images):
    made = rows.sample(20, label="rare", random_state=0)
    assert made.columns.tolist() == table().columns.tolist()
    assert made.dtypes.tolist() == table().dtypes.tolist()
    assert len(made) == 20
    pixels = images.sample(7, label=1, random_state=0)
    assert (pixels.shape, pixels.dtype) == ((7, 8, 8, 3), np.uint8)


def test_one_seed_one_sample(gan):
    label = label_of(gan)
    first = gan.sample(30, label=label, random_state=4)
    assert same(first, gan.sample(30, label=label, random_state=4))
    assert same(first, gan.sample(30, label=label, random_state=np.int64(4)))
    for other in (
        gan.sample(30, label=label, random_state=5),
        gan.sample(30, label=gan.classes_[0], random_state=4),
        gan.sample(30, label=label),
    ):
        assert not same(first, other)


def test_truncation_makes_samples_more_alike_and_none_changes_nothing(images):
    def spread(threshold):
        made = images.sample(200, label=1, truncation=threshold, random_state=0)
        return made.astype(float).std(axis=0).mean()

    assert same(images.sample(9, label=1, truncation=None, random_state=0), images.sample(9, label=1, random_state=0))
    spreads = [spread(threshold) for threshold in (None, 2, 1, 0.5, 0.01)]
    assert spreads == sorted(spreads, reverse=True) and spreads[-1] < spreads[0] / 5
    chunks = list(images.sample_iter(30, label=1, truncation=1, random_state=3))
    assert same(concatenate(chunks), images.sample(30, label=1, truncation=np.float32(1), random_state=3))


def test_truncation_leaves_the_noise_of_categories_alone(rows, monkeypatch):
    seen = []
    monkeypatch.setattr(rows.generator_ema, "forward", lambda z, c: seen.append(z) or torch.zeros(len(z), 57))
    for threshold in (None, 0.5):
        rows.encoded(np.zeros(100, dtype=np.int64), np.random.default_rng(0), threshold)
    whole, cut = seen
    dim = rows.config.latent_dim
    assert torch.equal(cut[:, dim:], whole[:, dim:]) and whole.shape[1] > dim
    assert cut[:, :dim].abs().max() <= 0.5 < whole[:, :dim].abs().max()
    assert torch.equal(cut[:, :dim].argsort(0), whole[:, :dim].argsort(0))


@pytest.mark.parametrize("threshold", [0, -1, np.nan, np.inf, "2"])
def test_a_threshold_must_be_positive(gan, threshold):
    with pytest.raises(ConfigError, match="truncation must be a positive number, or None; got"):
        gan.sample(2, label=label_of(gan), truncation=threshold)


def test_generators_of_numpy_move_on(gan):
    rng = np.random.default_rng(0)
    one, two = (gan.sample(10, label=label_of(gan), random_state=rng) for _ in range(2))
    assert not same(one, two)
    assert same(one, gan.sample(10, label=label_of(gan), random_state=np.random.default_rng(0)))


@pytest.mark.parametrize("chunk", [1, 7, 30, 100])
def test_chunks_make_up_the_sample(gan, chunk, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_SAMPLES", chunk)
    parts = list(gan.sample_iter(30, label=label_of(gan), random_state=1))
    assert len(parts) == -(-30 // chunk)
    assert max(len(part) for part in parts) <= chunk
    assert same(concatenate(parts), gan.sample(30, label=label_of(gan), random_state=1))


def test_large_samples_of_wide_data_are_cut_into_chunks(gan, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_NUMBERS", 10 * int(np.prod(gan.codec.sample_shape)))
    sizes = [len(part) for part in gan.sample_iter(25, label=label_of(gan), random_state=1)]
    assert sizes == [10, 10, 5]


def test_more_samples_than_fit_into_memory_can_be_begun(rows, monkeypatch):
    monkeypatch.setattr(synthesizer_module, "_CHUNK_SAMPLES", 10)
    assert len(next(rows.sample_iter(10**13, label="rare", random_state=0))) == 10


def test_a_class_for_each_sample(gan):
    wanted = np.resize(gan.classes_, 11)
    first = gan.sample(labels=wanted, random_state=0)
    assert len(first) == 11
    assert same(first, gan.sample(labels=wanted.tolist(), random_state=0))
    assert same(first, gan.sample(labels=iter(wanted), random_state=0))
    alike = gan.sample(labels=[label_of(gan)] * 11, random_state=0)
    assert same(alike, gan.sample(11, label=label_of(gan), random_state=0))
    own = np.flatnonzero(wanted == label_of(gan))
    assert not same(first, alike)
    if not isinstance(first, pd.DataFrame):
        assert np.array_equal(first[own], alike[own])


def test_a_model_of_one_class_needs_no_label():
    gan = build(np.random.default_rng(0).normal(size=(20, 2)), ["only"] * 20)
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


def test_global_randomness_is_left_alone(tmp_path):
    def states():
        numpy = np.random.get_state()
        return torch.get_rng_state().tolist(), numpy[1].tolist(), numpy[2], random.getstate()

    before = states()
    gan = build(table(), LABELS)
    gan.sample(5, label="rare", random_state=0)
    gan.sample(5, label="rare")
    gan.save(tmp_path / "gan")
    ganaug.load(tmp_path / "gan").sample(5, label="rare", random_state=0)
    assert states() == before


def test_the_seed_decides_the_weights():
    X = table()
    one, again, other = build(X, LABELS, seed=1), build(X, LABELS, seed=1), build(X, LABELS, seed=2)
    assert all(torch.equal(tensor, weights(again)[name]) for name, tensor in weights(one).items())
    made = [gan.sample(5, label="rare", random_state=0) for gan in (one, again, other)]
    assert made[0].equals(made[1])
    assert not made[0].equals(made[2])


def test_sampling_leaves_the_model_as_it_was(gan):
    before = {name: tensor.clone() for name, tensor in weights(gan).items()}
    gan.sample(10, label=label_of(gan), random_state=0)
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(gan).items())


@pytest.mark.parametrize("copier", [lambda gan: pickle.loads(pickle.dumps(gan)), copy.deepcopy])
def test_copies_give_the_same_samples(gan, copier):
    twin = copier(gan)
    assert repr(twin) == repr(gan)
    assert twin.history.to_dict() == gan.history.to_dict()
    assert weights(twin).keys() == weights(gan).keys()
    assert all(torch.equal(tensor, weights(twin)[name]) for name, tensor in weights(gan).items())
    assert same(*(g.sample(9, label=label_of(gan), random_state=0) for g in (gan, twin)))
    with torch.no_grad():
        for parameter in twin.generator_ema.parameters():
            parameter.zero_()
    assert not same(*(g.sample(9, label=label_of(gan), random_state=0) for g in (gan, twin)))


def test_repr_says_what_it_makes(rows, images):
    columns = "table of 6 columns (3 numeric, 2 category, 1 datetime)"
    assert repr(rows) == f"ConditionalGAN({columns}; classes {{common: 48, rare: 12}}; 1 steps)"
    assert repr(images) == "ConditionalGAN(images of 8 × 8, RGB, uint8; classes {0: 20, 1: 20, 2: 20}; 1 steps)"


@pytest.fixture
def saved(gan, tmp_path):
    gan.save(tmp_path / "gan.safetensors")
    return tmp_path / "gan.safetensors"


def test_a_loaded_model_is_the_saved_one(gan, saved):
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


def test_categories_that_json_cannot_hold_are_refused_before_writing(tmp_path):
    frame = pd.DataFrame({"bin": pd.cut(np.arange(20.0), 3), "x": np.arange(20.0)})
    gan = build(frame, [0, 1] * 10)
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
