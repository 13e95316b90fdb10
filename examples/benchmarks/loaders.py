"""What synthetic samples cost a DataLoader: time per sample against the bare data set, and memory per worker.

    python examples/benchmarks/loaders.py
    python examples/benchmarks/loaders.py --pool-samples 1000000 --memory

Images of 32 × 32 RGB. Every arm runs once a round, in another order each round, and the first round is left out. What
counts is the median over the rounds; beside it the fastest round, which a busy machine disturbs least.
``--memory`` reads all over a pool in forked and spawned workers and prints by how much they grew.
"""

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, default_collate
from torchvision.transforms import v2

from ganaug import GANReplace, Pool, SyntheticMix
from ganaug.core.classes import Classes
from ganaug.loops.pool import write

SIDE, CLASSES = 32, 10
TO_TENSOR = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
AUGMENT = v2.Compose([v2.RandomCrop(SIDE, padding=4), v2.RandomHorizontalFlip(), TO_TENSOR])


class Images(Dataset):
    """Images in memory, one rare class in two; as tensors, or as PIL images with a transform, as CIFAR10 is."""

    def __init__(self, n: int, transform=None) -> None:
        rng = np.random.default_rng(0)
        self.images = torch.from_numpy(rng.integers(0, 256, (n, 3, SIDE, SIDE), dtype=np.uint8))
        self.targets = rng.choice(CLASSES, n, p=np.repeat([0.19, 0.01], CLASSES // 2)).tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, i):
        if self.transform is None:
            return self.images[i], self.targets[i]
        return self.transform(Image.fromarray(self.images[i].permute(1, 2, 0).numpy())), self.targets[i]


def made_up_pool(path: Path, n: int) -> Pool:
    """Write a pool of noise: what the pixels are makes no difference here."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1000, 3, SIDE, SIDE), dtype=np.uint8)
    counts = [n // CLASSES] * CLASSES
    chunks = (noise[: min(1000, count - i)] for count in counts for i in range(0, count, 1000))
    described = {"shape": [3, SIDE, SIDE], "scale": [0.0, 255.0], "whole": True, "dtype": "|u1", "seed": 0}
    described["checkpoint_sha256"] = None
    return write(path, Classes(np.arange(CLASSES), counts), chunks, described, overwrite=False)


class Replacing:
    """A collate_fn."""

    def __init__(self, replace: GANReplace) -> None:
        self.replace = replace

    def __call__(self, items):
        """Put items together, then replace."""
        return self.replace(*default_collate(items))


def seconds(loader: DataLoader, after=None) -> float:
    """Return the seconds of one epoch, workers running already."""
    start = time.perf_counter()
    for batch in loader:
        if after is not None:
            after(*batch)
    return time.perf_counter() - start


def speed(pool: Pool, options: argparse.Namespace) -> None:
    """Print the table."""
    generator = torch.Generator().manual_seed(0)
    for name, transform in (("tensors", None), ("PIL, to tensor", TO_TENSOR), ("PIL, crop, flip, to tensor", AUGMENT)):
        dataset = Images(options.items, transform)
        mix = SyntheticMix(dataset, pool, share=1.0)
        replace = GANReplace(pool, p=0.5)
        kept = {"batch_size": 128, "num_workers": options.workers, "persistent_workers": options.workers > 0}
        half = torch.where(torch.tensor(mix.is_synthetic), 1 / mix.is_synthetic.sum(), 1 / (~mix.is_synthetic).sum())

        def sampled(dataset, weights, kept=kept, **named):
            sampler = torch.utils.data.WeightedRandomSampler(weights, options.items, generator=generator)
            return DataLoader(dataset, sampler=sampler, **kept, **named)

        ones = torch.ones(options.items)
        arms = {
            "bare dataset": (sampled(dataset, ones), None),
            "SyntheticMix, half of the items synthetic": (sampled(mix, half), None),
            "GANReplace(pool, p=0.5) as collate_fn": (
                sampled(dataset, ones, collate_fn=Replacing(GANReplace(pool, p=0.5, inplace=True))),
                None,
            ),
            "GANReplace(pool, p=0.5) after the loader": (sampled(dataset, ones), replace),
        }
        taken = {arm: [] for arm in arms}
        order = list(arms)
        for _ in range(options.rounds + 1):
            random.shuffle(order)
            for arm in order:
                taken[arm].append(seconds(*arms[arm]) / options.items * 1e6)
        bare = taken.pop("bare dataset")[1:]
        print(f"\n{name}, {options.workers} workers: µs per sample (times the bare dataset), median and fastest round")
        print(f"  {'bare dataset':45} {statistics.median(bare):7.1f}           {min(bare):7.1f}")
        for arm, values in taken.items():
            median, low = statistics.median(values[1:]), min(values[1:])
            said = f"{median:7.1f} ({median / statistics.median(bare):.2f} ×)  {low:7.1f} ({low / min(bare):.2f} ×)"
            print(f"  {arm:45} {said}")


def memory() -> dict[str, int]:
    """Return kB of this process: resident, and what is its own."""
    lines = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]]
    sizes = {words[0].rstrip(":"): int(words[1]) for words in lines}
    return {
        "resident": sizes["Rss"],
        "private": sizes["Private_Clean"] + sizes["Private_Dirty"],
        "anonymous": sizes["Anonymous"],
    }


def read_all_over(pool: Pool, n: int, answer) -> None:
    """Read n random samples and say by how much the process grew."""
    rng = np.random.default_rng(0)
    pool.pick([0], [0.0])
    before = memory()
    for _ in range(n // 100):
        pool.pick(rng.integers(0, CLASSES, 100).tolist(), rng.random(100).tolist())
    answer.put({name: (size - before[name]) / 1024 for name, size in memory().items()})


def growth(pool: Pool, n: int) -> None:
    """Print the growth of a worker of each kind."""
    print(f"\n{pool.path.stat().st_size / 1e9:.2f} GB pool, {n:,} random reads: growth in MB")
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        answer = context.SimpleQueue()
        worker = context.Process(target=read_all_over, args=(pool, n, answer))
        worker.start()
        found = answer.get()
        worker.join()
        print(f"  {method:6}", "  ".join(f"{name} {size:.1f}" for name, size in found.items()))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000, help="per epoch")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pool-samples", type=int, default=20_000)
    parser.add_argument("--reads", type=int, default=300_000)
    parser.add_argument("--memory", action="store_true", help="memory instead of speed; Linux only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pool = made_up_pool(Path(folder) / "made-up.pool", options.pool_samples)
        if options.memory:
            growth(pool, options.reads)
        else:
            speed(pool, options)


if __name__ == "__main__":
    main()
