import sys

import numpy as np
import pandas as pd
import pytest
import torch

import ganaug
from ganaug.data.batches import BalancedBatches
from ganaug.data.table import stream as module
from ganaug.data.table.stream import FileRefill, TableStream

SMALL = {"max_steps": 3, "random_state": 0, "width": 8, "device": "cpu"}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 50)


@pytest.fixture(scope="module")
def frame():
    """1,000 rows, 12 of them rare and all in one place; extremes and a level that only single rows have."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "time": np.arange(1000),
            "amount": rng.normal(size=1000).round(3),
            "shop": rng.choice(["north", "south"], 1000),
            "paid": rng.random(1000) < 0.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, 1000), unit="D"),
            "label": np.where((np.arange(1000) >= 400) & (np.arange(1000) < 412), "rare", "usual"),
        }
    )
    frame.loc[777, "amount"] = 50.0
    frame.loc[778, "amount"] = -60.0
    frame.loc[555, "shop"] = "moon"
    frame.loc[556, "amount"] = np.nan
    return frame


@pytest.fixture(params=["csv", "tsv", "parquet"])
def path(request, frame, tmp_path):
    path = tmp_path / f"t.{request.param}"
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path, row_group_size=130)
    else:
        frame.to_csv(path, index=False, sep="\t" if request.param == "tsv" else ",")
    return path


def test_a_rare_class_keeps_all_its_rows_and_the_others_a_uniform_sample(path, frame, monkeypatch):
    sample = TableStream(path, rows=200).sample()
    assert sample.counts == {"usual": 988, "rare": 12}
    assert sample.X["time"][sample.y == "rare"].tolist() == list(range(400, 412))
    usual = sample.X["time"][sample.y == "usual"]
    assert len(usual) == 100 and usual.is_unique and usual.is_monotonic_increasing
    monkeypatch.setattr(module, "_CHUNK", 400)  # fewer, so that thirty samples take no time
    drawn = [TableStream(path, rows=200, random_state=seed).sample().X["time"] for seed in range(30)]
    quarters = np.histogram(np.concatenate(drawn), bins=4, range=(0, 1000))[0] / 30
    assert (np.abs(quarters - [25, 37, 25, 25]) < 4).all()  # the rare ones are in the second


def test_the_codec_knows_what_single_rows_of_the_file_show(path):
    sample = TableStream(path, rows=20).sample()
    codec = sample.codec()
    time, amount, shop = codec.columns[:3]
    assert (amount.low, amount.high, amount.missing) == (-60, 50, True)
    assert (time.origin, time.last) == (0, 999)
    assert set(shop.levels) == {"north", "south", "moon"}
    assert sample.classes().counts == [12, 988]


def test_a_file_that_fits_is_read_whole_and_trains(path, frame):
    sample = TableStream(path).sample()
    assert len(sample.X) == 1000
    gan = ganaug.train(TableStream(path, rows=300), **SMALL)
    assert gan.classes.counts == [12, 988] and gan.classes.target == "label"
    made = gan.sample(20, label="rare", random_state=0)
    assert list(made.columns) == list(frame.columns[:-1])
    assert made["paid"].dtype == bool and made["time"].between(0, 999).all()


def test_target_by_name(path):
    gan = ganaug.train(TableStream(path, "paid", rows=100), **SMALL)
    assert gan.classes_.tolist() == [False, True]


def refilled(path, passes):
    stream = TableStream(path, rows=200)
    sample = stream.sample()
    codec, classes = sample.codec(), sample.classes()
    refill = FileRefill(stream, codec, classes, sample.target)
    x, c = torch.from_numpy(codec.encode(sample.X)), torch.from_numpy(classes.index(sample.y))
    batches = BalancedBatches(x.clone(), c, 8, torch.Generator().manual_seed(0), refill=refill)
    for _ in range(passes * 20):
        refill(batches)
    return x, batches, c, refill


def test_each_pass_renews_the_large_classes_once_and_leaves_the_rare_ones(path):
    x, batches, c, _ = refilled(path, passes=1)
    changed = (batches.x != x).any(1)
    assert not changed[c == 0].any()
    assert 0.45 < changed[c == 1].float().mean() < 0.8  # 1 - 1/e
    assert len(batches.x[c == 1].unique(dim=0)) > 70


def test_after_many_passes_rows_are_from_everywhere_in_the_file(path):
    _, batches, c, refill = refilled(path, passes=10)
    rows = refill.codec.decode(batches.x[c == 1].numpy(), np.random.default_rng(0))
    fifths = np.histogram(rows["time"], bins=5, range=(0, 1000))[0]
    assert fifths.sum() == 100 and fifths.min() >= 4
    assert 450 < rows["time"].mean() < 700  # the last rows of a pass are e times as likely as the first


def test_a_pass_can_be_left_and_taken_up(path):
    _, whole, _, _ = refilled(path, passes=1)
    x, batches, c, refill = refilled(path, passes=0)
    for _ in range(7):
        refill(batches)
    state = batches.state_dict()
    _, other, _, _ = refilled(path, passes=0)
    other.load_state_dict(state)
    for _ in range(13):
        other.refill(other)
    assert torch.equal(other.x, whole.x)


def test_interrupted_training_of_a_stream_gives_the_same_file(path, tmp_path, monkeypatch):
    class Crash(ganaug.training.callbacks.Callback):
        def on_step(self, trainer):
            if trainer.gan.step == 50:
                raise RuntimeError("crash")

    settings = SMALL | {"max_steps": 60, "batch_size": 8}

    def train(*callbacks):
        return ganaug.train(TableStream(path, rows=100), callbacks=callbacks, **settings)

    train().save(tmp_path / "a")
    with pytest.raises(RuntimeError, match="crash"):
        train(ganaug.Snapshot(tmp_path / "state", steps=20), Crash())
    train(ganaug.Snapshot(tmp_path / "state", resume=True)).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_column_that_is_text_only_later_is_text(tmp_path):
    frame = pd.DataFrame({"a": [*map(str, range(100)), *["x"] * 100], "b": np.arange(200.0), "y": [0, 1] * 100})
    frame.to_csv(tmp_path / "t.csv", index=False)
    sample = TableStream(tmp_path / "t.csv").sample()
    assert set(sample.X["a"]) == {*map(str, range(100)), "x"}
    assert (
        ganaug.train(TableStream(tmp_path / "t.csv", rows=20), **SMALL).sample(3, label=0)["a"].isin(frame["a"]).all()
    )


def test_levels_beyond_those_remembered_count_as_rare(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MAX_LEVELS", 150)
    frame = pd.DataFrame({"id": [f"id{i}" for i in range(600)], "b": np.arange(600.0), "y": np.arange(600) % 2})
    frame.to_csv(tmp_path / "t.csv", index=False)
    gan = ganaug.train(TableStream(tmp_path / "t.csv", rows=40), **SMALL | {"max_steps": 130, "batch_size": 4})
    assert gan.sample(5, label=1)["id"].isin(frame["id"]).all()


def test_classes_that_appear_late_get_their_share(tmp_path):
    frame = pd.DataFrame({"a": np.arange(900.0), "y": np.repeat(["a", "b", "c"], 300)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    sample = TableStream(tmp_path / "t.csv", rows=90).sample()
    assert {label: int((sample.y == label).sum()) for label in "abc"} == {"a": 30, "b": 30, "c": 30}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,y\n1,x\n2,\n", "missing labels"),
        ("a,y\n", "has no rows"),
        ("y\n1\n2\n", "at least one column besides the target"),
        ("a,y\n1,x\n2,y,3,4\n", "cannot read .* as a table"),
        ("a,y\n" + "".join(f"1,l{i}\n" for i in range(1200)), "over 1,000 values: no label"),
        ("a,y\n1,0.25\n2,0.75\n", "class labels"),
        ("a,y\n1,x\n1,z\n", "constant"),
    ],
    ids=["missing", "empty", "one column", "ragged", "identifiers", "continuous", "constant"],
)
def test_unusable_files(tmp_path, text, says):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ganaug.SchemaError, match=says):
        ganaug.train(TableStream(tmp_path / "t.csv"), **SMALL)


def test_no_file_no_target_no_parquet(tmp_path):
    with pytest.raises(ganaug.SchemaError, match="cannot read .*gone.csv: No such file"):
        TableStream(tmp_path / "gone.csv").sample()
    (tmp_path / "t.csv").write_text("amount,fraud\n1,2\n")
    with pytest.raises(ganaug.SchemaError, match="did you mean 'fraud'"):
        TableStream(tmp_path / "t.csv", "frauds").sample()
    pytest.importorskip("pyarrow")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 rubbish")
    with pytest.raises(ganaug.SchemaError, match="cannot read .*t.parquet as a table"):
        TableStream(tmp_path / "t.parquet").sample()


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ganaug.SchemaError, match=r"pip install 'ganaug\[parquet\]'"):
        TableStream(tmp_path / "t.parquet").sample()


def test_labels_of_its_own(tmp_path):
    with pytest.raises(ganaug.SchemaError, match="brings its own labels"):
        ganaug.train(TableStream(tmp_path / "t.csv"), [0, 1])
