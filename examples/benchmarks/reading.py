"""Memory and seconds of reading a large table, against the memory of the table itself.

Writes a file of so many megabytes (numbers, whole numbers, categories, a few gaps), reads it in a process of its own,
and compares the growth of that process's peak with what the frame takes.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ganaug.data.readers import read

MEGABYTE = 1024 * (1024 if sys.platform == "darwin" else 1)  # ru_maxrss counts kilobytes, bytes on macOS


def write(path: Path, megabytes: int) -> None:
    """Write the table, the same rows again and again."""
    rng = np.random.default_rng(0)
    n = 20_000
    frame = pd.DataFrame(rng.normal(size=(n, 8)).round(4)).add_prefix("number_")
    frame["count"] = rng.integers(0, 10_000, n)
    frame["gaps"] = np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n).round(3))
    frame["city"] = rng.choice(["Oslo", "Lima", "Pune", "Kyoto"], n)
    frame["fraud"] = rng.choice(["no", "yes"], n, p=[0.98, 0.02])
    text = frame.to_csv(index=False)
    header, rows = text.split("\n", 1)
    with path.open("w") as handle:
        handle.write(header + "\n")
        for _ in range(max(int(megabytes * 2**20 / len(rows)), 1)):
            handle.write(rows)


def peak() -> float:
    """Return the peak of this process's memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def measure(path: Path, reader: str, connection) -> None:
    """Read in this process and send rows, seconds, the frame's megabytes and the growth of the peak."""
    pd.read_csv(path, nrows=10)  # what is imported on first use is not counted
    before, start = peak(), time.perf_counter()
    frame = read(path).X if reader == "ganaug" else pd.read_csv(path)
    seconds = time.perf_counter() - start
    connection.send((len(frame), seconds, frame.memory_usage(deep=True).sum() / 2**20, peak() - before))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500)
    args = parser.parse_args()
    print("reader        rows  seconds  frame MB  peak MB  × the frame")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, args.megabytes)
        for reader in ("ganaug", "pandas"):
            ours, theirs = multiprocessing.Pipe()
            context = multiprocessing.get_context("spawn")
            process = context.Process(target=measure, args=(path, reader, theirs))
            process.start()
            rows, seconds, own, grown = ours.recv()
            process.join()
            print(f"{reader:8} {rows:9,} {seconds:8.1f} {own:9.0f} {grown:8.0f} {grown / own:12.2f}")


if __name__ == "__main__":
    main()
