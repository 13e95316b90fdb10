import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test starts in an empty folder, with an empty cache."""
    pytest.importorskip("typer")
    monkeypatch.setenv("GANAUG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture(autouse=True)
def quickly_judged(elsewhere, monkeypatch):
    """The network whose features images are compared by learns for three steps only."""
    monkeypatch.setattr("ganaug.evaluation.quick._STEPS", 3)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The same kind of thing as a folder of images, an .npz file and a table."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 8, 8), dtype=np.uint8)
    names = np.array(["cat", "dog", "teardrop"])
    labels = np.repeat([0, 1, 2], [10, 8, 6])
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / "images" / names[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / "images" / names[label] / f"{i}.png")
    np.savez(folder / "images.npz", images=images, labels=labels, class_names=names)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=40).round(2),
            "items": rng.integers(1, 9, 40),
            "kind": rng.choice(["shop", "web"], 40),
            "fraud": np.repeat(["no", "yes"], [30, 10]),
        }
    )
    frame.to_csv(folder / "orders.csv", index=False)
    frame.drop(columns="kind").to_csv(folder / "numbers.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def models(data, tmp_path_factory):
    """Checkpoints of the images and of the table."""
    from ganaug.cli.app import run

    folder = tmp_path_factory.mktemp("models")
    for name, source in (("images", "images.npz"), ("orders", "orders.csv"), ("numbers", "numbers.csv")):
        out = folder / f"{name}.safetensors"
        assert run(["train", str(data / source), "--out", str(out), "--max-steps", "3", "--quiet"]) == 0
    return folder


@pytest.fixture
def cli(capsys):
    """Run a command line; return exit code, stdout and stderr."""
    from ganaug.cli.app import run

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def ok(cli):
    """Run a command line that has to succeed; return stdout (parsed if it is JSON) and stderr."""

    def call(*arguments):
        code, out, err = cli(*arguments)
        assert code == 0, err
        return (json.loads(out) if "--json" in arguments else out), err

    return call


@pytest.fixture
def fails(cli, elsewhere):
    """Run a command line that has to fail with one line on stderr and leave the folder as it was."""

    def call(code, *arguments, says):
        before = tree(elsewhere)
        found, out, err = cli(*arguments)
        assert found == code, err
        assert out == ""
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert errors == err.splitlines()[-1:]
        assert "Traceback" not in err
        assert says in errors[0]
        assert tree(elsewhere) == before
        return errors[0]

    return call


def tree(folder):
    """Every path below a folder, hidden ones too, with the content of files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture(name="tree")
def tree_fixture():
    return tree


@pytest.fixture
def no_training(monkeypatch):
    """Make training fail the test."""

    def refuse(*args, **kwargs):
        raise AssertionError("trained")

    monkeypatch.setattr("ganaug.training.train.train", refuse)
