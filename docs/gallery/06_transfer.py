"""
Start from another model
========================

Ten images of a class are few. A model of other classes already knows strokes and edges; ``ganaug.finetune`` continues
its training on yours. Here a model of the letters A to J becomes one of five other letters.
"""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.svm import SVC

import ganaug

fonts = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVuS*.ttf"))


def letters(names, n, seed):
    """Draw n images of 16 × 16 of each letter, in several fonts and sizes, turned and moved a little."""
    rng = np.random.default_rng(seed)
    images, labels = [], np.repeat(list(names), n)
    for letter in labels:
        font = ImageFont.truetype(str(rng.choice(fonts[:8])), int(rng.integers(24, 31)))
        image = Image.new("L", (40, 40))
        ImageDraw.Draw(image).text((20, 20), letter, 255, font, anchor="mm")
        image = image.rotate(rng.normal(0, 7), Image.Resampling.BILINEAR, translate=tuple(rng.normal(0, 1.5, 2)))
        images.append(np.asarray(image.resize((16, 16), Image.Resampling.BOX)))
    return np.stack(images), labels


X_source, y_source = letters("ABCDEFGHIJ", 60, seed=0)
source = ganaug.train(X_source, y_source, max_steps=400, random_state=0)

targets = "KRSTX"
X, y = letters(targets, 10, seed=1)

# %%
# The same number of steps, twice
# -------------------------------
# An SVM that knows hundreds of images of each letter says how many of the synthetic ones are called by the class that
# was asked for.

X_judge, y_judge = letters("ABCDEFGHIJ" + targets, 200, seed=2)
judge = SVC().fit(X_judge.reshape(len(X_judge), -1), y_judge)


def called_right(gan):
    wanted = np.repeat(list(targets), 100)
    made = gan.sample(labels=wanted, random_state=0)
    return (judge.predict(made.reshape(len(made), -1)) == wanted).mean()


steps = [5, 10, 20, 40, 80]
scratch, tuned = [], []
for n in steps:
    scratch.append(ganaug.train(X, y, max_steps=n, random_state=0))
    tuned.append(ganaug.finetune(source, X, y, max_steps=n, random_state=0))

figure, axes = plt.subplots()
axes.plot(steps, [called_right(gan) for gan in scratch], "o-", label="from scratch")
axes.plot(steps, [called_right(gan) for gan in tuned], "s-", label="fine-tuned")
axes.set(xscale="log", xlabel="steps", ylabel="called by their class", ylim=(0, 1.02))
axes.set_xticks(steps, steps)
_ = axes.legend(frameon=False)

# %%
# After ten steps
# ---------------

figure, axes = plt.subplots(3, 10, figsize=(8, 2.7))
rows = {"real": X[::5], "scratch": scratch[1], "fine-tuned": tuned[1]}
for row, (name, made) in zip(axes, rows.items(), strict=True):
    shown = made if name == "real" else made.sample(labels=np.repeat(list(targets), 2), random_state=1)
    for ax, image in zip(row, shown, strict=True):
        ax.imshow(image)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].set_ylabel(name)

# %%
# On letters as easy as these the lead lasts for some tens of steps, then both are there; on 28 × 28 pixels and
# handwriting it lasts for hundreds. Where transfer helps, and where it does not, is in :doc:`the guide
# </guide/transfer>`.
#
# What was taken over
# -------------------
# Saved with the model; ``ganaug info`` shows it, with the digest and licence of the source.

print(tuned[1].transfer)

# %%
# The source may also be a checkpoint: ``ganaug.finetune("letters.safetensors", X, y)``.
