import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ganaug

pytest.importorskip("typer")

from ganaug.cli.app import run
from ganaug.core.errors import CheckpointError

GANAUG = str(Path(sys.executable).with_name("ganaug"))
HEAVY = {"torch", "sklearn", "imblearn", "pandas"}


LIGHT = [
    (["--help"], 0),
    (["--version"], 0),
    (["synth", "--help"], 0),
    (["train", "--help"], 0),
    (["doctor", "--help"], 0),
    (["plugins", "--help"], 0),
    (["plugins", "--no-load"], 0),
    (["cache", "list"], 0),
    (["info", "M"], 0),
    (["snyth"], 2),
    (["train"], 2),
    (["train", "gone", "-o", "m"], 2),
    (["train", ".", "-o", "m", "--set", "widht=3"], 2),
    (["train", ".", "-o", "m", "--image-size", "big"], 2),
    (["info", "gone"], 2),
    (["info", "."], 1),
]
PROGRAM = f"""
import contextlib, io, json, sys
from ganaug.cli.app import run

for arguments, code in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        found = run(arguments)
    assert found == code, (arguments, found, err.getvalue())
    assert out.getvalue() if code == 0 else err.getvalue().startswith("error: "), arguments
    heavy = {HEAVY} & set(sys.modules)
    assert not heavy, f"{{arguments}} import {{heavy}}"
"""


def test_light_commands_import_nothing_heavy(models):
    """One after the other in one process: the first that imports something is named."""
    model = str(models / "images.safetensors")
    commands = [([model if part == "M" else part for part in arguments], code) for arguments, code in LIGHT]
    done = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(commands)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_import_of_the_package_is_light():
    code = f"import sys, ganaug; dir(ganaug); ganaug.TrainConfig; assert not {HEAVY} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_version(ok):
    assert ok("--version") == (f"ganaug {ganaug.__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(ok, arguments):
    out, err = ok(*arguments)
    assert all(command in out for command in ("train", "synth", "info", "cache"))
    assert err == ""


@pytest.mark.parametrize("command", ["train", "finetune", "synth", "pool", "info", "plugins", "doctor"])
def test_help_of_a_command(ok, command):
    out, _ = ok(command, "--help")
    assert ok("help", command)[0] == out
    assert f"ganaug {command}" in out
    assert "Usage" in out
    assert f"ganaug {command}" in out.split("Example", 1)[1].split("╭")[0]
    assert "--json" in out


@pytest.mark.parametrize("argument", ["snyth", "--nope"])
def test_unknown_command_or_option(fails, argument):
    fails(2, argument, says=f": {argument}" if argument == "--nope" else "'snyth'")


@pytest.mark.parametrize(
    ("option", "ours"), [("--epochs", "--max-steps"), ("--lr", "--learning-rate"), ("--label", "--target")]
)
def test_words_of_other_programs(fails, data, option, ours):
    says = f"no option {option}: ganaug calls it {ours}"
    fails(2, "train", data / "orders.csv", "-o", "m", option, "3", says=says)


def test_debug_shows_the_traceback(elsewhere):
    (elsewhere / "m").write_text("no model")
    with pytest.raises(CheckpointError):
        run(["--debug", "info", "m"])


def test_script_exits_with_the_code(elsewhere):
    (elsewhere / "m").write_text("no model")
    plain = subprocess.run([GANAUG, "info", "m"], capture_output=True, text=True, check=False)
    debug = subprocess.run([GANAUG, "--debug", "info", "m"], capture_output=True, text=True, check=False)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert plain.stderr == "error: m is no ganaug checkpoint, or its header is damaged\n"
    assert debug.returncode == 1
    assert "Traceback" in debug.stderr
    assert "CheckpointError: m is no" in debug.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a child")
def test_interrupt_while_synth_trains(elsewhere, tmp_path, tree):
    """Of ``ganaug train`` tests/integration/test_faults_train.py does it, with the state that is kept."""
    process = subprocess.Popen(
        [GANAUG, "synth", "--out", "m", "--class", "1", "--max-steps", "10000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job ignores it
    )
    try:
        assert any("training on" in process.stderr.readline() for _ in range(2))  # a note on the target comes first
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "interrupted; nothing was written"
    assert "Traceback" not in err
    assert not tree(elsewhere)
    assert not (tmp_path / "cache" / "models").exists()
