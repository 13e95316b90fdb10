"""
Watch a GAN train
=================

Losses hardly tell whether a GAN learns. The samples do: here they form, step by step, always from the same latents.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import ganaug
from ganaug.training.callbacks import Callback

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)


class Film(Callback):
    """Keeps the probes, eight samples of every class, at some steps."""

    def __init__(self, steps):
        self.steps, self.frames = steps, {}

    def on_record(self, trainer):
        if any(step <= trainer.gan.step and step not in self.frames for step in self.steps):
            due = max(step for step in self.steps if step <= trainer.gan.step)
            self.frames[due] = trainer.probes.numpy().copy()


film = Film(steps=[1, 10, 30, 80, 200, 400])
gan = ganaug.train(images, labels, max_steps=400, callbacks=[film], random_state=0)

figure, axes = plt.subplots(len(film.frames), 10, figsize=(6.5, 4.2), squeeze=False)
for row, (step, probes) in zip(axes, film.frames.items(), strict=True):
    for ax, image in zip(row, probes[:, 0, 0], strict=True):
        ax.imshow(image, vmin=-1, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].set_ylabel(f"{step}", rotation=0, ha="right", va="center")
_ = figure.suptitle("after … steps")

# %%
# The curves
# ----------
# What a good run looks like: the discriminator is right about real and synthetic samples about equally often, and well
# under 100 %; diversity settles between 0.5 and 1.

history = gan.history
figure, axes = plt.subplots(1, 2, figsize=(8, 3))
axes[0].plot(history["step"], history["d_accuracy_real"], label="on real")
axes[0].plot(history["step"], history["d_accuracy_fake"], label="on synthetic")
axes[0].set(xlabel="step", ylabel="discriminator is right", ylim=(0, 1))
axes[0].legend(frameon=False)
axes[1].plot(history["step"], history["diversity"])
_ = axes[1].set(xlabel="step", ylabel="diversity of the worst class")

# %%
# ``history.plot()`` draws all of it, ``ganaug train --watch`` shows it in a terminal, ``--tensorboard`` writes it for
# TensorBoard. The history is kept in the checkpoint.

print(gan.history)

# %%
# When it goes wrong
# ------------------
# Three alarms are raised as warnings while a model trains. Two images of a class are learnt by heart:

import warnings

few = np.concatenate([np.flatnonzero(labels == c)[:2] for c in (0, 1)])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ganaug.train(images[few], labels[few], max_steps=500, random_state=0)
for warning in caught:
    print(f"{warning.category.__name__}: {warning.message}")
