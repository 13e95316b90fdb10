"""
An adversarial objective of your own
====================================

An objective turns logits into two losses. Its class attributes are what ``"auto"`` means for the settings that it cares
about. Here one of our own is compared with two that are built in, on two moons.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from torch.nn import functional as F

import ganaug
from ganaug.core.registry import register
from ganaug.models.objectives import Objective


class Softplus(Objective):
    """Both losses saturate softly; the generator is slower than the discriminator."""

    learning_rate = 5e-4
    d_learning_rate = 1e-3

    def discriminator_loss(self, real, fake):
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator_loss(self, real, fake):
        return F.softplus(-fake).mean()


register("objectives", "softplus", Softplus)

# %%
# A package registers it by an entry point instead, and ``ganaug train --objective softplus`` finds it:
#
# .. code-block:: toml
#
#    [project.entry-points."ganaug.objectives"]
#    softplus = "my_package:Softplus"
#
# Two moons
# ---------

X, y = make_moons(600, noise=0.08, random_state=0)
figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), sharex=True, sharey=True)
axes[0].scatter(*X.T, c=y, s=4, cmap="coolwarm")
axes[0].set_title("real")
for ax, objective in zip(axes[1:], ["softplus", "relativistic", "hinge"], strict=True):
    gan = ganaug.train(X, y, objective=objective, max_steps=400, random_state=0)
    made = gan.sample(labels=np.repeat([0, 1], 300), random_state=0)
    ax.scatter(*made.T, c=np.repeat([0, 1], 300), s=4, cmap="coolwarm")
    ax.set_title(objective)

# %%
# After 400 steps, each with the learning rates that it brings: hinge's are a tenth of the relativistic objective's, and
# it is not there yet.
#
# The settings that were used are in the model, and in its checkpoint.

gan = ganaug.train(X, y, objective="softplus", max_steps=1, random_state=0)
print(gan.config.learning_rate, gan.config.d_learning_rate, gan.config.penalty_weight)
