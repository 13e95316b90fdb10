"""Every example runs as a user would run it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ARGUMENTS = {
    "credit.py": [],
    "benchmarks/digits.py": ["--max-steps", "3"],
    "benchmarks/images.py": ["--max-steps", "3", "--steps", "3"],
    "benchmarks/tabular.py": ["--data", "small.csv"],
    "benchmarks/throughput.py": ["--sizes", "8,8x3", "--steps", "2", "--turns", "1"],
    "benchmarks/transfer.py": ["--source-steps", "2", "--steps", "1", "2", "--picture", "picture.png"],
}
SHOWN = {
    "credit.py": ["GANOverSampler", "threshold at the prior", "average_precision"],
    "benchmarks/digits.py": ["coverage", "distance ratio"],
    "benchmarks/images.py": ["recall of rare", "the GAN's alone", "distance ratio"],
    "benchmarks/tabular.py": ["mean rank", "GANOverSampler", "CPU-seconds"],
    "benchmarks/throughput.py": ["images/s", "ratio of medians"],
    "benchmarks/transfer.py": ["Fréchet distance", "scratch", "full/mixture", "Classes: new 5, 6, 7, 8, 9"],
}


def test_no_example_is_left_out():
    assert {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*.py")} == ARGUMENTS.keys()


@pytest.mark.parametrize("example", ARGUMENTS)
def test_example_runs(example, tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y", None], 80), "c": rng.integers(0, 5, 80)})
    rows.assign(kind=np.where(np.arange(80) < 15, "rare", "usual")).to_csv(tmp_path / "small.csv", index=False)
    command = [sys.executable, EXAMPLES / example, *ARGUMENTS[example]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in SHOWN[example])
