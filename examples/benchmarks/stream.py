"""Peak memory and time of training on a Parquet table, chunk by chunk.

The table has 12 numbers and 2 categories; one row in 2,000 is a fraud. It is made in a temporary folder, by another
process, and deleted.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

import ganaug

_GROUP = 500_000  # rows of a row group


def made(path: Path, rows: int) -> None:
    """Write the table, a row group at a time."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, _GROUP):
        n = min(_GROUP, rows - start)
        fraud = np.arange(n) % 2000 == 0
        columns = {f"x{j}": rng.normal(size=n) + fraud * (j % 3) + start / rows for j in range(10)}
        columns |= {"amount": rng.gamma(2, 50, n).round(2), "items": rng.integers(0, 300, n)}
        columns |= {"shop": rng.choice([f"shop{k}" for k in range(400)], n), "kind": rng.choice(["web", "phone"], n)}
        frame = pd.DataFrame(columns).assign(target=np.where(fraud, "fraud", "fine"))
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or ParquetWriter(path, table.schema, compression="none")
        writer.write_table(table, row_group_size=_GROUP)
    writer.close()


def peak() -> float:
    """Return the most memory that this process has held so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--max-steps", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        maker = multiprocessing.get_context("spawn").Process(target=made, args=(path, args.rows))
        maker.start()
        maker.join()
        size = path.stat().st_size / 1e9
        ganaug.train(np.random.default_rng(0).normal(size=(9, 2)), [0, 1, 1] * 3, max_steps=1)  # loads the libraries
        before, start = peak(), time.process_time()
        gan = ganaug.train(ganaug.TableStream(path), max_steps=args.max_steps, random_state=0, device="cpu")
        seconds = time.process_time() - start
    counts = dict(zip(gan.classes_.tolist(), gan.classes.counts, strict=True))
    print(f"{args.rows:,} rows, {size:.2f} GB, classes {counts}")
    print(f"{seconds:.0f} CPU-seconds for {gan.step:,} steps, reading included")
    print(f"peak memory {peak():.2f} GB, {before:.2f} GB before reading")


if __name__ == "__main__":
    main()
