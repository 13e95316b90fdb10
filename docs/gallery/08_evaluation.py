"""
Is it any good? Evaluate, and write a report
============================================

Three questions: do the samples look real, do they help a classifier more than what costs nothing, and were they copied?
``ganaug.evaluate`` answers them on held-out data, with intervals, and says "cannot be judged" where the data are too
few.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import ganaug

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
rare = y_train.index[y_train == "malignant"][:60]
keep = y_train.index[y_train == "benign"].union(rare)
X_train, y_train = X_train.loc[keep], y_train.loc[keep]

gan = ganaug.train(X_train, y_train, quality="draft", random_state=0)
evaluation = ganaug.evaluate(gan, X_test, y_test, X_train, y_train, repeats=2, random_state=0)
for question, line in evaluation.verdicts.items():
    print(f"{question}: {line}")

# %%
# In a notebook the evaluation shows itself.

evaluation

# %%
# Every number
# ------------
# ``real`` is what real training samples get in the place of synthetic ones: the number to compare with.

frame = evaluation.to_frame()
frame.loc[frame["subject"] == "all classes", ["metric", "value", "low", "high", "real"]].round(3)

# %%
# Does it help?
# -------------
# Each way to train, judged on the same held-out rows.

utility = frame[(frame["question"] == "utility") & (frame["metric"] == "balanced accuracy")]
utility = utility[utility["rival"] == ""]  # the others are gains over a rival
figure, axes = plt.subplots()
error = [utility["value"] - utility["low"], utility["high"] - utility["value"]]
axes.errorbar(utility["value"], range(len(utility)), xerr=error, fmt="o", capsize=4)
axes.set_yticks(range(len(utility)), utility["subject"])
axes.set_xlabel("balanced accuracy on held-out rows (95 % interval)")
axes.invert_yaxis()

# %%
# Which columns differ most
# -------------------------

columns = evaluation["fidelity"].drawn["columns"]
columns = columns[columns["metric"] == "Kolmogorov-Smirnov"]
columns.groupby("column")[["value", "real"]].mean().sort_values("value", ascending=False).head(5).round(3)

# %%
# A report for others
# -------------------
# One HTML page that loads nothing. It shows real samples unless ``samples=False``.

path = Path(tempfile.mkdtemp()) / "report.html"
evaluation.report(path)
print(f"{path.stat().st_size / 1e6:.1f} MB")
