"""How fast outputs are written, and in how much memory: images as PNG, rows as Parquet.

Three times each, for as many samples: the generator alone, the writing alone (one chunk that the generator made, again
and again), and ``ganaug synth``'s own way from the model to the finished, verified folder. Seconds of the clock and of
the processor, medians over the rounds; resident memory after the first and the last shard.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import ganaug
from ganaug.core.processes import Ranks
from ganaug.synthesis.shards import carry_out, samples, write_shards
from ganaug.synthesis.synthesize import plan_output
from ganaug.synthesis.verify import verify
from ganaug.synthesis.workspace import Workspace


class Repeating(ganaug.Synthesizer):
    """Stands for a model whose samples cost nothing."""

    encoded = digest = None

    def __init__(self, gan, n):
        self.codec, self.classes = gan.codec, gan.classes
        self.chunk = next(gan.sample_iter(n, label=gan.classes_[0], random_state=0))

    def sample_iter(self, n, **_):
        """Yield the same chunk until there are n samples."""
        while n > 0:
            yield self.chunk[:n]
            n -= len(self.chunk)


def resident():
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def timed(work):
    """Return seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(name, gan, n, output, folder, rounds):
    """Measure one kind of output, and print what was found."""
    plan, _ = plan_output(gan, n // len(gan.classes_), folder / "together", format=output, preview=False)
    shards = list(plan.shards())
    memory = []

    def make():
        for shard in shards:
            for _ in samples(gan, shard, plan):
                pass

    def write():
        for planned in plan.classes:
            (folder / "alone" / planned.folder).mkdir(parents=True)
        note = lambda shard, files: memory.append(resident())  # noqa: E731
        write_shards(Repeating(gan, plan.shard_size), plan, shards, folder / "alone", finished=note)

    def both():
        out = folder / "together"
        carry_out(gan, plan, Workspace(out), Ranks(), advance=lambda n: memory.append(resident()))

    seconds = {"generator alone, 1 thread": [], "writing alone": [], "together": []}
    spans = []
    for _ in range(rounds):
        torch.set_num_threads(1)
        seconds["generator alone, 1 thread"].append(timed(make))
        torch.set_num_threads(2)
        for what, work in (("writing alone", write), ("together", both)):
            memory.clear()
            seconds[what].append(timed(work))
            settled = memory[len(memory) // 10 :]  # the first chunks of every thread fill the allocators
            spans.append((memory[0], settled[0], memory[-1], max(settled) - min(settled)))
        assert verify(folder / "together").intact
        size = sum(path.stat().st_size for path in (folder / "together").rglob("*") if path.is_file())
        shutil.rmtree(folder / "alone")
        shutil.rmtree(folder / "together")
    print(f"{plan.n:,} {name}, {size / 1e6:,.0f} MB, {len(shards)} shards, medians of {rounds} rounds")
    for what, found in seconds.items():
        wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"  {what:27} {plan.n / wall:12,.0f} /s   {plan.n / cpu:12,.0f} per CPU-second")
    first, settled, last, spread = (statistics.median(column) for column in zip(*spans, strict=True))
    print(
        f"  resident MB: first chunk {first:,.0f}, after a tenth {settled:,.0f}, last {last:,.0f}; range {spread:,.0f}"
    )


def main():
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        if arguments.images:
            images = rng.integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
            gan = ganaug.train(images, np.arange(64) % 2, max_steps=20, random_state=0)
            measure("images of 32 × 32, RGB", gan, arguments.images, "images", Path(name), arguments.rounds)
        if arguments.rows:
            table = pd.DataFrame({f"x{i}": rng.normal(size=2000) for i in range(8)})
            table = table.assign(count=rng.integers(0, 100, 2000), kind=rng.choice(["a", "b", "c"], 2000))
            gan = ganaug.train(table, np.arange(2000) % 2, max_steps=50, random_state=0)
            measure("rows of 10 columns", gan, arguments.rows, "parquet", Path(name), arguments.rounds)


if __name__ == "__main__":
    main()
