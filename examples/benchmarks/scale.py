"""Rows a second when sampling, and time and memory of over-sampling a large mixed table.

Memory is the peak of the process above what it held before, over the size of the frame.
"""

import argparse
import threading
import time

import numpy as np
import pandas as pd
import torch
from imblearn.over_sampling import RandomOverSampler

import ganaug
from ganaug import GANOverSampler


def mixed(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return 20 columns: numbers, integers, categories of 8 and 1,000 levels, a bool, a date, missing values."""
    columns = {f"number {i}": rng.normal(size=n) for i in range(8)}
    columns |= {f"integer {i}": rng.integers(0, 1000, n) for i in range(4)}
    columns |= {f"category {i}": pd.Categorical.from_codes(rng.integers(8, size=n), list("abcdefgh")) for i in range(4)}
    columns["identifier"] = pd.Categorical.from_codes(rng.integers(1000, size=n), [f"id{i}" for i in range(1000)])
    columns["bool"] = rng.random(n) < 0.3
    columns["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D")
    columns["missing"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    return pd.DataFrame(columns)


def resident() -> int:
    """Return the bytes of memory that this process holds (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def measured(sampler, X: pd.DataFrame, y: np.ndarray) -> tuple[float, float]:
    """Return seconds, and the peak above the start in multiples of the frame."""
    before, peak, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], resident())

    thread = threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    sampler.fit_resample(X, y)
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    return seconds, max(0, peak[0] - before) / X.memory_usage(deep=True).sum()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=200_000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    for name, X in (("10 numbers", rng.normal(size=(2000, 10))), ("20 mixed columns", mixed(2000, rng))):
        gan = ganaug.train(X, np.arange(2000) % 10 == 0, max_steps=30, random_state=0)
        gan.sample(1000, label=True)
        start = time.perf_counter()
        gan.sample(args.samples, label=True, random_state=0)
        print(f"sampling {name}: {args.samples / (time.perf_counter() - start):,.0f} rows/s")
    X, y = mixed(args.rows, rng), (rng.random(args.rows) < 0.005).astype(int)
    y[:10] = 1
    for sampler in (GANOverSampler(random_state=0), RandomOverSampler(random_state=0)):
        seconds, memory = measured(sampler, X, y)
        print(f"{type(sampler).__name__} on {args.rows:,} rows: {seconds:.1f} s, {memory:.1f} × the frame")


if __name__ == "__main__":
    main()
