"""Training meets with kills, full disks and rivals, in processes of its own; nothing is lost and nothing is half."""

import os
import random
import signal
import time

import numpy as np
import pandas as pd
import pytest
from children import Child, run

import ganaug

OPTIONS = ("--quiet", "--snapshot-every", "7", "--set", "width=8", "--set", "batch_size=16")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A table, images, and a model of the table."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60), "c": np.repeat([0, 1], [45, 15])})
    frame.to_csv(folder / "rows.csv", index=False)
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.savez(folder / "images.npz", images=images, labels=np.arange(40) % 3 // 2)
    gan = ganaug.train(frame[["a", "b"]], frame["c"], max_steps=2, width=8, random_state=3, device="cpu")
    gan.save(folder / "source.safetensors")
    return folder


COMMANDS = {
    "rows": ("train", "rows.csv", "--max-steps", 61),
    "many discriminator steps": ("train", "rows.csv", "--max-steps", 31, "--objective", "wgan"),
    "images": ("train", "images.npz", "--max-steps", 31, "--objective", "hinge"),
    "finetune": ("finetune", "rows.csv", "--from", "source.safetensors", "--method", "ewc", "--max-steps", 41),
}


def command(data, name):
    return [
        data / word if str(word).endswith((".csv", ".npz", "source.safetensors")) else word for word in COMMANDS[name]
    ]


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory):
    made = {}

    def model(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("undisturbed")
            assert run(folder, *command(data, name), "--out", "m", *OPTIONS)[0] == 0
            made[name] = (folder / "m").read_bytes()
        return made[name]

    return model


def files(folder):
    return {path.name for path in folder.iterdir()} - {"out.txt", "err.txt"}


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("rows", signal.SIGKILL, -9),
        ("rows", signal.SIGTERM, 143),
        ("rows", signal.SIGINT, 130),
        ("many discriminator steps", signal.SIGTERM, 143),
        ("images", signal.SIGKILL, -9),
        ("finetune", signal.SIGTERM, 143),
    ],
)
def test_killed_twice_at_random_and_resumed_it_is_the_same_file(data, undisturbed, tmp_path, name, number, code):
    arguments = *command(data, name), "--out", "m", *OPTIONS
    seed = random.randrange(2**32)  # another one each time; pytest shows it if the test fails
    rng = random.Random(seed)
    for resume in ([], ["--resume"]):
        found, lines = run(tmp_path, *arguments, *resume, stop=(number, "step", rng.randrange(8, 16)))
        assert found == code
        assert "m" not in files(tmp_path)
        if number != signal.SIGKILL:
            assert f"{number.name} stopped training after step" in lines[-1]
            assert "its state is in m.resume: go on with --resume" in lines[-1]
    assert run(tmp_path, *arguments, "--resume")[0] == 0
    assert (tmp_path / "m").read_bytes() == undisturbed(name)
    assert files(tmp_path) <= {"m", *(name for name in files(tmp_path) if name.endswith(".partial"))}


def test_killed_while_the_state_is_written_the_last_one_counts(data, undisturbed, tmp_path):
    arguments = *command(data, "rows"), "--out", "m", *OPTIONS
    assert run(tmp_path, *arguments, stop=(signal.SIGKILL, "write", 5))[0] == -9
    assert ganaug.load(tmp_path / "m.resume").step == 14
    assert run(tmp_path, *arguments, "--resume") == (0, [])
    assert (tmp_path / "m").read_bytes() == undisturbed("rows")


def test_killed_before_the_first_state_it_starts_anew_and_says_so(data, undisturbed, tmp_path):
    arguments = *command(data, "rows"), "--out", "m", *OPTIONS
    assert run(tmp_path, *arguments, stop=(signal.SIGKILL, "step", 2))[0] == -9
    assert "m.resume" not in files(tmp_path)
    code, lines = run(tmp_path, *arguments[:6], "--snapshot-every", "never", *OPTIONS[3:], "--resume")
    assert code == 0
    assert lines[0] == "there is no m.resume: starting from the beginning"
    assert (tmp_path / "m").read_bytes() == undisturbed("rows")


def test_a_left_over_state_is_told_about_and_neither_used_nor_deleted(data, undisturbed, tmp_path):
    arguments = *command(data, "rows"), "--out", "m", *OPTIONS
    run(tmp_path, *arguments, stop=(signal.SIGKILL, "step", 30))
    state = (tmp_path / "m.resume").read_bytes()
    code, lines = run(tmp_path, *arguments)
    assert code == 1
    assert lines == [
        "error: m.resume is the state of an interrupted training: go on with --resume, or start anew with --overwrite"
    ]
    assert (tmp_path / "m.resume").read_bytes() == state
    assert run(tmp_path, *arguments, "--overwrite") == (0, [])
    assert (tmp_path / "m").read_bytes() == undisturbed("rows")
    assert "m.resume" not in files(tmp_path)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (["--seed", "5"], "seed was 0, now 5"),
        (["--learning-rate", "0.5"], "learning_rate was 0.001, now 0.5"),
        (["--target", "b"], "the data are not the same"),
    ],
)
def test_resuming_with_something_else_is_refused(data, tmp_path, changed, says):
    arguments = *command(data, "rows"), "--out", "m", *OPTIONS
    run(tmp_path, *arguments, stop=(signal.SIGKILL, "step", 30))
    state = (tmp_path / "m.resume").read_bytes()
    code, lines = run(tmp_path, *arguments, "--resume", *changed)
    assert code == 2 and len(lines) == 1
    assert lines[0].startswith("error: m.resume is the state of another training: ") and says in lines[0]
    assert (tmp_path / "m.resume").read_bytes() == state


def test_no_room_for_the_state(data, tmp_path):
    arguments = *command(data, "rows"), "--out", "m", *OPTIONS
    assert run(tmp_path, *arguments, limit=20_000) == (1, ["error: cannot write m.resume: File too large"])
    assert files(tmp_path) == set()
    run(tmp_path, *arguments, stop=(signal.SIGKILL, "step", 30))
    state = (tmp_path / "m.resume").read_bytes()
    left = files(tmp_path)
    code, lines = run(tmp_path, *arguments, "--resume", limit=20_000)
    assert code == 1 and lines == ["error: cannot write m.resume: File too large"]
    assert (tmp_path / "m.resume").read_bytes() == state
    assert files(tmp_path) <= left


def test_no_room_for_the_model(data, undisturbed, tmp_path):
    (tmp_path / "m").write_text("precious")
    arguments = *command(data, "rows"), "--out", "m", "--overwrite", "--quiet", *OPTIONS[3:]
    code, lines = run(tmp_path, *arguments, "--snapshot-every", "never", limit=5_000)
    assert (code, lines) == (1, ["error: cannot write m: File too large"])
    assert (tmp_path / "m").read_text() == "precious"
    assert files(tmp_path) == {"m"}


def test_a_second_training_of_the_same_file_is_sent_away(data, undisturbed, tmp_path):
    arguments = *command(data, "rows"), "--out", tmp_path / "m", *OPTIONS
    (tmp_path / "second").mkdir()
    first = Child(tmp_path, *arguments, stop=(signal.SIGSTOP, "step", 20))
    deadline = time.monotonic() + 60
    while not (tmp_path / "m.resume").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    for resume in ([], ["--resume"], ["--overwrite"]):
        code, lines = run(tmp_path / "second", *arguments, *resume)
        assert code == 1
        assert lines == [f"error: another training is writing {tmp_path / 'm'}; wait for it, or choose another name"]
    while (tmp_path / "m.resume").exists() and time.monotonic() < deadline:
        os.kill(first.process.pid, signal.SIGCONT)
        time.sleep(0.05)
    assert first.end() == (0, [])
    assert (tmp_path / "m").read_bytes() == undisturbed("rows")
