"""Five hundred hostile inputs: one line, bounded memory, nothing lost."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.slow,
]
SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "hostile.py"


def test_hostile_inputs_are_answered_in_one_line():
    pytest.importorskip("typer")
    done = subprocess.run([sys.executable, SCRIPT, "--cases", "500"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("500 cases, 0 failed")
