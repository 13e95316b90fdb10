"""
Let held-out images choose
==========================

For images, no way of making new ones is best everywhere. ``GANOverSampler`` therefore holds some of yours out, trains a
small classifier with each source, and takes what helped: the GAN, bent, recoloured or turned real images, or real
images again. ``judgement_`` says what it found.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from ganaug import GANOverSampler

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
rng = np.random.default_rng(0)
sizes = dict.fromkeys(range(4), 60) | {1: 20, 3: 20}
keep = np.concatenate([rng.choice(np.flatnonzero(labels == c), size, replace=False) for c, size in sizes.items()])
X, y = images[keep], labels[keep]

sampler = GANOverSampler(max_steps=300, judge_budget=30, random_state=0)
X_all, y_all = sampler.fit_resample(X, y)
print(sampler.judgement_)

# %%
# The trials
# ----------
# Gains over random over-sampling, in points of the score, with their standard errors. A source is chosen only if its
# gain is larger than its error.

trials = sampler.judgement_.trials
figure, axes = plt.subplots(figsize=(7, 3))
gains = [100 * trial.gain for trial in trials]
axes.errorbar(gains, range(len(trials)), xerr=[100 * trial.error for trial in trials], fmt="o", capsize=4)
axes.set_yticks(range(len(trials)), [" + ".join(trial.shares) for trial in trials])
axes.axvline(0, color="gray", linewidth=1)
axes.invert_yaxis()
_ = axes.set_xlabel("gain over real images repeated, points")

# %%
# What was added
# --------------

figure, axes = plt.subplots(2, 12, figsize=(8, 1.8))
for row, label in zip(axes, (1, 3), strict=True):
    for ax, image in zip(row, X_all[len(X) :][y_all[len(X) :] == label][:12], strict=True):
        ax.imshow(image)
        ax.set_axis_off()

# %%
# The same decision again, without another trial: ``GANOverSampler(sources=sampler.judgement_)``.
