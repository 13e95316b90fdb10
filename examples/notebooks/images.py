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
# # Rare classes of images
#
# Train a generator, put its samples into a PyTorch training loop, and measure on held-out images whether they help.

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
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

# %% [markdown]
# ## The data
#
# Digits of 8 × 8 pixels. Every odd digit is made rare: ten images to learn from.

# %%
images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
X_all, X_test, y_all, y_test = train_test_split(images, labels, test_size=0.4, stratify=labels, random_state=0)
rare = [1, 3, 5, 7, 9]
keep = np.concatenate([np.flatnonzero(y_all == c)[: 10 if c in rare else None] for c in range(10)])
X, y = X_all[keep], y_all[keep]

# %% [markdown]
# ## A generator of all classes
#
# Rare classes borrow from frequent ones. The workers of a loader read a pool, samples made in advance, and no model.

# %%
gan = ganaug.train(X, y, max_steps=600, random_state=0)
pool = ganaug.make_pool(gan, 300, "digits.pool", random_state=0, overwrite=True)
figure, axes = plt.subplots(2, 10, figsize=(9, 2))
for column in range(10):
    for ax, image in zip(
        axes[:, column], (X[y == column][0], gan.sample(1, label=column, random_state=1)[0]), strict=True
    ):
        ax.imshow(image, cmap="gray")
        ax.set_axis_off()
figure.suptitle("real above, synthetic below")
plt.show()

# %% [markdown]
# ## The loop
#
# `SyntheticMix` fills up rare classes; your transform is applied to real and synthetic images alike.


# %%
class Digits(torch.utils.data.Dataset):
    def __init__(self, images, labels):
        self.images, self.targets, self.classes = images, labels, list(range(10))
        steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.RandomAffine(8, (0.06, 0.06))]
        self.transform = v2.Compose(steps)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(self.images[i][..., None]), int(self.targets[i])


def rare_recall(data, seed):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(4):
        for batch, target in DataLoader(data, 64, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(batch), target).backward()
            optimizer.step()
    with torch.no_grad():
        called = model(torch.as_tensor(X_test)[:, None] / 255).argmax(1)
    return recall_score(y_test, called, average=None)[rare].mean()


real = Digits(X, y)
runs = {
    "as it is": real,
    "share 0": ganaug.SyntheticMix(real, pool, share=0),
    "share 0.25": ganaug.SyntheticMix(real, pool),
}
for name, data in runs.items():
    recalls = [rare_recall(data, seed) for seed in range(2)]
    print(f"{name:12} recall of the rare classes {np.mean(recalls):.3f} ± {np.std(recalls):.3f} (2 seeds)")

# %% [markdown]
# `share=0` is random over-sampling, and is allowed to win: keep the share that does best on held-out images of yours.
