"""
Start from another model
========================

Ten images of a class are few. A model of other classes already knows strokes and edges; ``ganaug.finetune`` continues
its training on yours. Here a model of the digits 0 to 4 becomes one of 5 to 9.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

import ganaug

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
source = ganaug.train(images[labels < 5], labels[labels < 5], max_steps=600, random_state=0)

targets = range(5, 10)
few = np.concatenate([np.flatnonzero(labels == c)[:10] for c in targets])
X, y = images[few], labels[few]

# %%
# The same number of steps, twice
# -------------------------------
# An SVM that knows all real digits says how many of the synthetic ones are called by the class that was asked for.

judge = SVC().fit(images.reshape(len(images), -1), labels)


def called_right(gan):
    wanted = np.repeat(list(targets), 100)
    made = gan.sample(labels=wanted, random_state=0)
    return (judge.predict(made.reshape(len(made), -1)) == wanted).mean()


steps = [10, 30, 100, 300]
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
# After a hundred steps
# ---------------------

figure, axes = plt.subplots(3, 10, figsize=(8, 2.7))
rows = {"real": X[::5], "scratch": scratch[2], "fine-tuned": tuned[2]}
for row, (name, made) in zip(axes, rows.items(), strict=True):
    shown = made if name == "real" else made.sample(labels=np.repeat(list(targets), 2), random_state=1)
    for ax, image in zip(row, shown, strict=True):
        ax.imshow(image)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].set_ylabel(name)

# %%
# What was taken over
# -------------------
# Saved with the model; ``ganaug info`` shows it, with the digest and licence of the source.

print(tuned[2].transfer)

# %%
# On 8 × 8 pixels both get there within seconds. On larger images the lead lasts longer: see :doc:`the guide
# </guide/transfer>`.
