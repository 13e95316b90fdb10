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
# # ganaug in five minutes
#
# A rare class, and what to do about it: over-sample it inside a cross-validation, look at the new rows, and ask whether
# they are any good.

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
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split

# %% [markdown]
# ## The data
#
# Breast-cancer measurements that come with scikit-learn. We keep 60 malignant cases to learn from; the other half of
# the table judges.

# %%
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
dropped = y_train.index[y_train == "malignant"][60:]
X_train, y_train = X_train.drop(index=dropped), y_train.drop(index=dropped)
y_train.value_counts()

# %% [markdown]
# ## Door 1: in a pipeline
#
# Only training folds are over-sampled. Compare with what costs nothing before you keep it.

# %%
trees = HistGradientBoostingClassifier(max_iter=50, random_state=0)
candidates = {
    "nothing": trees,
    "class weights": HistGradientBoostingClassifier(max_iter=50, class_weight="balanced", random_state=0),
    "GANOverSampler": make_pipeline(ganaug.GANOverSampler(random_state=0), trees),
}
folds = StratifiedKFold(3, shuffle=True, random_state=0)
scores = {
    name: cross_val_score(model, X_train, y_train, cv=folds, scoring="balanced_accuracy")
    for name, model in candidates.items()
}
pd.DataFrame(scores).agg(["mean", "std"]).T.round(3)

# %% [markdown]
# ## The model itself
#
# For samples of their own, train a model and ask it for a class.

# %%
gan = ganaug.train(X_train, y_train, quality="draft", random_state=0)
new = gan.sample(200, label="malignant", random_state=0)
new.head()

# %%
figure, axes = plt.subplots(figsize=(5, 4))
unseen = X_test[y_test == "malignant"]
axes.scatter(unseen["mean radius"], unseen["mean texture"], s=14, label="held out")
axes.scatter(new["mean radius"], new["mean texture"], s=14, marker="x", label="new")
axes.set(xlabel="mean radius", ylabel="mean texture")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Is it any good?
#
# Three questions on held-out rows: does it look real, does it help, was it copied?

# %%
evaluation = ganaug.evaluate(gan, X_test, y_test, X_train, y_train, repeats=2, random_state=0)
print("\n".join(f"{question}: {verdict}" for question, verdict in evaluation.verdicts.items()))

# %% [markdown]
# ## Keep it
#
# One file without a pickle in it. `ganaug synth --model cancer.safetensors --n 100000 --out rows.parquet` makes more.

# %%
gan.save("cancer.safetensors", overwrite=True)
ganaug.load("cancer.safetensors")
