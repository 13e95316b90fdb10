"""
Synthetic images inside albumentations
======================================

``GANReplace`` is an albumentations transform: with probability ``p`` it puts a synthetic image of the same class in the
place of the real one. What follows in the pipeline augments both alike.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import ganaug
from ganaug.loops.albumentations import A, GANReplace

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
rare = np.flatnonzero(labels == 3)[:20]
keep = np.concatenate([rare, np.flatnonzero(np.isin(labels, [2, 8]))])
X, y = images[keep], labels[keep]

gan = ganaug.train(X, y, max_steps=500, random_state=0)
pool = ganaug.make_pool(gan, {3: 500}, "threes.pool", random_state=0)

# %%
# The pipeline
# ------------
# ``classes=[3]``: only threes are ever replaced. The pipeline can be saved by ``A.to_dict`` like any other; it keeps
# the path of the pool.

augment = A.Compose([GANReplace("threes.pool", p=0.5, classes=[3]), A.Affine(rotate=(-12, 15), p=1)], seed=0)
restored = A.from_dict(A.to_dict(augment))
print(restored.transforms[0].p, restored.transforms[0].classes)

# %%
# The same real three, twelve times: about half of the results are other threes.

import torch

torch.manual_seed(0)  # GANReplace draws from torch's generator, as loaders do
three = X[y == 3][0]
figure, axes = plt.subplots(2, 6, figsize=(7, 2.6))
for ax in axes.flat:
    ax.imshow(augment(image=three, label=3)["image"], vmin=0, vmax=255)
    ax.set_axis_off()

# %%
# An eight is only rotated.

eight = X[y == 8][0]
plain = A.Compose([GANReplace("threes.pool", p=1, classes=[3])])
print("eights are left alone:", (plain(image=eight, label=8)["image"] == eight).all())
pool.path.unlink()
