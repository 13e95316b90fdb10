import shutil

import pytest

pytest.importorskip("typer")

from ganaug.cli.app import run


@pytest.fixture(scope="module")
def synth(models):
    return ("synth", "--model", str(models / "images.safetensors"), "-n", "7", "--shard-size", "2", "--quiet")


@pytest.fixture(scope="module")
def written(synth, tmp_path_factory):
    """A whole output, the same in three parts, and parts of others."""
    folder = tmp_path_factory.mktemp("parts")
    outputs = {
        "whole": [],
        **{f"p{k}": ["--shard", f"{k}/3"] for k in range(3)},
        "seed": ["--shard", "2/3", "--seed", "5"],
        "n": ["--shard", "2/3", "-n", "8"],
        "halves": ["--shard", "1/2"],
    }
    for name, options in outputs.items():
        assert run([*synth, *options, "--out", str(folder / name)]) == 0
    shutil.copytree(folder / "p1", folder / "copy")
    return folder


@pytest.fixture
def parts(written, elsewhere):
    for name in ("whole", "p0", "p1", "p2"):
        shutil.copytree(written / name, elsewhere / name)
    return elsewhere


@pytest.mark.parametrize("move", [False, True])
def test_parts_become_the_whole(ok, parts, tree, move):
    before = tree(parts)
    result, _ = ok("merge", "p1", "p2", "p0", "--out", "m", "--json", *["--move"] * move)
    assert result == {"out": "m", "counts": {"cat": 7, "dog": 7, "teardrop": 7}, "files": 22}
    assert tree(parts / "m") == tree(parts / "whole")
    left = {path for path in before if not (move and path[0] == "p")}
    assert {path for path in tree(parts) if not path.startswith("m")} == left


def test_with_real_samples(ok, data, elsewhere, tree):
    balance = ("synth", "--balance", data / "orders.csv", "--include-real", "--shard-size", 4, "--max-steps", 3, "-q")
    ok(*balance, "-o", "whole")
    for k in range(2):
        ok(*balance, "-o", f"p{k}", "--shard", f"{k}/2")
    ok("merge", "p0", "p1", "-o", "m")
    assert tree(elsewhere / "m") == tree(elsewhere / "whole")


def test_classes_made_apart(ok, parts, synth, tree):
    for name in ("cat", "dog", "teardrop"):
        ok(*synth, "-c", name, "-o", name, "--no-preview")
    ok(*synth, "-o", "plain", "--no-preview")
    ok("merge", "teardrop", "cat", "dog", "-o", "m")
    assert tree(parts / "m") == tree(parts / "plain")


@pytest.mark.parametrize(
    ("folders", "says"),
    [
        (["p0", "p1"], "class 'cat' is not whole: the part of --shard 2/3 is missing"),
        (["p0", "p1", "p2", "whole"], "the folders overlap: class 'cat' is in more than one of them"),
        (["p0", "p1", "p2", "p0"], "a folder is named twice"),
        (["p0", "p1", "copy"], "the folders overlap"),
        (["p0", "p1", "seed"], "p0: seed is 5, not 0"),
        (["p0", "p1", "n"], "other numbers of class 'cat'"),
        (["p0", "p1", "halves"], "the folders overlap"),
    ],
)
def test_parts_that_do_not_fit(fails, written, folders, says):
    folders = [written / name for name in folders]
    fails(1, "merge", *folders, "-o", "m", says=says)


@pytest.mark.parametrize("fault", ["missing", "altered"])
def test_damaged_part(fails, parts, fault):
    path = parts / "p1" / "dog" / "000002.png"
    path.unlink() if fault == "missing" else path.write_bytes(b"x")
    fails(1, "merge", "p0", "p1", "p2", "-o", "m", "--move", says="ganaug verify p1 lists what else")


@pytest.mark.parametrize("out", ["p0", "p0/m", "."])
def test_output_among_the_parts(fails, parts, out):
    arguments = ["p0", "p1", "p2", "--out", out, "--move", "--overwrite"]
    fails(1, "merge", *arguments, says="is, holds or is inside p0, which is to be merged")


def test_existing_output(ok, fails, parts, tree):
    (parts / "m").mkdir()
    fails(1, "merge", "p0", "p1", "p2", "-o", "m", says="m exists already")
    ok("merge", "p0", "p1", "p2", "-o", "m", "--overwrite")
    assert tree(parts / "m") == tree(parts / "whole")
