import json

import numpy as np
import pytest
from ganaug.cli.app import run
from PIL import Image


@pytest.fixture(autouse=True)
def cells(digits, tmp_path, monkeypatch):
    X, y = digits
    for k, name in ((5, "normal"), (6, "teardrop")):
        (tmp_path / "cells" / name).mkdir(parents=True)
        for i, image in enumerate(X[y == k][:12]):
            Image.fromarray(image).save(tmp_path / "cells" / name / f"{i}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def translate(*arguments):
    return run(["translate", "cells", "--from", "normal", "--to", "teardrop", "--quiet", *arguments])


def test_translating_a_folder(cells, capsys):
    options = ["--max-steps", "2", "--save", "t.safetensors", "--licence", "CC0", "--json"]
    assert translate("--out", "made", *options) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["steps"], told["to"]) == (12, 2, "teardrop")
    made = sorted((cells / "made" / "teardrop").glob("*.png"))
    assert [path.name for path in made][:2] == ["000000.png", "000001.png"] and len(made) == 12
    assert pixels(cells / "made" / "preview.png").shape[1] > 300
    manifest = json.loads((cells / "made" / "manifest.json").read_text())
    assert manifest["provenance"]["licence"] == "CC0" and len(manifest["files"]) == 13
    assert not (cells / "made.resume").exists()

    assert translate("--out", "again", "--model", "t.safetensors") == 0
    for path in made:
        assert np.array_equal(
            np.asarray(Image.open(path)), np.asarray(Image.open(cells / "again/teardrop" / path.name))
        )


def test_nothing_is_overwritten_unasked_and_nothing_foreign_ever(cells, capsys):
    assert translate("--out", "made", "--max-steps", "1") == 0
    assert translate("--out", "made", "--max-steps", "1") == 1
    assert "exists already" in capsys.readouterr().err
    assert translate("--out", "made", "--max-steps", "1", "--overwrite") == 0
    (cells / "made" / "thesis.txt").write_text("three years")
    assert translate("--out", "made", "--max-steps", "1", "--overwrite") == 1
    assert "holds thesis.txt, which was not written here" in capsys.readouterr().err
    assert (cells / "made" / "thesis.txt").read_text() == "three years"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["gone", "--from", "a", "--to", "b"], 2, "there is no file or folder gone"),
        (["cells", "--from", "normla", "--to", "teardrop"], 1, "did you mean 'normal'"),
        (["cells", "--from", "normal", "--to", "teardrop", "--model", "m"], 2, "no file m"),
        (["cells", "--from", "normal", "--to", "teardrop", "--set", "widht=3"], 2, "'width'"),
        (["cells", "--to", "teardrop"], 2, "--from"),
    ],
)
def test_mistakes_are_one_line(cells, capsys, arguments, code, says):
    assert run(["translate", "--out", "o", *arguments]) == code
    err = capsys.readouterr().err
    assert says in err and "Traceback" not in err
    assert not (cells / "o").exists()


@pytest.mark.parametrize("command", ["translate", "restore"])
def test_help(capsys, command):
    assert run([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"ganaug {command}" in out and "Example" in out


@pytest.fixture
def photographs(cells):
    """Gray of 8 bits, RGB of 16 bits; of different sizes, in subfolders."""
    rng = np.random.default_rng(0)
    (cells / "in" / "deep").mkdir(parents=True)
    Image.fromarray(rng.integers(0, 256, (40, 30), dtype=np.uint8)).save(cells / "in" / "a.png")
    wide = rng.integers(0, 65536, (20, 26), dtype=np.uint16)
    Image.fromarray(wide).save(cells / "in" / "deep" / "b.png")
    return cells / "in"


def test_restoring_a_folder_keeps_names_sizes_and_depth(photographs, cells, capsys):
    small = ["--set", "crop=16", "--set", "width=8", "--max-steps", "2", "--quiet"]
    good = cells / "cells"
    options = ["--train-on", str(good), "--save", "r.safetensors"]
    assert run(["restore", "in", "--task", "superres", "--out", "large", *options, *small]) == 0
    assert pixels(cells / "large" / "a.png").shape == (80, 60)
    deep = pixels(cells / "large" / "deep" / "b.png")
    assert deep.shape == (40, 52) and deep.max() > 20_000
    assert run(["restore", "in", "--model", "r.safetensors", "--out", "again", "--quiet"]) == 0
    assert np.array_equal(pixels(cells / "again" / "deep" / "b.png"), deep)
    assert run(["restore", "in", "--model", "r.safetensors", "--task", "denoise", "--out", "o"]) == 2
    assert "is a restorer for 'superres'" in capsys.readouterr().err


def test_only_what_is_hidden_is_painted(photographs, cells, capsys):
    for name in ("a.png", "deep/b.png"):
        (cells / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        mask = np.zeros(pixels(photographs / name).shape, np.uint8)
        mask[3:9, 4:8] = 255
        Image.fromarray(mask).save(cells / "masks" / name)
    options = ["--task", "inpaint", "--train-on", "cells", "--max-steps", "2", "--quiet", "--save", "r.safetensors"]
    assert run(["restore", "in", "--mask", "masks", "--out", "whole", *options]) == 0
    for name in ("a.png", "deep/b.png"):
        before, after = pixels(photographs / name), pixels(cells / "whole" / name)
        assert after.dtype == before.dtype
        changed = np.argwhere(before != after)
        assert len(changed) and changed.min(0).tolist() >= [3, 4] and changed.max(0).tolist() <= [8, 7]
    (cells / "masks" / "a.png").unlink()
    assert run(["restore", "in", "--mask", "masks", "--model", "r.safetensors", "--out", "o"]) == 1
    assert "no mask named a.png" in capsys.readouterr().err
    assert run(["restore", "in", "--model", "r.safetensors", "--out", "o"]) == 2
    assert "needs masks, or a colour" in capsys.readouterr().err
    assert not (cells / "o").exists()
