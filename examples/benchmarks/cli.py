"""Milliseconds of commands that should answer at once: help, info, errors.

Each runs in a process of its own, as a user would start it; the median of several runs is printed, beside that of a
bare Python interpreter.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import ganaug

PROGRAM = "import sys; from ganaug.cli import main; main()"
COMMANDS = [
    ["--version"],
    ["--help"],
    ["train", "--help"],
    ["synth", "--help"],
    ["doctor", "--help"],
    ["plugins", "--no-load"],
    ["cache", "list"],
    ["info", "model.safetensors"],
    ["info", "gone.safetensors"],
    ["train"],
    ["trian"],
]


def median(command: list[str], folder: Path, runs: int) -> float:
    """Return the median of the seconds that a process takes."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ganaug.train(rng.normal(size=(40, 3)), np.arange(40) % 2, max_steps=2).save(folder / "model.safetensors")
        print(f"{'command':28}  median ms of {args.runs}")
        print(f"{'(Python alone)':28}  {1000 * median([sys.executable, '-c', ''], folder, args.runs):9.0f}")
        for command in COMMANDS:
            taken = median([sys.executable, "-c", PROGRAM, *command], folder, args.runs)
            print(f"{' '.join(['ganaug', *command]):28}  {1000 * taken:9.0f}")


if __name__ == "__main__":
    main()
