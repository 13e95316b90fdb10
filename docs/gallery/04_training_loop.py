"""
Images in a PyTorch training loop
=================================

``SyntheticMix`` wraps a data set and fills up its rare classes: some of what it adds are synthetic images, the rest are
real ones again. Your transforms apply to both. Whether the synthetic share helps is a number to measure; a share of 0
is random over-sampling, and is allowed to win.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

import ganaug
from ganaug import SyntheticMix

images, labels = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) * 15.9375).astype(np.uint8)
X_pool, X_test, y_pool, y_test = train_test_split(images, labels, test_size=0.4, stratify=labels, random_state=0)
rare = [1, 3, 5, 7, 9]
keep = np.concatenate([np.flatnonzero(y_pool == c)[: 8 if c in rare else None] for c in range(10)])
X, y = X_pool[keep], y_pool[keep]
print({c: int((y == c).sum()) for c in range(10)})

# %%
# A model of all classes, and a pool
# ----------------------------------
# The loader's workers read samples that were made in advance, from one file; they never see a model.

gan = ganaug.train(X, y, max_steps=500, random_state=0)
pool = ganaug.make_pool(gan, 300, "digits.pool", random_state=0)

figure, axes = plt.subplots(2, len(rare), figsize=(6, 2.6))
for column, label in enumerate(rare):
    pair = X[y == label][0], gan.sample(1, label=label, random_state=3)[0]
    for ax, image in zip(axes[:, column], pair, strict=True):
        ax.imshow(image)
        ax.set_axis_off()
_ = figure.suptitle("real (above) and synthetic images of the rare classes")

# %%
# The loop
# --------
# Nothing in it is special. The data set's images are float tensors, and pass through the same transform.


class Normalised(TensorDataset):
    """Pairs of an image as a float tensor and its label."""

    transform = staticmethod(v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.RandomAffine(8, (0.06, 0.06))]))

    def __getitem__(self, i):
        image, label = super().__getitem__(i)
        return self.transform(image), int(label)


dataset = Normalised(torch.as_tensor(X)[:, None], torch.as_tensor(y))
X_eval = torch.as_tensor(X_test)[:, None] / 255


def train(data, epochs=4, seed=0):
    """Return the recall of every class on held-out images."""
    torch.manual_seed(seed)
    loader = DataLoader(data, 64, shuffle=True)
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(epochs):
        for batch, target in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(batch), target).backward()
            optimizer.step()
    with torch.no_grad():
        return recall_score(y_test, model(X_eval).argmax(1), average=None)


runs = {
    "as it is": dataset,
    "over-sampled (share 0)": SyntheticMix(dataset, pool, share=0, targets=y),
    "share 0.25": SyntheticMix(dataset, pool, share=0.25, targets=y),
    "share 0.5": SyntheticMix(dataset, pool, share=0.5, targets=y),
}
recalls = {name: np.array([train(data, seed=seed) for seed in range(2)]) for name, data in runs.items()}

# %%
# What it brought
# ---------------
# Points are two seeds of the classifier, each the mean recall of the five rare classes.

figure, axes = plt.subplots()
for i, (name, recall) in enumerate(recalls.items()):
    points = recall[:, rare].mean(1)
    print(f"{name:24} rare classes {points.mean():.3f}, all {recall.mean():.3f}")
    axes.plot(points, [i] * len(points), "o", alpha=0.7)
axes.set_yticks(range(len(recalls)), recalls)
axes.invert_yaxis()
axes.set_xlabel("recall of the rare classes on held-out images")
pool.path.unlink()
