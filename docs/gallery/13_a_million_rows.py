"""
A million rows, streamed
========================

A table that memory would not hold is read in chunks: ``TableStream`` keeps a sample of each class and exchanges rows of
the frequent ones while the model trains. What it writes is streamed as well.
"""

import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import ganaug

work = Path(tempfile.mkdtemp())


def payments(n, seed):
    """Return n payments; one in five hundred is a fraud: at night, of round amounts, far from home."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.002
    frame = pd.DataFrame({"amount": np.where(fraud, 50 * rng.integers(1, 20, n), rng.lognormal(3, 1, n)).round(2)})
    frame["hour"] = np.where(fraud, rng.integers(0, 6, n), rng.binomial(23, 0.6, n))
    frame["km_from_home"] = rng.gamma(np.where(fraud, 9, 1.5), 8).round(1)
    frame["channel"] = rng.choice(["card", "transfer", "app"], n, p=[0.5, 0.2, 0.3])
    frame["outcome"] = np.where(fraud, "fraud", "fine")
    return frame


with pq.ParquetWriter(work / "payments.parquet", pa.Table.from_pandas(payments(1, 0)).schema) as writer:
    for seed in range(10):
        writer.write_table(pa.Table.from_pandas(payments(100_000, seed)))
print(f"{(work / 'payments.parquet').stat().st_size / 1e6:.0f} MB on disk")

# %%
# Train on the stream
# -------------------
# On the command line: ``ganaug train payments.parquet --stream --out payments.safetensors``.

started = time.perf_counter()
stream = ganaug.TableStream(work / "payments.parquet", target="outcome", rows=20_000)
gan = ganaug.train(stream, max_steps=600, quality="draft", random_state=0)
print(f"{sum(gan.classes.counts):,} rows, {dict(zip(gan.classes_, gan.classes.counts, strict=True))}")
print(f"{time.perf_counter() - started:.0f} s")

# %%
# Write a million frauds
# ----------------------
# Memory does not grow with their number: they are written as they are made.

started = time.perf_counter()
done = ganaug.synthesize(gan, {"fraud": 1_000_000}, work / "frauds.parquet", seed=0)
print(f"{done.counts} in {time.perf_counter() - started:.0f} s")
print(f"{(work / 'frauds.parquet').stat().st_size / 1e6:.0f} MB on disk")

# %%
# Do they look like frauds?
# -------------------------

made = pq.ParquetFile(work / "frauds.parquet").read_row_group(0).to_pandas()
real = payments(500_000, 99).query("outcome == 'fraud'")
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8))
for ax, column in zip(axes, ["amount", "hour", "km_from_home"], strict=True):
    bins = np.histogram_bin_edges(real[column], 20)
    ax.hist(real[column], bins, density=True, alpha=0.6, label="unseen real frauds")
    ax.hist(made[column], bins, density=True, alpha=0.6, label="synthetic")
    ax.set(title=column, yticks=[])
axes[0].legend(frameon=False)
