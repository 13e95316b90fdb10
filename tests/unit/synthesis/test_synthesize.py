import json

import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.core.errors import ConfigError, OutputError, SchemaError
from ganaug.data.readers import read


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_result_says_what_is_there(gan, tmp_path):
    told = []
    done = ganaug.synthesize(gan, {"dog": 5}, tmp_path / "out", progress=lambda n, total: told.append((n, total)))
    assert done.path == tmp_path / "out"
    assert done.counts == {"dog": 5} and done.real_counts == {}
    assert sorted(done.manifest.files) == [f"dog/{i:06d}.png" for i in range(5)] + ["preview.png"]
    assert sum(n for n, _ in told) == 5 and {total for _, total in told} == {5}
    assert not done.was_complete


def test_python_and_command_line_write_the_same_bytes(gan, images, tmp_path):
    from ganaug.cli.app import run

    gan.save(tmp_path / "m")
    np.savez(tmp_path / "d.npz", images=images[0], labels=images[1])
    arguments = ["--model", tmp_path / "m", "--data", tmp_path / "d.npz", "-n", 3, "--seed", 5, "-q", "--include-real"]
    assert run(["synth", *map(str, arguments), "-o", str(tmp_path / "cli")]) == 0
    ganaug.synthesize(ganaug.load(tmp_path / "m"), 3, tmp_path / "py", seed=5, preview=images, include_real=images)
    assert tree(tmp_path / "py") == tree(tmp_path / "cli")


def test_manifest_names_the_library_that_encodes(gan, table_gan, tmp_path):
    import cv2
    import pandas as pd

    versions = ganaug.synthesize(gan, 1, tmp_path / "images").plan.versions
    assert versions["cv2"] == cv2.__version__ and "pillow" not in versions
    assert ganaug.synthesize(table_gan, 1, tmp_path / "o.csv").plan.versions["pandas"] == pd.__version__


def test_resume_of_other_versions_is_refused(gan, tmp_path, monkeypatch):
    ganaug.synthesize(gan, 1, tmp_path / "out")
    monkeypatch.setattr("cv2.__version__", "1.0")
    with pytest.raises(OutputError, match="other settings: versions is"):
        ganaug.synthesize(gan, 1, tmp_path / "out", resume=True)


def test_finished_output_is_left_alone(gan, tmp_path):
    ganaug.synthesize(gan, 2, tmp_path / "out")
    before = tree(tmp_path)
    assert ganaug.synthesize(gan, 2, tmp_path / "out", resume=True).was_complete
    assert tree(tmp_path) == before


def test_any_synthesizer_is_taken(tmp_path, table_gan):
    class Ones(ganaug.Synthesizer):
        def __init__(self):
            self.codec, self.classes = table_gan.codec, table_gan.classes

        def encoded(self, c, rng, truncation=None):
            return np.ones((len(c), 2), np.float32)

        def digest(self):
            return "1" * 64

    done = ganaug.synthesize(Ones(), {1: 7}, tmp_path / "out.npz")
    made = read(done.path)
    assert made.X.shape == (7, 2) and (made.X == made.X[0]).all() and made.y.tolist() == [1] * 7
    assert json.loads((tmp_path / "out.npz.manifest.json").read_text())["weights_sha256"] == "1" * 64


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"counts": {"cow": 3}}, SchemaError, "no class 'cow'"),
        ({"counts": {"cat": 2.5}}, ConfigError, "whole numbers of samples; got 2.5 of class 'cat'"),
        ({"counts": 0}, SchemaError, "no samples are asked for"),
        ({"shard": (2, 2)}, ConfigError, "k in 0 … K - 1"),
        ({"truncation": -1.0}, ConfigError, "truncation must be a positive number"),
        ({"precision": "float8"}, ConfigError, "precision must be"),
        ({"format": "csv"}, SchemaError, "csv holds rows; this model makes images"),
        ({"device": "abacus"}, ConfigError, "device 'abacus'"),
        ({"preview": (np.zeros((2, 9, 9)), ["cat", "dog"])}, SchemaError, "expected images of 8 × 8"),
    ],
)
def test_wrong_input_writes_nothing(gan, tmp_path, settings, error, says):
    with pytest.raises(error, match=says):
        ganaug.synthesize(gan, **{"counts": 3, "out": tmp_path / "out"} | settings)
    assert list(tmp_path.iterdir()) == []


class TestMixedWithRealSamples:
    """One file with real samples says which they are."""

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_rows(self, table_gan, tmp_path, suffix):
        X = np.random.default_rng(1).normal(size=(5, 2))
        out = tmp_path / f"o.{suffix}"
        ganaug.synthesize(table_gan, {0: 3, 1: 4}, out, include_real=(X, [0, 1, 1, 0, 1]))
        frame = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
        assert list(frame.columns) == ["0", "1", "is_synthetic", "target"]
        assert frame["is_synthetic"].tolist() == [True] * 3 + [False] * 2 + [True] * 4 + [False] * 3
        np.testing.assert_allclose(frame[~frame["is_synthetic"]][["0", "1"]], X[[0, 3, 1, 2, 4]])
        dataset = read(out)
        assert list(dataset.X.columns) == ["0", "1"] and any("'is_synthetic'" in said for said in dataset.remarks)
        assert ganaug.verify(out).intact

    def test_arrays(self, table_gan, gan, images, tmp_path):
        X = np.random.default_rng(1).normal(size=(5, 2))
        ganaug.synthesize(table_gan, {0: 3, 1: 4}, tmp_path / "x.npz", include_real=(X, [0, 1, 1, 0, 1]))
        with np.load(tmp_path / "x.npz") as arrays:
            assert arrays["is_synthetic"].tolist() == [True] * 3 + [False] * 2 + [True] * 4 + [False] * 3
            assert arrays["X"].shape == (12, 2) and arrays["columns"].tolist() == ["0", "1"]
        ganaug.synthesize(gan, {"dog": 3}, tmp_path / "i.npz", include_real=images)
        with np.load(tmp_path / "i.npz") as arrays:
            assert arrays["is_synthetic"].tolist() == [True] * 3 + [False] * 8

    def test_without_real_samples_there_is_no_mark(self, table_gan, tmp_path):
        ganaug.synthesize(table_gan, 3, tmp_path / "o.csv")
        assert "is_synthetic" not in pd.read_csv(tmp_path / "o.csv").columns

    def test_a_column_of_that_name_is_refused(self, tmp_path):
        X = pd.DataFrame({"a": np.arange(20.0), "is_synthetic": np.arange(20) % 3})
        gan = ganaug.train(X, np.arange(20) % 2, max_steps=1, random_state=0)
        with pytest.raises(SchemaError, match="rename it"):
            ganaug.synthesize(gan, 3, tmp_path / "o.csv", include_real=(X, np.arange(20) % 2))


class TestStyle:
    def test_semicolons_and_decimal_commas(self, table_gan, tmp_path):
        for name, style in (("de.csv", {"separator": ";", "decimal": ","}), ("en.csv", {})):
            ganaug.synthesize(table_gan, 5, tmp_path / name, **style)
        assert ";" in (tmp_path / "de.csv").read_text() and "." not in (tmp_path / "de.csv").read_text()
        german, english = (read(tmp_path / name).X for name in ("de.csv", "en.csv"))
        pd.testing.assert_frame_equal(german, english)

    @pytest.mark.parametrize(
        ("out", "style", "says"),
        [
            ("o.npz", {"separator": ";"}, "no meaning for npz"),
            ("o.csv", {"decimal": ","}, "and not the same"),
            ("o.csv", {"separator": "::"}, "separator must be"),
        ],
    )
    def test_what_has_no_meaning_is_refused(self, table_gan, tmp_path, out, style, says):
        with pytest.raises(ConfigError, match=says):
            ganaug.synthesize(table_gan, 3, tmp_path / out, **style)
        assert not list(tmp_path.iterdir())
