import json
import warnings

import ganaug
import numpy as np
import pandas as pd
import pytest
import torch
from ganaug.cli.app import app
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.data.encoded import encode
from ganaug.data.kind import kind_named, kind_of
from ganaug.data.readers import read
from ganaug.oversampling.sampler import NoGainWarning, SmallClassWarning
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from ganaug_series.alignment import align, resample
from ganaug_series.codec import SeriesCodec
from ganaug_series.rocket import MiniRocket, RocketClassifier

QUICK = {"config": {"max_steps": 3}}


def waves(n, channels=2, timepoints=40, seed=0, rate=1.0):
    """Sines of random phase; series ``(n, channels, timepoints)``."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (n, channels, 1))
    return np.sin(np.arange(timepoints) * rate / 4 + phase) * 3 + 5 + rng.normal(0, 0.1, (n, channels, timepoints))


@pytest.fixture(scope="module")
def data():
    X = np.concatenate([waves(60), waves(20, seed=1, rate=2.5)])
    return X, np.repeat(["usual", "rare"], [60, 20])


def cut(X, seed=0):
    rng = np.random.default_rng(seed)
    return [one[:, : rng.integers(20, 41)] for one in X]


# --- encoding


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_arrays_come_back_as_they_were(dtype):
    X = (waves(10) * 10).astype(dtype)
    codec = SeriesCodec.fit(X)
    again = codec.decode(codec.encode(X), None)
    assert again.dtype == dtype and again.shape == X.shape
    np.testing.assert_allclose(again, X, rtol=1e-5)
    assert abs(codec.encode(X).mean()) < 1e-5 and abs(codec.encode(X).std() - 1) < 1e-5


def test_lists_of_unequal_lengths_come_back_as_they_were():
    X = cut(waves(30))
    codec = SeriesCodec.fit(X)
    assert codec.sample_shape == (3, max(one.shape[1] for one in X))
    for one, again in zip(X, codec.decode(codec.encode(X), None), strict=True):
        np.testing.assert_allclose(again, one, rtol=1e-5)
    loaded = SeriesCodec.from_json(codec.schema.model_dump(), json.loads(json.dumps(codec.to_json())))
    np.testing.assert_array_equal(loaded.encode(X), codec.encode(X))


def test_rows_and_frames_are_series_if_one_says_so():
    X = waves(10, channels=1)[:, 0]
    for rows in (X, pd.DataFrame(X, columns=[f"t{i}" for i in range(40)]), list(X)):
        codec = kind_named("series").codec.fit(rows)
        again = codec.decode(codec.encode(rows), None)
        assert type(again) is type(rows)
        np.testing.assert_allclose(np.asarray(again), np.asarray(rows), rtol=1e-5)
        assert codec.sample_shape == (1, 40)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.full((3, 1, 20), np.nan), "3 series have missing"),
        (np.zeros((3, 1, 4)), "longest series has 4 time points"),
        ([np.zeros((2, 20)), np.zeros((1, 20))], "all of the same channels"),
        (np.array([["a"] * 20]), "must be numbers"),
        (np.zeros((2, 3, 4, 20)), "got shape"),
        ([[1.0] * 9, [1.0] * 10], "must be a list of arrays"),
    ],
)
def test_what_is_no_series_is_refused(X, said):
    with pytest.raises(SchemaError, match=said):
        SeriesCodec.fit(X)


def test_other_series_are_refused():
    codec = SeriesCodec.fit(waves(5))
    for X in (waves(5, channels=3), waves(5, timepoints=41)):
        with pytest.raises(SchemaError, match="expected series of 2 channels and 40 time points"):
            codec.encode(X)


def test_float_arrays_of_three_axes_are_series_and_images_stay_images():
    assert kind_of(waves(3)).name == "series"
    assert kind_of(np.zeros((3, 28, 28))).name == "image"
    assert kind_of(np.zeros((3, 28, 28), np.uint8)).name == "image"


# --- alignment


def slow_dtw(a, b):
    t = a.shape[1]
    cost = np.full((t + 1, t + 1), np.inf)
    cost[0, 0] = 0
    for i in range(t):
        for j in range(t):
            if abs(i - j) <= max(2, 0.15 * t):
                step = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
                cost[i + 1, j + 1] = ((a[:, i] - b[:, j]) ** 2).sum() + step
    return cost[-1, -1]


def test_paths_are_the_best_there_are():
    a, b = waves(6, seed=2).astype(np.float32), waves(6, seed=3).astype(np.float32)
    paths = align(a, b)
    for k in range(6):
        i, j = (part[k][: paths.length[k]] for part in (paths.first, paths.second))
        assert (i[0], j[0], i[-1], j[-1]) == (0, 0, 39, 39)
        steps = np.stack([np.diff(i), np.diff(j)])
        assert steps.min() == 0 and steps.max() == 1 and (steps.sum(0) > 0).all()
        assert ((a[k][:, i] - b[k][:, j]) ** 2).sum() == pytest.approx(slow_dtw(a[k], b[k]), rel=1e-4)


def test_resampling_at_even_times_changes_nothing():
    X = waves(4).astype(np.float32)
    np.testing.assert_allclose(resample(X, np.tile(np.arange(40.0), (4, 1)), 40), X, rtol=1e-6)


# --- sources


@pytest.mark.parametrize("name", ["warp", "guided-warp", "dtw-mix", "dtw-average"])
@pytest.mark.parametrize("listed", [False, True])
def test_sources_make_new_series_of_the_class(data, name, listed):
    X, y = data
    X = cut(X) if listed else X
    sampler = ganaug.GANOverSampler(kind="series", sources={name: 1}, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert len(X_new) == 120 and (y_new[80:] == "rare").all() and type(X_new) is type(X)
    made, own = X_new[80:], [X[i] for i in np.flatnonzero(y == "rare")]
    assert all(np.abs(made[0] - one).max() > 1e-3 for one in own if one.shape == made[0].shape)
    turns = [np.abs(np.diff(np.sign(one[0] - one[0].mean()))).sum() / 2 / one.shape[1] for one in (*made, *own)]
    assert np.mean(turns[:40]) == pytest.approx(np.mean(turns[40:]), rel=0.3)  # they swing as often as the class does
    if listed:
        assert {one.shape[1] for one in made} <= set(range(20, 41))
    again, _ = ganaug.GANOverSampler(kind="series", sources={name: 1}, random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(again[-1], X_new[-1])


def test_a_mix_of_two_shifted_peaks_has_one_peak_between_them():
    peaks = np.stack([np.exp(-((np.arange(60) - at) ** 2) / 8)[None] for at in [26] * 10 + [32] * 10])
    y = np.zeros(40, int)
    y[20:] = 1
    X = np.concatenate([np.random.default_rng(0).normal(size=(20, 1, 60)), peaks])
    sampler = ganaug.GANOverSampler(sampling_strategy={1: 60}, kind="series", sources={"dtw-mix": 1}, random_state=0)
    made = sampler.fit_resample(X, y)[0][40:, 0]
    assert (made.max(1) > 0.8).all()  # a mean point by point would halve them
    assert ((made.argmax(1) >= 25) & (made.argmax(1) <= 33)).all() and len(set(made.argmax(1))) > 3


def test_the_judge_chooses_and_small_classes_are_learnt(data):
    X, y = data
    X, y = np.concatenate([X, waves(2, seed=5, rate=0.4)]), np.r_[y, ["tiny"] * 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error", SmallClassWarning)
        warnings.simplefilter("ignore", NoGainWarning)
        sampler = ganaug.GANOverSampler(kind="series", random_state=0, **QUICK)
        X_new, y_new = sampler.fit_resample(X, y)
    assert {name for trial in sampler.judgement_.trials for name in trial.shares} >= {"gan", "warp", "dtw-mix"}
    assert (y_new == "tiny").sum() == 60 and X_new.shape == (180, 2, 40)


def test_it_stands_in_a_pipeline(data):
    from imblearn.pipeline import make_pipeline

    X, y = data
    sampler = ganaug.GANOverSampler(kind="series", sources={"dtw-mix": 1}, random_state=0)
    model = make_pipeline(sampler, MiniRocketOfArrays((2, 40)), LogisticRegression(max_iter=500))
    assert model.fit(X, y).score(X, y) > 0.9


class MiniRocketOfArrays(MiniRocket):
    def fit(self, X, y=None):
        return super().fit(X.reshape(len(X), -1))


def test_rocket_tells_rates_apart(data):
    X, y = data
    flat = X.reshape(len(X), -1)
    model = RocketClassifier((2, 40)).fit(flat[::2], y[::2])
    assert (model.predict(flat[1::2]) == y[1::2]).mean() > 0.95
    features = model.rocket_.transform(flat)
    assert 0 <= features.min() and features.max() <= 1 and features.shape[1] > 500


# --- the GAN


@pytest.fixture(scope="module")
def gan(data):
    return ganaug.train(*data, max_steps=60, random_state=0)


def test_the_gan_is_trained_saved_and_loaded(gan, tmp_path):
    gan.save(tmp_path / "waves.safetensors")
    made = ganaug.load(tmp_path / "waves.safetensors").sample(5, label="rare", random_state=0)
    np.testing.assert_array_equal(made, gan.sample(5, label="rare", random_state=0))
    assert made.shape == (5, 2, 40) and np.isfinite(made).all() and gan.config.network == "series"


def test_lengths_are_learnt(data):
    X = [one[:, :30] if i % 2 else one for i, one in enumerate(data[0])]
    gan = ganaug.train(X, data[1], kind="series", max_steps=80, random_state=0)
    lengths = [one.shape[1] for one in gan.sample(40, label="usual", random_state=0)]
    assert all(25 <= n <= 40 for n in lengths)


@pytest.mark.parametrize("shape", [(1, 9), (3, 17), (12, 25), (1, 152)])
def test_any_shape_is_learnt(shape):
    X = waves(24, *shape)
    gan = ganaug.train(X, np.arange(24) % 2, kind="series", max_steps=2, random_state=0)
    assert gan.sample(3, label=1, random_state=0).shape == (3, *shape)


def test_a_depth_that_leaves_nothing_is_refused(data):
    with pytest.raises(ConfigError, match="halves series of 40 time points away"):
        ganaug.train(*data, depth=9, max_steps=1)


def test_fine_tuning_keeps_the_classes(gan, data):
    small = ganaug.finetune(gan, data[0][40:], data[1][40:], max_steps=3, random_state=0)
    assert small.transfer.parts["classes"]["kept"] == ["rare", "usual"]


def test_evaluation_asks_all_three_questions(gan, data, tmp_path):
    X, y = waves(40, seed=8), np.repeat(["usual", "rare"], 20)
    X[20:] = waves(20, seed=9, rate=2.5)
    found = ganaug.evaluate(gan, X, y, *data, repeats=1, random_state=0)
    assert {"autocorrelation", "power spectrum", "C2ST AUC"} <= set(found.to_frame()["metric"])
    assert set(found) == {"fidelity", "utility", "privacy"}
    real = found["fidelity"]["autocorrelation"]
    assert real.real < real.value  # sixty steps: real training series are nearer
    page = found.report(tmp_path / "report.html").read_text()
    assert "Real training series beside" in page and "synthetic series of class rare" in page


# --- loops


def test_pools_feed_loaders_of_tensors(gan, data, tmp_path):
    from torch.utils.data import DataLoader, TensorDataset

    X, y = data
    pool = ganaug.make_pool(gan, 7, tmp_path / "waves.pool", random_state=0)
    assert pool.shape == (2, 40) and pool.stored == "float32" and "arrays of shape (2, 40)" in pool.lines()[0]
    pool.verify()
    items = ganaug.PoolDataset(pool)
    assert items[0][0].dtype == torch.float32 and items[0][0].shape == (2, 40)
    assert torch.equal(items[0][0], torch.from_numpy(next(pool.chunks("rare"))[0]))
    real = TensorDataset(torch.from_numpy(X), torch.from_numpy((y == "usual").astype(int)))
    mix = ganaug.SyntheticMix(real, pool, names=["rare", "usual"])
    assert len(mix) == 120 and mix.is_synthetic.sum() > 0
    made, label = mix[-1]
    assert made.dtype == torch.float64 and made.shape == (2, 40) and int(label) == 0
    batch = next(iter(DataLoader(mix, 120)))
    assert batch[0].shape == (120, 2, 40)
    other = TensorDataset(torch.zeros(80, 2, 50), real.tensors[1])
    with pytest.raises(SchemaError, match=r"items hold \(2, 50\), synthetic ones arrays of shape \(2, 40\)"):
        ganaug.SyntheticMix(other, pool, names=["rare", "usual"])
    for source in (pool, pool.path):
        with pytest.raises(SchemaError, match="has no images, which this transform takes"):
            ganaug.GANReplace(source, p=1.0, names=["rare", "usual"])


# --- files


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def test_the_command_line_reads_and_writes_ts(data, tmp_path):
    X, y = data
    source = ganaug.train(X, y, max_steps=2, random_state=0)
    ganaug.synthesize(source, {"rare": 30, "usual": 60}, tmp_path / "in.ts")
    found = read(tmp_path / "in.ts")
    assert found.kind == "series" and found.X.shape == (90, 2, 40) and (np.asarray(found.y) == "rare").sum() == 30
    run("train", tmp_path / "in.ts", "--out", tmp_path / "m.safetensors", "--max-steps", 2, "-q")
    for form in ("ts", "npz", "csv"):
        run("synth", "--model", tmp_path / "m.safetensors", "-n", 3, "--out", tmp_path / form, "--format", form, "-q")
        assert ganaug.verify(tmp_path / form).intact and (tmp_path / form / "preview.png").exists()
    assert len(read(tmp_path / "ts" / "rare" / "00000.ts").X) == 3
    again = read(tmp_path / "csv", kind="series")
    assert again.X.shape == (6, 2, 40) and sorted(set(again.y)) == ["rare", "usual"]
    np.testing.assert_array_equal(again.X[:3], read(tmp_path / "ts" / "rare" / "00000.ts").X)
    np.testing.assert_array_equal(np.load(tmp_path / "npz" / "rare" / "00000.npz")["X"], again.X[:3])
    run("evaluate", tmp_path / "m.safetensors", tmp_path / "in.ts", "--ask", "fidelity", "-q")


def test_unequal_lengths_are_written_and_read(data, tmp_path):
    gan = ganaug.train(cut(data[0]), data[1], kind="series", max_steps=2, random_state=0)
    ganaug.synthesize(gan, 4, tmp_path / "out")
    found = read(tmp_path / "out" / "rare" / "00000.ts")
    assert len(found.X) == 4
    with pytest.raises(SchemaError, match="npz cannot hold a series"):
        ganaug.synthesize(gan, 4, tmp_path / "other", format="npz")
    with pytest.raises(SchemaError, match="a pool needs samples of one shape"):
        ganaug.make_pool(gan, 4, tmp_path / "pool")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("@classLabel true a b\n1,2:a\n", "no line @data"),
        ("@timeStamps true\n@classLabel true a\n@data\n(0,1):a\n", "time stamps"),
        ("@classLabel false\n@data\n1,2\n", "no class labels"),
        ("@classLabel true a\n@data\n1,?:a\n", "line 3: values are missing"),
        ("@classLabel true a\n@data\n1,2:1,2,3:a\n", "line 3: expected channels"),
        ("@classLabel true a\n@data\n", "no series below @data"),
    ],
)
def test_other_ts_files_are_refused(content, said, tmp_path):
    (tmp_path / "x.ts").write_text(content)
    with pytest.raises(SchemaError, match=said):
        read(tmp_path / "x.ts")


def test_a_folder_without_series_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(SchemaError, match="a subfolder for each class"):
        read(tmp_path, kind="series")
    (tmp_path / "a" / "1.csv").write_text("x\n1\ntwo\n")
    with pytest.raises(SchemaError, match="no table of numbers"):
        read(tmp_path, kind="series")


def test_encoded_floats_are_what_training_keeps(data):
    assert encode(*data).x.shape == (80, 2, 40)
