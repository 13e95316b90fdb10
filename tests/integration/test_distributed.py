"""Two real processes (gloo) train as one does."""

import json
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import two_processes
from children import CONTEXT


@pytest.fixture(scope="module")
def differences(tmp_path_factory):
    """Largest difference to one process after 8 steps (images: 3), by objective, kind of data and precision."""
    out = tmp_path_factory.mktemp("together") / "differences.json"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    both = [
        CONTEXT.Process(target=two_processes.main, args=(told | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, out))
        for rank in range(2)
    ]
    for process in both:  # what torchrun would start, which itself takes seconds
        process.start()
    for process in both:
        process.join(300)
    assert [process.exitcode for process in both] == [0, 0]
    return json.loads(out.read_text())


@pytest.mark.parametrize("kind", ["rows", "images"])
@pytest.mark.parametrize("objective", two_processes.OBJECTIVES)
def test_two_processes_train_the_model_of_one(differences, objective, kind):
    """In float64: in float32 Adam turns the rounding of gradients that cancel into steps (docs/experiments/distributed-and-resume.md)."""
    found = differences[f"{objective} {kind}"]
    assert found["weights"] < 1e-6
    assert found["history"] < 1e-5  # losses are float32


@pytest.mark.parametrize("kind", ["rows", "images"])
@pytest.mark.parametrize("objective", ["lsgan", "vanilla"])
def test_in_float32_where_no_gradient_cancels(differences, objective, kind):
    assert differences[f"{objective} {kind} float32"]["weights"] < 1e-4  # calibration magnifies what rounding left


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("odd batch", "ConfigError: batch_size=15 cannot be shared by 2 processes; use a multiple"),
        ("other data", "SchemaError: the 2 processes were given different data or settings; all need the same"),
        ("wrong world", "ConfigError: torchrun says process 0 of 3, the process group says 0 of 2"),
    ],
)
def test_what_cannot_be_shared_is_refused(differences, what, says):
    assert differences["refused"][what] == says


def test_seeds_are_agreed_on(differences):
    assert differences["unseeded"] is True


def test_without_torchrun_it_says_what_to_do(digit_images):
    import ganaug

    with pytest.raises(ganaug.ConfigError, match="needs torchrun: torchrun --nproc-per-node 2"):
        ganaug.train(*digit_images, max_steps=1, distributed=True)


@pytest.mark.slow
def test_the_command_line_under_torchrun_resumes_to_the_same_file(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60), "c": np.repeat([0, 1], [45, 15])})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "ganaug"]
    command = [*torchrun, "train", "rows.csv", "--max-steps", "2000", "--quiet"]

    def start(*arguments):
        return subprocess.Popen([*command, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True)

    def done(*arguments):
        with start(*arguments) as process:
            process.communicate()
        return process.returncode

    assert done("--out", "whole") == 0
    interrupted = start("--out", "m", "--snapshot-every", "50")
    while not (tmp_path / "m.resume").exists():
        assert interrupted.poll() is None
    interrupted.terminate()
    _, err = interrupted.communicate()
    assert "SIGTERM stopped training after step" in err
    assert done("--out", "m", "--resume") == 0
    assert (tmp_path / "m").read_bytes() == (tmp_path / "whole").read_bytes()
    assert not (tmp_path / "m.resume").exists()
