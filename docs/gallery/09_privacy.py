"""
Did it copy the training data?
==============================

Synthetic is not anonymous. ``ganaug.evaluate`` compares how near synthetic samples lie to training samples with how
near held-out ones lie, which no model has seen. Here a GAN, the over-sampler's mixture and plain copies with a little
noise are asked the same question.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

import ganaug
from ganaug import GANOverSampler

X, y = make_classification(1600, 6, n_informative=5, n_redundant=0, weights=[0.8], random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
rare = X_train[y_train == 1]
rng = np.random.default_rng(0)

gan = ganaug.train(X_train, y_train, quality="draft", random_state=0)
n = len(rare)
X_all, y_all = GANOverSampler(max_steps=150, random_state=0).fit_resample(X_train, y_train)
noisy = rare + rng.normal(scale=0.02, size=rare.shape)
sources = {
    "the GAN": gan.sample(n, label=1, random_state=0),
    "the over-sampler": X_all[len(X_train) :][:n],
    "copies with noise": noisy,
}

# %%
# The verdicts
# ------------
# An attacker who has the synthetic samples takes those records for training records that lie near to one: the
# membership AUC says how often the guess is right, 0.5 being chance.

answers = {}
for name, made in sources.items():
    found = ganaug.evaluate(
        (made, np.ones(len(made), int)),
        X_test[y_test == 1],
        y_test[y_test == 1],
        rare,
        np.ones(n, int),
        questions=["privacy"],
        random_state=0,
    )
    answers[name] = found["privacy"]
    print(f"{name}: {found.verdicts['privacy']}")

measured = ["distance ratio", "near duplicates", "membership AUC"]
pd.DataFrame({name: {m: answer[m].value for m in measured} for name, answer in answers.items()}).T.round(3)

# %%
# Distances to the nearest training sample
# ----------------------------------------
# Held-out rows say what is normal. What lies to the left of them is suspicious.

figure, axes = plt.subplots()
drawn = {name: answer.drawn["to training"] for name, answer in answers.items()}
normal = drawn["the GAN"]["held out"]
bins = np.linspace(0, np.quantile(normal, 0.98), 40)
axes.hist(normal, bins, density=True, color="lightgray", label="held out")
for name, distances in drawn.items():
    heights, _ = np.histogram(distances["synthetic"], bins, density=True)
    axes.stairs(np.minimum(heights, 4), bins, label=name, linewidth=2)
axes.set(xlabel="distance to the nearest training row of the class", yticks=[])
_ = axes.legend(frameon=False)

# %%
# None of this is differential privacy: the numbers say what simple attacks find. See :doc:`/guide/evaluation`.
