"""synth in parts, merged, verified; other formats, counts and real samples."""

import json
import shutil

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


class TestDryRun:
    def test_nothing_is_written(self, ok, models, elsewhere):
        out, _ = ok("synth", "--model", models / "images.safetensors", "-n", 5000, "--dry-run")
        assert "Would write 15,000 samples to synthetic, 15 shards of images: about " in out
        told, _ = ok("synth", "--model", models / "orders.safetensors", "-n", 5000, "--dry-run", "--json")
        assert told["counts"] == {"no": 5000, "yes": 5000}
        assert list(elsewhere.iterdir()) == []
        ok("synth", "--model", models / "orders.safetensors", "-n", 5000)
        size = sum(path.stat().st_size for path in (elsewhere / "synthetic").glob("*/*.csv"))
        assert told["bytes"] == pytest.approx(size, rel=0.1)

    def test_needs_a_model(self, fails, data, no_training):
        fails(2, "synth", "--data", data / "images.npz", "--dry-run", says="--dry-run measures a model: give --model")


class TestResume:
    def test_finished_output_is_left_alone(self, ok, models, elsewhere, tree):
        arguments = ("synth", "--model", models / "images.safetensors", "-n", 3, "--resume")
        ok(*arguments)
        before = tree(elsewhere)
        out, _ = ok(*arguments)
        assert "synthetic is complete, nothing was left to do" in out
        assert tree(elsewhere) == before

    def test_finished_output_of_other_settings(self, ok, fails, models):
        arguments = ("synth", "--model", models / "images.safetensors", "-n", 3)
        ok(*arguments)
        fails(1, *arguments, "--resume", "--seed", 4, says="synthetic has other settings: seed is 0, not 4")

    def test_trained_model_is_compared_too(self, ok, fails, data):
        arguments = ("synth", "--data", data / "images.npz", "-n", 2, "--no-cache", "--quiet")
        ok(*arguments, "--max-steps", 3)
        ok(*arguments, "--max-steps", 3, "--resume")
        fails(1, *arguments, "--max-steps", 4, "--resume", says="other settings: weights_sha256 is ")


class TestVerify:
    @pytest.fixture
    def out(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-o", "out")
        return elsewhere / "out"

    def test_untouched(self, ok, out):
        assert ok("verify", "out")[0] == "out is as it was written: 10 files.\n"
        assert ok("verify", "out", "--json")[0] == {
            "out": "out",
            "files": 10,
            "missing": [],
            "altered": [],
            "extra": [],
        }

    def test_everything_that_is_wrong_is_listed(self, cli, out):
        (out / "cat" / "000001.png").unlink()
        shutil.rmtree(out / "dog")
        (out / "preview.png").write_bytes(b"")
        flipped = bytearray((out / "teardrop" / "000002.png").read_bytes())
        flipped[-1] ^= 1
        (out / "teardrop" / "000002.png").write_bytes(flipped)
        (out / "teardrop" / "mine.png").touch()
        code, stdout, _ = cli("verify", "out")
        assert code == 1
        assert stdout.splitlines() == [
            "missing cat/000001.png",
            *(f"missing dog/00000{i}.png" for i in range(3)),
            "altered teardrop/000002.png",
            "altered preview.png",
            "extra teardrop/mine.png",
        ]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "cannot read out/manifest.json: No such file"),
            ("{", "is damaged, or is no manifest"),
            ("[]", "is not a manifest of ganaug synth"),
            ('{"versions": {}}', "is not a manifest of ganaug synth"),
            ('{"versions": {"ganaug": "9"}, "format": 2}', "has format 2, this ganaug reads up to 1; upgrade it"),
            ('{"versions": {"ganaug": "0"}, "files": []}', "it lists no files"),
            ('{"versions": {"ganaug": "0"}, "files": {"../x": ""}}', "it lists '../x', which is outside"),
            ('{"versions": {"ganaug": "0"}, "files": {}}', "is damaged: output: Field required"),
        ],
    )
    def test_manifest_that_is_none(self, fails, out, content, says):
        (out / "manifest.json").unlink() if content is None else (out / "manifest.json").write_text(content)
        fails(1, "verify", "out", says=says)

    def test_nothing_there(self, fails):
        fails(2, "verify", "gone", says="there is no file or folder gone")


class TestMerge:
    @pytest.fixture
    def parts(self, ok, models, elsewhere):
        """A whole output, and the same in three parts."""
        self.synth = (
            "synth",
            "--model",
            models / "images.safetensors",
            "-n",
            7,
            "--shard-size",
            2,
            "--quiet",
            "--data",
        )
        self.synth = self.synth[:-1]
        ok(*self.synth, "-o", "whole")
        for k in range(3):
            ok(*self.synth, "-o", f"p{k}", "--shard", f"{k}/3")
        return elsewhere

    @pytest.mark.parametrize("move", [False, True])
    def test_parts_become_the_whole(self, ok, parts, tree, move):
        before = tree(parts)
        result, _ = ok("merge", "p1", "p2", "p0", "--out", "m", "--json", *["--move"] * move)
        assert result == {"out": "m", "counts": {"cat": 7, "dog": 7, "teardrop": 7}, "files": 22}
        assert tree(parts / "m") == tree(parts / "whole")
        left = {path for path in before if not (move and path[0] == "p")}
        assert {path for path in tree(parts) if not path.startswith("m")} == left

    def test_with_real_samples(self, ok, data, elsewhere, tree):
        synth = ("synth", "--balance", data / "orders.csv", "--include-real", "--shard-size", 4, "--max-steps", 3, "-q")
        ok(*synth, "-o", "whole")
        for k in range(2):
            ok(*synth, "-o", f"p{k}", "--shard", f"{k}/2")
        ok("merge", "p0", "p1", "-o", "m")
        assert tree(elsewhere / "m") == tree(elsewhere / "whole")

    def test_classes_made_apart(self, ok, parts, tree):
        for name in ("cat", "dog", "teardrop"):
            ok(*self.synth, "-c", name, "-o", name, "--no-preview")
        ok(*self.synth, "-o", "plain", "--no-preview")
        ok("merge", "teardrop", "cat", "dog", "-o", "m")
        assert tree(parts / "m") == tree(parts / "plain")

    @pytest.mark.parametrize(
        ("folders", "says"),
        [
            (["p0", "p1"], "class 'cat' is not whole: the part of --shard 2/3 is missing"),
            (["p0", "p1", "p2", "whole"], "the folders overlap: class 'cat' is in more than one of them"),
            (["p0", "p1", "p2", "p0"], "a folder is named twice"),
            (["p0", "p1", "copy"], "the folders overlap"),
            (["p0", "p1", "seed"], "seed has other settings than p0: seed is 5, not 0"),
            (["p0", "p1", "n"], "other numbers of class 'cat'"),
            (["p0", "p1", "halves"], "the folders overlap"),
        ],
    )
    def test_parts_that_do_not_fit(self, ok, fails, parts, folders, says):
        shutil.copytree("p1", "copy")
        ok(*self.synth, "-o", "seed", "--shard", "2/3", "--seed", 5)
        ok(*self.synth[:4], 8, *self.synth[5:], "-o", "n", "--shard", "2/3")
        ok(*self.synth, "-o", "halves", "--shard", "1/2")
        fails(1, "merge", *folders, "-o", "m", says=says)

    @pytest.mark.parametrize("fault", ["missing", "altered"])
    def test_damaged_part(self, fails, parts, fault):
        path = parts / "p1" / "dog" / "000002.png"
        path.unlink() if fault == "missing" else path.write_bytes(b"x")
        fails(1, "merge", "p0", "p1", "p2", "-o", "m", "--move", says="ganaug verify p1 lists what else")

    @pytest.mark.parametrize("out", ["p0", "p0/m", "."])
    def test_output_among_the_parts(self, fails, parts, out):
        arguments = ["p0", "p1", "p2", "--out", out, "--move", "--overwrite"]
        fails(1, "merge", *arguments, says="is, holds or is inside p0, which is to be merged")

    def test_existing_output(self, ok, fails, parts, tree):
        (parts / "m").mkdir()
        fails(1, "merge", "p0", "p1", "p2", "-o", "m", says="m exists already")
        ok("merge", "p0", "p1", "p2", "-o", "m", "--overwrite")
        assert tree(parts / "m") == tree(parts / "whole")


class TestFormatsThatCannotHoldTheData:
    def test_npz_for_text_is_refused_before_training(self, fails, data, no_training):
        says = "columns that are not numbers, which npz cannot hold; write csv or parquet"
        fails(1, "synth", "--data", data / "orders.csv", "-o", "o.npz", says=says)

    def test_name_that_no_file_system_takes(self, fails, models, data, no_training):
        fails(1, "synth", "--model", models / "orders.safetensors", "-o", "x" * 300, says="File name too long")
        fails(1, "synth", "--data", data / "orders.csv", "-o", "x" * 300, says="File name too long")
