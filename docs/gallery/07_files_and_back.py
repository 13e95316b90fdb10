"""
A data set on disk, and back
============================

``ganaug synth`` and ``ganaug.synthesize`` write any number of samples to files: a folder for each class, or one table.
The same seed gives the same bytes, an interrupted run can be continued, and a manifest lists the digest of every file.
"""

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from torchvision.datasets import ImageFolder

import ganaug

work = Path(tempfile.mkdtemp())
images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
names = np.array(["zero", "one", "two", "three"])
X, y = images[labels < 4], names[labels[labels < 4]]

gan = ganaug.train(X, y, max_steps=400, random_state=0)
gan.save(work / "digits.safetensors")

# %%
# To files
# --------
# On the command line: ``ganaug synth --model digits.safetensors --class three --n 300 --out synthetic``.

done = ganaug.synthesize(gan, {"three": 300, "one": 100}, work / "synthetic", seed=0, preview=(X, y))
print(done.counts)
for file in sorted(path.relative_to(work) for path in (work / "synthetic").rglob("*"))[:6]:
    print(file)

# %%
# The preview shows real images above synthetic ones.

figure, axes = plt.subplots(figsize=(7, 2.4))
axes.imshow(plt.imread(work / "synthetic" / "preview.png"))
axes.set_axis_off()

# %%
# The manifest says what was made, by which model, and what every file should be.

manifest = json.loads((work / "synthetic" / "manifest.json").read_text())
print({key: manifest[key] for key in manifest if key not in ("files", "classes")})
print("intact:", ganaug.verify(work / "synthetic").intact)

# %%
# Damage is found.

victim = work / "synthetic" / "three" / "000007.png"
original = victim.read_bytes()
victim.write_bytes(original[:-1])
found = ganaug.verify(work / "synthetic")
print(found.intact, found.altered)
victim.write_bytes(original)

# %%
# And back
# --------
# A folder for each class is what ``torchvision.datasets.ImageFolder`` and ``ganaug train`` read.

folder = ImageFolder(work / "synthetic")
print(folder.classes, len(folder))

# %%
# Rows
# ----
# A table goes into one file, with the dtypes of the training data.

import pandas as pd
from sklearn.datasets import load_wine

wine, cultivar = load_wine(return_X_y=True, as_frame=True)
rows = ganaug.train(wine, cultivar, quality="draft", random_state=0)
ganaug.synthesize(rows, 1000, work / "wine.parquet", seed=1)
back = pd.read_parquet(work / "wine.parquet")
means = {"synthetic": back.groupby("target"), "real": wine.groupby(cultivar)}
pd.concat({name: groups[["alcohol", "proline"]].mean() for name, groups in means.items()}, axis=1).round(2)
