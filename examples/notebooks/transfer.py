# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start from another model
#
# Ten images of a class are few. A model that has learnt other classes needs fewer steps for yours.

# %% [markdown]
# Runs anywhere: on a laptop, on Colab, on Kaggle. A graphics card is not needed.

# %%
try:
    import ganaug
except ImportError:  # a fresh machine, such as Colab
    import subprocess
    import sys

    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "ganaug[report]"])
    import ganaug

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)

# %% [markdown]
# ## The source
#
# A model of the digits 0 to 4, of which there are many.

# %%
source = ganaug.train(images[labels < 5], labels[labels < 5], max_steps=600, random_state=0)

# %% [markdown]
# ## The target
#
# Ten images each of 5 to 9. From scratch and fine-tuned, with the same number of steps.

# %%
few = np.concatenate([np.flatnonzero(labels == c)[:10] for c in range(5, 10)])
X, y = images[few], labels[few]
scratch = ganaug.train(X, y, max_steps=100, random_state=0)
tuned = ganaug.finetune(source, X, y, max_steps=100, random_state=0)
print(tuned.transfer)

# %%
judge = SVC().fit(images.reshape(len(images), -1), labels)
wanted = np.repeat(range(5, 10), 100)
for name, gan in {"from scratch": scratch, "fine-tuned": tuned}.items():
    made = gan.sample(labels=wanted, random_state=0)
    print(f"{name:13} {(judge.predict(made.reshape(len(made), -1)) == wanted).mean():.0%} called by their class")

# %%
figure, axes = plt.subplots(3, 10, figsize=(9, 3))
shown = np.repeat(range(5, 10), 2)
rows = {"real": X[::5], "scratch": scratch.sample(labels=shown, random_state=0)}
rows["fine-tuned"] = tuned.sample(labels=shown, random_state=0)
for row, (name, made) in zip(axes, rows.items(), strict=True):
    for ax, image in zip(row, made, strict=True):
        ax.imshow(image, cmap="gray")
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].set_ylabel(name)
plt.show()

# %% [markdown]
# A source can be a checkpoint, too: `ganaug.finetune("letters.safetensors", X, y)`, and in the over-sampler
# `GANOverSampler(pretrained="letters.safetensors")`.
