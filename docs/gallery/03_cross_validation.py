"""
Choose the settings by cross-validation
=======================================

Whether synthetic rows help, and which kind of them, is a question about your data. Grid search answers it: every
setting of the over-sampler is a parameter, and those of the GAN's training are reached as ``config__…``.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier

from ganaug import GANOverSampler

X, y = make_classification(
    900, 8, n_informative=6, n_clusters_per_class=3, weights=[0.93], class_sep=0.9, flip_y=0.01, random_state=1
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{(y_train == 1).sum()} rare rows to learn from, {(y_test == 1).sum()} held out")

# %%
# The grid
# --------
# ``sources`` says what new rows are made of, ``rejection`` which share of the candidates is discarded because they look
# like other classes, and ``config__focus`` how much more often than usual the GAN sees rare classes. ``"passthrough"``
# is in the grid too: no over-sampling at all is allowed to win.

name = "ganoversampler"
model = make_pipeline(GANOverSampler(max_steps=150, random_state=0), KNeighborsClassifier(weights="distance"))
shares = {"GAN": {"gan": 1.0}, "half": {"gan": 0.5, "interpolation": 0.5}, "interpolation": {"interpolation": 1.0}}
grid = [
    {name: ["passthrough"]},
    {f"{name}__sources": list(shares.values()), f"{name}__rejection": [0.0, 0.3]},
    {f"{name}__sources": [shares["GAN"]], f"{name}__config__focus": [0.0, 0.5]},
]
folds = StratifiedKFold(3, shuffle=True, random_state=0)
search = GridSearchCV(model, grid, scoring="average_precision", cv=folds).fit(X_train, y_train)
results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")


def described(parameters):
    """Say in words what a point of the grid is."""
    if name in parameters:
        return "no over-sampling"
    found = {key.removeprefix(f"{name}__"): value for key, value in parameters.items()}
    found["sources"] = next(words for words, share in shares.items() if share == found["sources"])
    return ", ".join(f"{key.removeprefix('config__')} {value}" for key, value in sorted(found.items(), reverse=True))


results.index = [described(parameters) for parameters in results["params"]]
results[["mean_test_score", "std_test_score"]].round(3)

# %%
# The differences beside their noise
# ----------------------------------

figure, axes = plt.subplots(figsize=(7.5, 3.4))
error = results["std_test_score"] / np.sqrt(folds.n_splits)
axes.errorbar(results["mean_test_score"], range(len(results)), xerr=error, fmt="o", capsize=3)
axes.set_yticks(range(len(results)), results.index)
axes.set_xlabel("average precision in cross-validation (± standard error)")
axes.invert_yaxis()

# %%
# Rows that the search has not seen decide in the end.

print(f"best on held-out rows: {search.score(X_test, y_test):.3f}")
plain = KNeighborsClassifier(weights="distance").fit(X_train, y_train)
print(f"no over-sampling:      {search.scorer_(plain, X_test, y_test):.3f}")
