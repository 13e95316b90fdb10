"""synth in parts, merged, verified; other formats, counts and real samples."""

import json

import numpy as np
import pandas as pd
import pytest

from ganaug.data.readers import read


def manifest(out):
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


class TestFormats:
    def test_suffix_of_out_decides(self, ok, models, elsewhere):
        for suffix in ("csv", "parquet"):
            ok("synth", "--model", models / "orders.safetensors", "-n", 25, "--shard-size", 10, "-o", f"o.{suffix}")
            ok(
                "synth",
                "--model",
                models / "orders.safetensors",
                "-n",
                25,
                "--shard-size",
                10,
                "-o",
                suffix,
                "--format",
                suffix,
            )
            ok("verify", f"o.{suffix}")
        rows = pd.read_csv("o.csv")
        assert rows["fraud"].tolist() == ["no"] * 25 + ["yes"] * 25
        pd.testing.assert_frame_equal(rows, pd.read_parquet("o.parquet"))
        parts = [pd.read_csv(path) for path in sorted((elsewhere / "csv").glob("*/*.csv"))]
        assert [len(part) for part in parts] == [10, 10, 5] * 2
        pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), rows)
        text = str(pd.Series(["a"]).dtype)  # object before pandas 3
        expected = {"amount": "float64", "items": "int64", "kind": text, "fraud": text}
        assert manifest(elsewhere / "csv")["dtypes"] == expected

    def test_npz_of_images_is_what_png_shows(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-o", "o.npz")
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-o", "o")
        packed, unpacked = read(elsewhere / "o.npz"), read(elsewhere / "o")
        np.testing.assert_array_equal(packed.X, unpacked.X)
        assert packed.y.tolist() == unpacked.y.tolist()

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (["--format", "csv"], 1, "csv holds rows; this model makes images: choose another --format"),
            (["--format", "cvs"], 2, "did you mean 'csv'"),
            (["--format", "images", "-o", "o.npz"], 2, "--out o.npz and --format images contradict each other"),
            (["--shard", "0/2", "-o", "o.npz"], 2, "--shard writes a folder"),
            (["--shard", "2/2"], 2, "expected k/K"),
            (["--shard-size", "0"], 2, "'--shard-size'"),
            (["--class-index", "3"], 2, "--class-index 3: expected 0 … 2, for cat … teardrop"),
            (["--n", "3", "--balance", "d"], 2, "--n and --balance contradict each other"),
            (["--include-real"], 2, "--include-real needs --balance or --data"),
            (["--device", "abacus"], 2, "device 'abacus'"),
            (["--precision", "float8"], 2, "precision"),
            (["--truncation", "0"], 2, "--truncation must be a positive number; got 0.0"),
            (["--truncation", "nan"], 2, "--truncation must be a positive number; got nan"),
        ],
    )
    def test_wrong_input(self, fails, models, arguments, code, says):
        fails(code, "synth", "--model", models / "images.safetensors", *arguments, says=says)

    def test_truncation_is_that_of_the_model_and_is_on_record(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 40, "-c", "cat", "-o", "all.npz")
        ok(
            "synth",
            "--model",
            models / "images.safetensors",
            "-n",
            40,
            "-c",
            "cat",
            "-o",
            "cut.npz",
            "--truncation",
            0.1,
        )
        whole, cut = (read(elsewhere / name).X.astype(float) for name in ("all.npz", "cut.npz"))
        assert cut.std(axis=0).mean() < whole.std(axis=0).mean() / 2
        told = [json.loads((elsewhere / f"{name}.npz.manifest.json").read_text()) for name in ("all", "cut")]
        assert [plan["truncation"] for plan in told] == [None, 0.1]

    def test_class_by_position(self, ok, models):
        result, _ = ok(
            "synth", "--model", models / "images.safetensors", "--class-index", 2, "-c", "cat", "-n", 2, "--json"
        )
        assert result["counts"] == {"cat": 2, "teardrop": 2}

    def test_precision_is_another_output(self, ok, fails, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 2, "--precision", "bfloat16")
        assert manifest(elsewhere / "synthetic")["precision"] == "bfloat16"
        fails(
            1,
            "synth",
            "--model",
            models / "images.safetensors",
            "-n",
            2,
            "--resume",
            says="precision is bfloat16, not float32",
        )


class TestBalance:
    def test_every_class_reaches_the_largest(self, ok, data, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "--balance", data / "images", "-o", "o")
        assert [(of["label"], of["n"]) for of in manifest(elsewhere / "o")["classes"]] == [("dog", 2), ("teardrop", 4)]
        assert {path.name: len(list(path.iterdir())) for path in (elsewhere / "o").iterdir() if path.is_dir()} == {
            "dog": 2,
            "teardrop": 4,
        }

    @pytest.mark.parametrize("source", ["images", "images.npz"])
    def test_with_the_real_images(self, ok, data, elsewhere, source):
        ok("synth", "--balance", data / source, "--include-real", "-o", "o", "--max-steps", "3", "--shard-size", "3")
        mixed, real = read(elsewhere / "o"), read(data / source)
        assert dict(zip(*np.unique(mixed.y, return_counts=True), strict=True)) == {"cat": 10, "dog": 10, "teardrop": 10}
        own = sorted((elsewhere / "o" / "dog").glob("real-*.png"))
        assert [path.name for path in own] == [f"real-{i:06d}.png" for i in range(8)]
        np.testing.assert_array_equal(mixed.X[mixed.y == "dog"][2:], real.X[real.y == "dog"])
        ok("verify", "o")

    def test_with_the_real_rows(self, ok, data, models, elsewhere):
        real = pd.read_csv(data / "orders.csv")
        ok(
            "synth",
            "--model",
            models / "orders.safetensors",
            "--balance",
            data / "orders.csv",
            "--include-real",
            "-o",
            "o.parquet",
        )
        mixed = pd.read_parquet("o.parquet")
        assert list(mixed.columns) == [*real.columns[:-1], "is_synthetic", "fraud"]
        assert mixed.pop("is_synthetic").tolist() == [False] * 30 + [True] * 20 + [False] * 10
        assert mixed["fraud"].value_counts().to_dict() == {"no": 30, "yes": 30}
        pd.testing.assert_frame_equal(mixed[mixed["fraud"] == "no"].reset_index(drop=True), real[real["fraud"] == "no"])
        pd.testing.assert_frame_equal(mixed.tail(10).reset_index(drop=True), real.tail(10).reset_index(drop=True))

    def test_nothing_is_lacking(self, fails, data, models):
        fails(
            2,
            "synth",
            "--model",
            models / "images.safetensors",
            "--balance",
            data / "images",
            "-c",
            "cat",
            says="no class lacks anything",
        )

    def test_class_that_the_model_does_not_know(self, fails, models, elsewhere):
        np.savez("d.npz", X=np.zeros((4, 8, 8), dtype=np.uint8), y=["cat", "cow", "cow", "dog"])
        fails(1, "synth", "--model", models / "images.safetensors", "--balance", "d.npz", says="no class 'cow'")


class TestFormatsThatCannotHoldTheData:
    def test_npz_for_text_is_refused_before_training(self, fails, data, no_training):
        says = "columns that are not numbers, which npz cannot hold; write csv or parquet"
        fails(1, "synth", "--data", data / "orders.csv", "-o", "o.npz", says=says)

    def test_name_that_no_file_system_takes(self, fails, models, data, no_training):
        fails(1, "synth", "--model", models / "orders.safetensors", "-o", "x" * 300, says="File name too long")
        fails(1, "synth", "--data", data / "orders.csv", "-o", "x" * 300, says="File name too long")
