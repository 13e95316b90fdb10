"""ganaug synth under faults: every run is a process of its own, and the faults are real."""

import os
import random
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from children import CONTEXT

import ganaug

pytest.importorskip("typer")

from ganaug.cli.app import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and forks of Linux")

SEED = ["--seed", "7", "--quiet"]


def child(folder, arguments, environment, limit, fault):
    """Run the command line in this process; `fault` is a signal and the file event that it strikes at."""
    os.chdir(folder)
    os.environ.update(environment)
    log = os.open("../log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server ignores it
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if fault is not None:
        strike_at(*fault)
    os._exit(run(arguments))


def strike_at(number, event):
    """Send this process a signal at its n-th look at, or change of, a file of the output."""
    seen = 0

    def hook(name, arguments):
        nonlocal seen
        if name in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"):
            if any(
                isinstance(path, (str, os.PathLike))
                and "out" in str(path).split("/")[-1:][0]
                or ".partial" in str(path)
                for path in arguments
            ):
                seen += 1
                if seen == event:
                    os.kill(os.getpid(), number)

    sys.addaudithook(hook)


class Process:
    def __init__(self, folder, *arguments, environment=None, limit=None, fault=None):
        self.folder = folder
        arguments = [str(argument) for argument in arguments]
        self.process = CONTEXT.Process(target=child, args=(folder, arguments, environment or {}, limit, fault))
        self.process.start()

    def wait(self):
        self.process.join(120)
        assert self.process.exitcode is not None, "it hangs"
        return self.process.exitcode

    @property
    def log(self):
        return (self.folder.parent / "log").read_text()


def synth(folder, *arguments, **faults):
    """Run to the end; return exit code and what was printed."""
    process = Process(folder, "synth", *arguments, *SEED, **faults)
    return process.wait(), process.log


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 8, 8), dtype=np.uint8)
    ganaug.train(images, np.repeat(["cat", "dog"], 12), max_steps=2, random_state=0).save(folder / "images")
    large = rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    ganaug.train(large, np.repeat(["cat", "dog"], 4), max_steps=1, random_state=0).save(folder / "large")
    rows = pd.DataFrame({"amount": rng.normal(size=40), "kind": rng.choice(["shop", "web"], 40)})
    ganaug.train(rows, np.repeat(["no", "yes"], 20), max_steps=2, random_state=0).save(folder / "table")
    numbers = rng.normal(size=(40, 3))
    ganaug.train(numbers, np.repeat([0, 1], 20), max_steps=2, random_state=0).save(folder / "numbers")
    return folder


@pytest.fixture
def work(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


OUTPUTS = {
    "images": ["--model", "images", "-n", "5", "--shard-size", "2", "--out", "out"],
    "large": ["--model", "large", "-n", "2", "--shard-size", "2", "--no-preview", "--out", "out"],
    "csv": ["--model", "table", "-n", "500", "--shard-size", "200", "--out", "out"],
    "parquet": ["--model", "table", "-n", "50", "--shard-size", "20", "--out", "out.parquet"],
    "npz": ["--model", "numbers", "-n", "50", "--shard-size", "20", "--out", "out.npz"],
}


@pytest.fixture(scope="module")
def undisturbed(models, tmp_path_factory):
    """What each output is when nothing happens."""
    found = {}
    for name, arguments in OUTPUTS.items():
        folder = tmp_path_factory.mktemp(name) / "work"
        folder.mkdir()
        assert synth(folder, *at(models, arguments)) == (0, (folder.parent / "log").read_text())
        found[name] = tree(folder)
    return found


def at(models, arguments):
    return [str(models / arguments[1]) if part == arguments[1] else part for part in arguments]


def moments(name, number, n=1):
    """Some file events to strike at; the slow suite tries all."""
    return [pytest.param(name, number, event) for event in random.Random(name + str(number)).sample(range(1, 40), n)]


@pytest.mark.parametrize(
    ("name", "number", "event"),
    [
        *moments("images", signal.SIGKILL, 3),
        *moments("csv", signal.SIGKILL),
        *moments("parquet", signal.SIGKILL, 2),
        *moments("npz", signal.SIGKILL),
        *moments("images", signal.SIGTERM),
        *moments("images", signal.SIGINT, 2),
    ],
)
def test_killed_and_resumed_gives_the_same_bytes(name, number, event, models, work, undisturbed):
    arguments = at(models, OUTPUTS[name])
    code, log = synth(work, *arguments, fault=(number, event))
    finished = code == 0
    assert code in (0, -number, 130)
    if not finished:
        assert not (work / OUTPUTS[name][-1]).exists() or event > 20
        assert number != signal.SIGINT or "interrupted; " in log.splitlines()[-1]
    left = tree(work)
    if any(path.startswith(f".{OUTPUTS[name][-1]}.partial") for path in left):
        code, log = synth(work, *arguments)
        assert code == 1
        assert "an interrupted run of" in log and "--resume continues it, --overwrite starts anew" in log
        assert {path for path in tree(work) if not path.endswith(".lock")} == {
            p for p in left if not p.endswith(".lock")
        }
    code, log = synth(work, *arguments, "--resume")
    assert code == 0, log
    assert tree(work) == undisturbed[name]


@pytest.mark.slow
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
def test_killed_anywhere(name, overwrite, models, work, undisturbed):
    arguments = at(models, OUTPUTS[name])
    for event in range(1 + overwrite, 100, 3):
        for path in sorted(work.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if overwrite:
            assert synth(work, *arguments, "--seed", "8")[0] == 0
        before = tree(work)
        code, _ = synth(work, *arguments, *["--overwrite"] * overwrite, fault=(signal.SIGKILL, event))
        if code == 0:
            assert event > 20
            return
        there = {path: content for path, content in tree(work).items() if not path.startswith(".")}
        manifests = {f"{OUTPUTS[name][-1]}.manifest.json"}
        whole = {key: content for key, content in there.items() if key not in manifests}
        assert not whole or whole in [
            {k: v for k, v in t.items() if k not in manifests} for t in (before, undisturbed[name])
        ]
        code, log = synth(work, *arguments, "--resume", *["--overwrite"] * overwrite)
        assert code == 0, log
        assert tree(work) == undisturbed[name], event


def test_killed_twice_and_resumed_by_another_number_of_threads(models, work, undisturbed):
    arguments = at(models, OUTPUTS["images"])
    for event in (12, 9):
        assert synth(work, *arguments, "--resume", fault=(signal.SIGKILL, event))[0] == -signal.SIGKILL
    assert synth(work, *arguments, "--resume", environment={"OMP_NUM_THREADS": "4"})[0] == 0
    assert tree(work) == undisturbed["images"]


def test_damaged_shard_is_made_again(models, work, undisturbed):
    arguments = at(models, OUTPUTS["images"])
    assert synth(work, *arguments, fault=(signal.SIGKILL, 20))[0] == -signal.SIGKILL
    finished = sorted((work / ".out.partial" / "content").rglob("*.png"))
    finished[0].write_bytes(b"")
    finished[1].unlink()
    with (work / ".out.partial" / "journal-0.jsonl").open("ab") as journal:
        journal.write(b'[[0, false, 1], {"cat/0000')  # as a loss of power leaves it
    assert synth(work, *arguments, "--resume")[0] == 0
    assert tree(work) == undisturbed["images"]


def test_resume_with_other_settings_is_refused(models, work, undisturbed):
    arguments = at(models, OUTPUTS["images"])
    assert synth(work, *arguments, fault=(signal.SIGKILL, 20))[0] == -signal.SIGKILL
    before = tree(work)
    changes = {
        "seed is 7, not 9": ["--seed", "9"],
        "shard_size is 2, not 3": ["--shard-size", "3"],
        "output is images, not npz": ["--format", "npz"],
        "classes is 5 of 'cat', 5 of 'dog', not 5 of 'cat'": ["--class", "cat"],
        "preview is True, not False": ["--no-preview"],
        "truncation is None, not 1.5": ["--truncation", "1.5"],
        "shard is None, not (0, 2)": ["--shard", "0/2"],
    }
    for says, change in changes.items():
        process = Process(work, "synth", *arguments, *SEED, *change, "--resume")
        assert process.wait() == 1
        assert f"the interrupted run of out has other settings: {says}" in process.log
        assert len(process.log.splitlines()) == 1
        assert {path: content for path, content in tree(work).items() if path != ".out.lock"} == {
            path: content for path, content in before.items() if path != ".out.lock"
        }
    assert synth(work, *arguments, "--overwrite")[0] == 0
    assert tree(work) == undisturbed["images"]


@pytest.mark.parametrize(
    ("name", "what", "kept", "existing"),
    [
        ("large", "out/cat/000000.png", 0, False),
        ("images", "out/manifest.json", 6, False),
        ("images", "out/manifest.json", 6, True),
        ("csv", "out/no/00000.csv", 0, False),
        ("parquet", "out.parquet", 6, True),
        ("npz", "out.npz", 6, False),
    ],
)
def test_full_disk(name, what, kept, existing, models, work, undisturbed):
    arguments = [*at(models, OUTPUTS[name]), *["--no-preview"] * (name == "images")]
    if existing:
        assert synth(work, *arguments, "--seed", "8")[0] == 0
    before = tree(work)
    sizes = {path: len(content) for path, content in undisturbed[name].items() if content is not None}
    less = 200 if name == "images" else 1  # without a preview the manifest has a line less
    code, log = synth(work, *arguments, "--overwrite", limit=sizes[what] - less)
    assert code == 1, log
    assert len(log.splitlines()) == 1
    assert log.startswith(f"error: cannot write {OUTPUTS[name][-1]}: File too large")
    goes_on = "--resume goes on from there" in log
    assert goes_on or not kept  # another shard may be finished before the one that finds no room
    left = {path: content for path, content in tree(work).items() if not path.startswith(".")}
    assert left == before
    code, log = synth(work, *arguments, *(["--resume"] if goes_on else ["--overwrite"]))
    assert code == 0, log
    if name != "images":  # which has a preview there
        assert tree(work) == undisturbed[name]


def test_second_process_is_refused_until_the_first_is_gone(models, work, undisturbed):
    arguments = at(models, OUTPUTS["images"])
    first = Process(work, "synth", *arguments, *SEED, fault=(signal.SIGSTOP, 15))
    wait_until_stopped(first.process.pid)
    for more in ([], ["--resume"], ["--overwrite"]):
        before = tree(work)
        code, log = synth(work, *arguments, *more)
        assert code == 1
        assert log == "error: another process is writing out; wait for it, or choose another name\n"
        assert tree(work) == before
    os.kill(first.process.pid, signal.SIGKILL)
    first.wait()
    assert synth(work, *arguments, "--resume")[0] == 0
    assert tree(work) == undisturbed["images"]


def wait_until_stopped(pid):
    for _ in range(600):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.05)
    raise AssertionError("it does not stop")


def torchrun(folder, arguments, *, faults=(None, None)):
    """Start two processes with what torchrun tells them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    return [
        Process(folder, "synth", *arguments, *SEED, environment={**told, "RANK": str(rank)}, fault=fault)
        for rank, fault in enumerate(faults)
    ]


@pytest.mark.parametrize("name", ["images", "parquet"])
def test_two_processes_write_what_one_does(name, models, work, undisturbed):
    assert [process.wait() for process in torchrun(work, at(models, OUTPUTS[name]))] == [0, 0]
    assert tree(work) == undisturbed[name]
    assert [process.wait() for process in torchrun(work, at(models, OUTPUTS[name]))] == [1, 1]
    assert tree(work) == undisturbed[name]


@pytest.mark.parametrize("faults", [((signal.SIGKILL, 14), None), (None, (signal.SIGKILL, 3))])
def test_one_of_two_processes_is_killed(faults, models, work, undisturbed):
    arguments = at(models, OUTPUTS["images"])
    codes = [process.wait() for process in torchrun(work, arguments, faults=faults)]
    assert sorted(codes) == [-9, 1]
    assert not (work / "out").exists()
    assert synth(work, *arguments, "--resume")[0] == 0
    assert tree(work) == undisturbed["images"]


def test_folders_that_refuse(models, work):
    arguments = ["--model", str(models / "images"), "-n", "2"]
    (work / "file").touch()
    assert synth(work, *arguments, "--out", "file/out")[1].endswith("file is not a folder\n")
    (work / "closed").mkdir(mode=0o555)
    if os.geteuid() != 0:  # root may write anywhere
        code, log = synth(work, *arguments, "--out", "closed/out")
        assert code == 1 and log.startswith("error: cannot write closed/out: no permission to write in ")
        assert synth(work, *arguments, "--out", "closed/a/out")[0] == 1
    assert sorted(tree(work)) == ["closed", "file"]
