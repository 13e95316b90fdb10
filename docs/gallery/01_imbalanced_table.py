"""
An imbalanced table, compared honestly
======================================

Forty malignant tumours among four hundred benign ones: what helps a classifier to find them? Class weights and a moved
threshold cost nothing, so they are what any over-sampler has to beat. Here they all meet in one repeated
cross-validation, with the threshold tuned inside the training folds.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import RepeatedStratifiedKFold, TunedThresholdClassifierCV, cross_validate

from ganaug import GANOverSampler

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = 1 - y  # 1: malignant, the rare class
malignant = y.index[y == 1]
unseen = X.loc[malignant[40:]]  # 172 tumours that no method below ever sees
X, y = X.drop(index=malignant[40:]), y.drop(index=malignant[40:])
y.value_counts()

# %%
# The candidates
# --------------
# Every over-sampler stands in a pipeline: only training folds are over-sampled, never the rows that judge.


def trees(**settings):
    return HistGradientBoostingClassifier(max_iter=40, random_state=0, **settings)


def tuned(model):
    """Choose the threshold that is best for balanced accuracy, on folds of the training data."""
    return TunedThresholdClassifierCV(model, scoring="balanced_accuracy", cv=3, random_state=0)


candidates = {
    "nothing": trees(),
    "class weights": trees(class_weight="balanced"),
    "tuned threshold": tuned(trees()),
    "SMOTE": make_pipeline(SMOTE(random_state=0), trees()),
    "GANOverSampler": make_pipeline(GANOverSampler(random_state=0), trees()),
}
folds = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=0)
scoring = ["average_precision", "balanced_accuracy", "recall", "f1"]
scores = {
    name: pd.DataFrame(cross_validate(model, X, y, cv=folds, scoring=scoring)).filter(like="test_")
    for name, model in candidates.items()
}
table = pd.DataFrame({name: frame.mean() for name, frame in scores.items()}).T
table.columns = [name.removeprefix("test_") for name in table]
table.round(3)

# %%
# Is the difference larger than chance?
# -------------------------------------
# The folds are the same for all, so differences are paired. Folds share training data, which makes them look more
# certain than they are; Nadeau and Bengio's correction widens the interval accordingly.

n_folds, test_share = folds.get_n_splits(), 1 / 4
correction = np.sqrt(1 / n_folds + test_share / (1 - test_share))
base = scores["tuned threshold"]["test_balanced_accuracy"]
gains = pd.DataFrame({name: frame["test_balanced_accuracy"] - base for name, frame in scores.items()})
gains = gains.drop(columns="tuned threshold")
mean, half = gains.mean(), 1.96 * correction * gains.std()

figure, axes = plt.subplots()
axes.errorbar(100 * mean, range(len(mean)), xerr=100 * half, fmt="o", capsize=4)
axes.axvline(0, color="gray", linewidth=1)
axes.set_yticks(range(len(mean)), mean.index)
axes.set_xlabel("balanced accuracy, points over a tuned threshold (95 % interval)")
axes.invert_yaxis()

# %%
# ``ganaug.compare`` does all of this in one call: :doc:`/guide/compare`. Where an interval covers zero, this experiment
# cannot tell the method from a moved threshold, and the cheaper one is the better choice.
#
# What the new rows look like
# ---------------------------
# The rows that were left out above show what malignant tumours look like. New rows should lie among them.

sampler = GANOverSampler(random_state=0)
X_all, y_all = sampler.fit_resample(X, y)
new = X_all.iloc[len(X) :]
pairs = [("mean radius", "mean texture"), ("mean concavity", "mean smoothness")]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6))
for ax, (horizontal, vertical) in zip(axes, pairs, strict=True):
    for rows, label, marker in [(new, "new", "x"), (unseen, "held out", "o"), (X[y == 1], "learnt from", "s")]:
        ax.scatter(rows[horizontal], rows[vertical], s=14, marker=marker, alpha=0.7, label=label, linewidths=1)
    ax.set(xlabel=horizontal, ylabel=vertical)
axes[0].legend(frameon=False)
