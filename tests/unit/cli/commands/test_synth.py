import errno
import hashlib
import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("PIL")

from PIL import Image

from ganaug.data.readers import read
from ganaug.synthesis.writers.csv import CSVWriter
from ganaug.synthesis.writers.images import ImageFolderWriter

FAST = ("--max-steps", "3", "--quiet")


def manifest(out):
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


class TestImages:
    def test_demonstration_trains_on_the_bundled_digits(self, ok, elsewhere):
        out, err = ok("synth", "--class", "3", "--n", "7", "--max-steps", "3")
        folder = elsewhere / "synthetic"
        assert "no --model and no --data: training on scikit-learn's bundled digits" in err
        assert "Wrote 7 samples to synthetic" in out
        assert "fidelity cannot be judged" in out
        assert "preview.png" in out
        assert sorted(path.name for path in folder.iterdir()) == ["3", "manifest.json", "preview.png"]
        assert [path.name for path in sorted((folder / "3").iterdir())] == [f"{i:06d}.png" for i in range(7)]
        assert read(folder).X.shape == (7, 8, 8)
        assert [of["label"] for of in manifest(folder)["classes"]] == [3]

    def test_manifest_says_what_is_there(self, ok, models, elsewhere):
        ok(
            "synth",
            "--model",
            models / "images.safetensors",
            "-c",
            "dog",
            "-c",
            "cat",
            "-n",
            4,
            "--seed",
            11,
            "-o",
            "o",
        )
        said = manifest(elsewhere / "o")
        assert [(of["label"], of["folder"], of["n"]) for of in said["classes"]] == [
            ("cat", "cat", 4),
            ("dog", "dog", 4),
        ]
        assert said["seed"] == 11
        header, _ = ok("info", models / "images.safetensors", "--json")
        assert said["checkpoint_sha256"] == header["sha256"]
        on_disk = {
            f"{name}/{i:06d}.png": hashlib.sha256((elsewhere / "o" / name / f"{i:06d}.png").read_bytes()).hexdigest()
            for name in ("cat", "dog")
            for i in range(4)
        }
        on_disk["preview.png"] = hashlib.sha256((elsewhere / "o" / "preview.png").read_bytes()).hexdigest()
        assert said["files"] == on_disk
        assert not {"ganaug", "torch"} - said["versions"].keys()

    def test_every_class_unless_told(self, ok, models, elsewhere):
        result, _ = ok("synth", "--model", models / "images.safetensors", "--n", 2, "--json")
        assert result["counts"] == {"cat": 2, "dog": 2, "teardrop": 2}
        assert len(list((elsewhere / "synthetic").glob("*/*.png"))) == 6

    def test_class_named_twice_is_made_once(self, ok, models):
        result, _ = ok("synth", "--model", models / "images.safetensors", "-c", "cat", "-c", "cat", "-n", 2, "--json")
        assert result["counts"] == {"cat": 2}

    def test_same_seed_same_bytes_other_seed_other_images(self, ok, models, elsewhere, tree):
        for name, seed in (("a", 5), ("b", 5), ("c", 6)):
            ok("synth", "--model", models / "images.safetensors", "-c", "cat", "-n", 3, "--seed", seed, "-o", name)
        assert tree(elsewhere / "a") == tree(elsewhere / "b")
        assert manifest(elsewhere / "a")["files"] != manifest(elsewhere / "c")["files"]

    def test_samples_of_a_class_do_not_depend_on_the_other_classes(self, ok, models, elsewhere, tree):
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-o", "all")
        ok("synth", "--model", models / "images.safetensors", "-n", 3, "-c", "dog", "-o", "one")
        assert tree(elsewhere / "all" / "dog") == tree(elsewhere / "one" / "dog")

    def test_same_seed_trains_the_same_model(self, ok, data, elsewhere, tree):
        for name in ("a", "b"):
            ok("synth", "--data", data / "images.npz", "-n", 2, "--no-cache", "-o", name, *FAST)
        assert tree(elsewhere / "a") == tree(elsewhere / "b")

    def test_preview_shows_real_above_synthetic(self, ok, data, models, elsewhere):
        model = ("--model", models / "images.safetensors", "-n", 3)
        ok("synth", *model, "--data", data / "images", "-o", "with")
        ok("synth", *model, "-o", "without")
        sizes = []
        for name in ("with", "without"):
            with Image.open(elsewhere / name / "preview.png") as image:
                assert np.asarray(image).std() > 10
                sizes.append(image.height)
        assert sizes[0] > 1.5 * sizes[1]

    def test_no_preview(self, ok, models, elsewhere):
        out, _ = ok("synth", "--model", models / "images.safetensors", "-n", 2, "--no-preview")
        assert not (elsewhere / "synthetic" / "preview.png").exists()
        assert "preview" not in out

    def test_folder_and_npz_are_the_same_data(self, ok, data, elsewhere, tree):
        ok("synth", "--data", data / "images", "-n", 2, "-o", "folder", *FAST)
        ok("synth", "--data", data / "images.npz", "-n", 2, "-o", "npz", *FAST)
        assert tree(elsewhere / "folder") == tree(elsewhere / "npz")

    def test_image_size(self, ok, data, elsewhere):
        ok("synth", "--data", data / "images", "--image-size", "12x10", "-c", "cat", "-n", 2, *FAST)
        assert read(elsewhere / "synthetic").X.shape == (2, 12, 10)

    @pytest.mark.filterwarnings("default")
    def test_unreadable_image_is_a_warning_on_stderr(self, ok, data, elsewhere):
        for name in ("cat", "dog"):
            (elsewhere / "mine" / name).mkdir(parents=True)
            for i, file in enumerate(sorted((data / "images" / name).iterdir())):
                (elsewhere / "mine" / name / f"{i}.png").write_bytes(file.read_bytes())
        (elsewhere / "mine" / "cat" / "bad.png").write_text("no image")
        _, err = ok("synth", "--data", "mine", "-n", 1, *FAST)
        assert "warning: left out 1 unreadable of 19 images: cat/bad.png" in err


class TestTables:
    def test_model_writes_the_columns_and_the_target(self, ok, data, models, elsewhere):
        real = pd.read_csv(data / "orders.csv")
        ok("synth", "--model", models / "orders.safetensors", "-c", "yes", "-n", 25)
        made = pd.read_csv(elsewhere / "synthetic" / "yes" / "00000.csv")
        assert list(made.columns) == list(real.columns)
        assert made.dtypes.tolist() == real.dtypes.tolist()
        assert made["fraud"].tolist() == ["yes"] * 25
        assert set(made["kind"]) <= {"shop", "web"}
        assert made["items"].between(1, 8).all()
        files = manifest(elsewhere / "synthetic")["files"]
        content = (elsewhere / "synthetic" / "yes" / "00000.csv").read_bytes()
        assert files == {"yes/00000.csv": hashlib.sha256(content).hexdigest()}
        assert not (elsewhere / "synthetic" / "preview.png").exists()

    def test_target_option(self, ok, data, elsewhere):
        ok("synth", "--data", data / "orders.csv", "--target", "kind", "-c", "web", "-n", 5, *FAST)
        made = pd.read_csv(elsewhere / "synthetic" / "web" / "00000.csv")
        assert list(made.columns) == ["amount", "items", "fraud", "kind"]
        assert made["kind"].tolist() == ["web"] * 5

    def test_negative_labels(self, ok, elsewhere):
        np.savez("d.npz", X=np.random.default_rng(0).normal(size=(30, 2)), y=np.repeat([-1, 1], 15))
        result, _ = ok("synth", "--data", "d.npz", "--class", "-1", "-n", 3, "--json", *FAST)
        assert result["counts"] == {"-1": 3}

    def test_one_class_alone_can_be_learnt(self, ok, elsewhere):
        np.savez("d.npz", X=np.random.default_rng(0).normal(size=(30, 2)), y=np.zeros(30, dtype=int))
        result, _ = ok("synth", "--data", "d.npz", "-n", 3, "--json", *FAST)
        assert result["counts"] == {"0": 3}
        assert result["fidelity"]["verdict"]["grade"] == "cannot be judged"

    @pytest.mark.filterwarnings("ignore:only one sample")
    def test_verdict_where_judging_is_impossible(self, ok, models, elsewhere):
        np.savez("d.npz", X=np.random.default_rng(0).normal(size=(22, 2)), y=np.repeat([0, 1, 2], [19, 2, 1]))
        out, _ = ok("synth", "--data", "d.npz", "-n", 3, *FAST)
        assert "nan" not in out
        assert out.splitlines()[-1].startswith("fidelity cannot be judged: ")
        assert out.splitlines()[-1].endswith("Give more real samples to compare with.")
        out, _ = ok("synth", "--model", models / "orders.safetensors", "-n", 2, "-o", "other")
        assert out.splitlines()[-1].startswith("Not judged: give --data")


class TestOutput:
    def test_json_is_alone_on_stdout(self, cli, models, data):
        code, out, err = cli(
            "synth", "--model", models / "images.safetensors", "--data", data / "images", "--json", "-n3"
        )
        assert code == 0
        assert out.count("\n") == 1
        found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert found["out"] == "synthetic"
        assert found["counts"] == {"cat": 3, "dog": 3, "teardrop": 3}
        assert found["fidelity"]["verdict"]["grade"] in ("good", "doubtful", "bad", "cannot be judged")
        assert "writing" in err

    def test_quiet_leaves_stderr_empty(self, cli):
        code, out, err = cli("synth", "-c", "1", "-n", "2", *FAST)
        assert code == 0
        assert out.startswith("Wrote 2 samples")
        assert err == ""

    def test_progress_is_on_stderr(self, ok, data):
        out, err = ok("synth", "--data", data / "images.npz", "-n", "2", "--max-steps", "3")
        assert "training" in err
        assert "writing" in err
        assert "━" not in out


class TestCache:
    def test_second_run_uses_the_kept_model(self, ok, data, elsewhere, tree, request):
        arguments = ("synth", "--data", data / "orders.csv", "-n", 2, "--max-steps", "3")
        ok(*arguments, "-o", "a")
        request.getfixturevalue("no_training")
        _, err = ok(*arguments, "-o", "b")
        assert "using the model trained before" in err
        assert tree(elsewhere / "a") == tree(elsewhere / "b")
        assert manifest(elsewhere / "a")["checkpoint_sha256"]

    def test_no_cache_neither_reads_nor_writes(self, cli, ok, data, tmp_path, request):
        arguments = ("synth", "--data", data / "orders.csv", "-n", 2, *FAST)
        ok(*arguments, "-o", "a", "--no-cache")
        assert not (tmp_path / "cache").exists()
        ok(*arguments, "-o", "b")
        request.getfixturevalue("no_training")
        with pytest.raises(AssertionError, match="trained"):
            cli(*arguments, "-o", "c", "--no-cache")

    @pytest.mark.parametrize("damage", [b"", b"rubbish", None])
    def test_damaged_model_is_trained_anew(self, ok, data, tmp_path, elsewhere, damage):
        arguments = ("synth", "--data", data / "orders.csv", "-n", 2, *FAST)
        ok(*arguments, "-o", "a")
        (kept,) = (tmp_path / "cache" / "models").iterdir()
        whole = kept.read_bytes()
        kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
        _, err = ok(*arguments, "-o", "b")
        assert err.startswith("warning: ")
        assert "training anew" in err
        assert manifest(elsewhere / "a")["files"] == manifest(elsewhere / "b")["files"]
        _, err = ok(*arguments, "-o", "c")
        assert err == ""

    def test_unwritable_cache_is_a_warning(self, ok, data, tmp_path, monkeypatch, elsewhere):
        (tmp_path / "file").touch()
        monkeypatch.setenv("GANAUG_CACHE_DIR", str(tmp_path / "file" / "cache"))
        _, err = ok("synth", "--data", data / "orders.csv", "-n", 2, *FAST)
        assert err.startswith("warning: the model is not kept for the next time")
        assert manifest(elsewhere / "synthetic")["checkpoint_sha256"] is None

    @pytest.mark.parametrize("change", ["seed", "setting", "values", "categories", "scale", "target name", "labels"])
    def test_other_data_or_settings_are_another_model(self, ok, data, change, tmp_path):
        frame = pd.read_csv(data / "orders.csv")
        frame.to_csv("d.csv", index=False)
        arguments = ["synth", "--data", "d.csv", "-n", "2", *FAST]
        ok(*arguments, "-o", "a")
        if change == "values":
            frame.loc[0, "amount"] += 1
        elif change == "categories":
            frame["kind"] = frame["kind"].replace("web", "online")
        elif change == "scale":
            frame["amount"] *= 4
        elif change == "target name":
            frame = frame.rename(columns={"fraud": "is_fraud"})
        elif change == "labels":
            frame["fraud"] = frame["fraud"].replace("yes", "YES")
        frame.to_csv("d.csv", index=False)
        arguments += {"seed": ["--seed", "1"], "setting": ["--set", "width=32"]}.get(change, [])
        ok(*arguments, "-o", "b")
        assert len(list((tmp_path / "cache" / "models").iterdir())) == 2
        if change == "target name":
            assert "is_fraud" in pd.read_csv("b/yes/00000.csv").columns
        if change == "categories":
            assert set(pd.read_csv("b/yes/00000.csv")["kind"]) <= {"shop", "online"}


class TestOverwrite:
    def arguments(self, models, *more):
        return ("synth", "--model", models / "images.safetensors", "-c", "cat", "-n", "2", "--out", "out", *more)

    def test_existing_output_is_kept(self, fails, models, elsewhere):
        (elsewhere / "out").mkdir()
        (elsewhere / "out" / "precious.txt").write_text("x")
        fails(1, *self.arguments(models), says="out exists already; choose another --out, or give --overwrite")

    def test_existing_output_stops_before_training(self, fails, data, elsewhere, no_training):
        (elsewhere / "out").mkdir()
        fails(1, "synth", "--data", data / "images.npz", "--out", "out", says="exists already")

    @pytest.mark.parametrize("content", [None, "{}", '{"name": "web app", "versions": []}', "not json", "[1]"])
    def test_folder_of_someone_else_is_never_replaced(self, fails, models, elsewhere, content):
        (elsewhere / "out").mkdir()
        (elsewhere / "out" / "precious.txt").write_text("x")
        if content is not None:
            (elsewhere / "out" / "manifest.json").write_text(content)
        fails(1, *self.arguments(models, "--overwrite"), says="was not written by ganaug synth (no manifest of it)")

    def test_file_is_never_replaced(self, fails, models, elsewhere):
        (elsewhere / "out").write_text("x")
        fails(1, *self.arguments(models, "--overwrite"), says="was not written by ganaug synth")

    def test_own_folder_is_replaced_wholly(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 5, "-o", "out")
        ok(*self.arguments(models, "--overwrite", "--no-preview"))
        assert sorted(path.name for path in elsewhere.iterdir()) == ["out"]
        assert sorted(path.name for path in (elsewhere / "out").iterdir()) == ["cat", "manifest.json"]
        assert len(list((elsewhere / "out" / "cat").iterdir())) == 2

    def test_empty_folder_may_be_filled(self, ok, models, elsewhere):
        (elsewhere / "out").mkdir()
        ok(*self.arguments(models, "--overwrite"))
        assert (elsewhere / "out" / "manifest.json").exists()

    def test_folder_without_a_name_of_its_own(self, fails, models):
        fails(1, *self.arguments(models)[:-1], ".", "--overwrite", says="name the folder itself")

    @pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
    def test_path_below_a_file(self, fails, data, elsewhere, no_training, overwrite):
        (elsewhere / "file").write_text("x")
        fails(1, "synth", "--data", data / "images.npz", "-o", "file/out", *overwrite, says="file is not a folder")

    def test_missing_parents_are_made(self, ok, models, elsewhere):
        ok("synth", "--model", models / "images.safetensors", "-n", 1, "-o", "a/b/c")
        assert (elsewhere / "a" / "b" / "c" / "manifest.json").exists()


class TestFailure:
    def midway(self, error):
        def write(self, folder, shard, chunks):
            (folder / "half.bin").write_bytes(b"half")
            raise error

        return write

    @pytest.mark.parametrize("existing", [False, True])
    @pytest.mark.parametrize(("writer", "model"), [(ImageFolderWriter, "images"), (CSVWriter, "orders")])
    def test_full_disk(self, ok, fails, models, monkeypatch, existing, writer, model):
        arguments = ["synth", "--model", models / f"{model}.safetensors", "-n", "2", "--overwrite"]
        if existing:
            ok(*arguments)
        monkeypatch.setattr(writer, "write", self.midway(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        fails(1, *arguments, says="cannot write synthetic: No space left on device")

    @pytest.mark.parametrize("existing", [False, True])
    def test_interrupt_while_writing(self, ok, cli, models, monkeypatch, elsewhere, tree, existing):
        arguments = ["synth", "--model", models / "images.safetensors", "-n", "2", "--overwrite"]
        if existing:
            ok(*arguments)
        before = tree(elsewhere)
        monkeypatch.setattr(ImageFolderWriter, "write", self.midway(KeyboardInterrupt()))
        code, out, _ = cli(*arguments)
        assert code == 130
        assert out == ""
        assert tree(elsewhere) == before

    def test_interrupt_while_judging_leaves_the_finished_output(self, cli, ok, models, data, monkeypatch, elsewhere):
        def interrupted(*args, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr("ganaug.evaluation.quick.answer_fidelity", interrupted)
        code, _, err = cli("synth", "--model", models / "images.safetensors", "--data", data / "images", "-n", 2)
        assert code == 130 and err.splitlines()[-1] == "interrupted while judging; synthetic is complete"
        ok("verify", "synthetic")
        assert [path.name for path in elsewhere.iterdir()] == ["synthetic"]

    @pytest.mark.parametrize("damage", ["empty", "cut header", "cut", "flipped", "rubbish", "pickle"])
    def test_damaged_checkpoint(self, fails, models, elsewhere, damage):
        whole = (models / "images.safetensors").read_bytes()
        flipped = bytearray(whole)
        flipped[-5] ^= 1
        content = {
            "empty": b"",
            "cut header": whole[:100],
            "cut": whole[:-10],
            "flipped": bytes(flipped),
            "rubbish": b"rubbish" * 9,
            "pickle": b"\x80\x04rubbish",
        }
        (elsewhere / "m.safetensors").write_bytes(content[damage])
        fails(1, "synth", "--model", "m.safetensors", says="m.safetensors")


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--clas", "3"], "No such option: --clas"),
            (["--n", "0"], "'--n'"),
            (["--n", "many"], "'--n'"),
            (["--seed", "-1"], "'--seed'"),
            (["--class", "tree"], "no class 'tree'; known: '0', '1', '2'"),
            (["--model", "gone.safetensors"], "there is no file gone.safetensors"),
            (["--data", "gone"], "there is no file or folder gone"),
            (["--objective", "hing"], "did you mean 'hinge'?"),
            (["--target", "y"], "need --data"),
            (["--image-size", "8"], "need --data"),
            (["--set", "width"], "--set width: expected NAME=VALUE"),
            (["--set", "widht=3"], "did you mean 'width'"),
            (["--set", "width=-3"], "width = -3"),
            (["--set", "width=wide"], "width = 'wide'"),
            (["--config", "gone.toml"], "cannot read gone.toml: No such file"),
            (["--device", "abacus"], "device 'abacus'"),
            (["--precision", "float8"], "precision = 'float8'"),
            (["--max-seconds", "inf"], "max_seconds"),
            (["--max-steps", "0"], "'--max-steps'"),
            (["extra"], "extra"),
        ],
    )
    def test_usage(self, fails, arguments, says):
        fails(2, "synth", *arguments, says=says)

    @pytest.mark.parametrize("size", ["0", "8x", "x", "big", "8x8x8", "-8", "8.5"])
    def test_image_size(self, fails, data, size):
        fails(2, "synth", "--data", data / "images", "--image-size", size, says="--image-size")

    def test_unknown_class_is_answered_with_a_guess_before_training(self, fails, data, no_training):
        fails(2, "synth", "--data", data / "images", "--class", "teardop", says="did you mean 'teardrop'?")

    def test_unknown_class_of_a_model(self, fails, models):
        model = models / "images.safetensors"
        fails(2, "synth", "--model", model, "--class", "teardop", says="did you mean 'teardrop'?")

    @pytest.mark.parametrize("option", [["--objective", "hinge"], ["--max-steps", "5"], ["--set", "width=8"]])
    def test_model_and_training_options(self, fails, models, option):
        fails(2, "synth", "--model", models / "images.safetensors", *option, says="no meaning with --model")

    def test_data_that_do_not_fit_the_model(self, fails, models, data):
        error = fails(1, "synth", "--model", models / "images.safetensors", "--data", data / "orders.csv", says="")
        assert "images" in error

    def test_nan_in_images(self, fails, elsewhere):
        X = np.ones((6, 8, 8))
        X[2, 3, 4] = np.nan
        np.savez("d.npz", X=X, y=np.repeat([0, 1], 3))
        fails(1, "synth", "--data", "d.npz", says="must not contain NaN")

    def test_images_of_several_sizes(self, fails, elsewhere):
        (elsewhere / "d" / "cat").mkdir(parents=True)
        for size in (8, 9):
            Image.new("L", (size, size)).save(elsewhere / "d" / "cat" / f"{size}.png")
        fails(1, "synth", "--data", "d", says="give image_size")


class TestAsked:
    """How synth is asked, and what it answers to what it does not know."""

    def test_the_model_may_come_first(self, ok, fails, models, data):
        named = ok("synth", "--model", models / "orders.safetensors", "-n", 2, "-o", "a.csv", "-q", "--json")[0]
        first = ok("synth", models / "orders.safetensors", "-n", 2, "-o", "b.csv", "-q", "--json")[0]
        assert named["counts"] == first["counts"]
        assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
        both = ("synth", models / "orders.safetensors", "--model", models / "images.safetensors", "-o", "c")
        fails(2, *both, says="give one model")
        fails(2, "synth", data / "orders.csv", "-o", "c", says="holds data, not a model: --data")

    def test_german_input_is_written_back(self, ok, elsewhere):
        frame = pd.DataFrame({"betrag": np.arange(40) / 4, "plz": ["01067", "10115"] * 20, "art": list("ab") * 20})
        frame.to_csv("ein.csv", sep=";", decimal=",", index=False)
        style = ["--sep", ";", "--decimal", ",", "--max-steps", "3", "-q"]
        ok("synth", "--data", "ein.csv", "-n", 5, "-o", "aus.csv", *style)
        header, *rows = Path("aus.csv").read_text().splitlines()
        assert header == "betrag;plz;art" and len(rows) == 10
        assert all(re.fullmatch(r"\d+,\d+;(01067|10115);[ab]", row) for row in rows)

    def test_dates_and_codes_are_written_as_they_were(self, ok):
        days = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d")
        pd.DataFrame({"day": days, "zip": ["01067", "10115", "04109"] * 20, "y": list("ab") * 30}).to_csv(
            "d.csv", index=False
        )
        ok("synth", "--data", "d.csv", "-n", 200, "-o", "o.csv", "--max-steps", "3", "-q")
        made = pd.read_csv("o.csv", dtype=str)
        assert made["zip"].isin(["01067", "10115", "04109"]).all()
        assert made["day"].isin(days).all()  # the same grid, within the same range

    def test_a_missing_header(self, ok, fails):
        rows = "".join(f"{i}.5,{i % 7}.25,{'ab'[i % 2]}\n" for i in range(40))
        Path("d.csv").write_text(rows)
        fails(1, "synth", "--data", "d.csv", "-o", "o.csv", says="--no-header reads it as a row")
        ok("synth", "--data", "d.csv", "--no-header", "-n", 3, "-o", "o.csv", "--max-steps", "3", "-q")
        assert Path("o.csv").read_text().startswith("0,1,2\n")

    @pytest.mark.parametrize("command", ["synth", "pool"])
    def test_names_are_quoted_for_a_shell(self, ok, fails, command):
        images = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
        np.savez("d.npz", images=images, labels=["it's odd", "$HOME"] * 6)
        ok("train", "d.npz", "-o", "m.safetensors", "--max-steps", "2", "-q")
        for name, says in (("it's add", shlex.quote("it's odd")), ("none", "'$HOME', " + shlex.quote("it's odd"))):
            fails(2, command, "m.safetensors", "-c", name, "-o", "o", says=says)

    @pytest.mark.parametrize("command", ["train", "synth"])
    def test_a_wrong_target_is_a_wrong_command_line(self, fails, data, command):
        source = [data / "orders.csv"] if command == "train" else ["--data", data / "orders.csv"]
        fails(2, command, *source, "-o", "m", "--target", "frauds", says="did you mean 'fraud'?")

    @pytest.mark.filterwarnings("default")
    def test_a_class_of_one_row_is_warned_of(self, ok):
        frame = pd.DataFrame({"a": np.arange(40.0), "label": ["usual"] * 39 + ["rare"]})
        frame.to_csv("d.csv", index=False)
        _, err = ok("train", "d.csv", "-o", "m.safetensors", "--max-steps", "2", "-q")
        assert "warning: only one sample is there of class 'rare'" in err
        for again in (
            ["m.safetensors"],
            ["--data", "d.csv", "--max-steps", "2"],
            ["--data", "d.csv", "--max-steps", "2"],
        ):
            _, err = ok("synth", *again, "-n", 2, "-o", f"{len(list(Path().iterdir()))}.csv", "-q")
            assert "warning: only one sample is there of class 'rare'" in err


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
