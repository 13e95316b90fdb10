"""
Synthesis in parallel parts
===========================

An output is made of shards, and each shard draws all its randomness from its own number. So any number of processes or
machines can share the work, each writing its part, and ``ganaug.merge`` makes of the parts the very bytes that one
process would have written. Here joblib starts the workers; Ray and Dask do it the same way, see :doc:`/guide/scale`.
"""

import hashlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from joblib import Parallel, delayed
from sklearn.datasets import load_wine

import ganaug

work = Path(tempfile.mkdtemp())
X, y = load_wine(return_X_y=True, as_frame=True)
gan = ganaug.train(X, y, quality="draft", random_state=0)
gan.save(work / "wine.safetensors")

# %%
# Two workers
# -----------
# Each loads the model and writes the shards whose turn it is. ``resume=True`` lets a worker that was killed go on where
# it stopped.

WORKERS = 2
counts = {0: 20_000, 2: 30_000}


def part(k):
    """Write part k; in a process of its own, which knows nothing but the path of the model."""
    import ganaug

    model = ganaug.load(work / "wine.safetensors")
    out = work / f"part{k}"
    ganaug.synthesize(model, counts, out, format="parquet", shard=(k, WORKERS), shard_size=5_000, resume=True)
    return sorted(str(path.relative_to(out)) for path in out.rglob("*.parquet"))


files = Parallel(n_jobs=WORKERS)(delayed(part)(k) for k in range(WORKERS))
for k, names in enumerate(files):
    print(f"part {k}: {', '.join(names)}")

# %%
# One output
# ----------

merged = ganaug.merge([work / f"part{k}" for k in range(WORKERS)], work / "merged")
alone = ganaug.synthesize(gan, counts, work / "alone", format="parquet", shard_size=5_000)


def digests(folder):
    """Return the digest of every file by its path."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


print("the same bytes as of one process:", digests(work / "merged") == digests(work / "alone"))
print("intact:", ganaug.verify(work / "merged").intact)

# %%
# Who made what
# -------------

figure, axes = plt.subplots(figsize=(7, 1.8))
for row, label in enumerate(sorted(counts)):
    names = sorted(name for part_files in files for name in part_files if name.startswith(f"{label}/"))
    for column, name in enumerate(names):
        k = next(k for k, part_files in enumerate(files) if name in part_files)
        axes.barh(row, 5_000, left=5_000 * column, color=f"C{k}", edgecolor="white")
        axes.text(5_000 * column + 2_500, row, f"worker {k}", ha="center", va="center", color="white", fontsize=8)
axes.set_yticks(range(len(counts)), [f"class {label}" for label in sorted(counts)])
_ = axes.set_xlabel("rows, by shard")

# %%
# Under torchrun
# --------------
# ``torchrun --nproc-per-node 2 -m -- ganaug synth …`` shares the work of one output directly; nothing has to be merged.
