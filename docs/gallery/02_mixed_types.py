"""
Numbers, categories, dates and missing values
=============================================

An over-sampler that only knows numbers wants the table encoded first, and gives back rows that cannot exist: half a
child, a category of 0.4. ``GANOverSampler`` takes the raw frame and gives back the same kind of frame, longer.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ganaug import GANOverSampler

rng = np.random.default_rng(0)
n = 1500
income = rng.lognormal(10, 0.5, n).round(2)
debt = np.where(rng.random(n) < 0.4, 0, rng.lognormal(8, 1, n)).round(2)
late = rng.poisson(0.6, n)
housing = rng.choice(["own", "rent", "free"], n, p=[0.5, 0.4, 0.1])
risk = 0.15 * np.log1p(debt) + 0.9 * late - 1.3 * np.log(income) + 0.8 * (housing == "rent") + rng.logistic(size=n)
X = pd.DataFrame(
    {
        "income": np.where(rng.random(n) < 0.1, np.nan, income),
        "debt": debt,
        "late_payments": late,
        "housing": pd.Categorical(housing),
        "insured": pd.array(np.where(rng.random(n) < 0.2, None, rng.random(n) < 0.5), dtype="boolean"),
        "opened": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D"),
    }
)
X["last_payment"] = X["opened"] + pd.to_timedelta(rng.integers(0, 400, n), unit="D")
y = pd.Series(np.where(risk > np.quantile(risk, 0.93), "default", "paid"), name="outcome")

sampler = GANOverSampler(random_state=0)
X_all, y_all = sampler.fit_resample(X, y)
new = X_all.iloc[n:]
new.sample(5, random_state=0)

# %%
# What is kept
# ------------
# The dtypes are the same, integers are integers, a nullable boolean is still nullable, and a date is a date. Columns
# have missing values only if they had some.

pd.DataFrame({"dtype before": X.dtypes, "after": X_all.dtypes, "missing before": X.isna().mean().round(3)}).assign(
    **{"missing in new rows": new.isna().mean().round(3)}
)

# %%
# A debt of exactly zero is common among these loans, so it is common among the new ones. And no account has a last
# payment before it was opened: ganaug found that rule in the data, and keeps it.

rare = X[y == "default"]
print(f"debt of 0: {(rare['debt'] == 0).mean():.0%} of real defaults, {(new['debt'] == 0).mean():.0%} of new ones")
print(f"rows that end before they begin: {(new['last_payment'] < new['opened']).sum()} of {len(new)}")

# %%
# Column by column
# ----------------

figure, axes = plt.subplots(1, 4, figsize=(10, 3))
for ax, column in zip(axes, ["income", "late_payments", "housing", "opened"], strict=True):
    pair = {"real": rare[column], "new": new[column]}
    if column == "housing":
        shares = pd.DataFrame({name: values.value_counts(normalize=True) for name, values in pair.items()})
        shares.plot.bar(ax=ax, rot=0, legend=False)
    else:
        bins = np.histogram_bin_edges(rare[column].dropna().astype("int64"), 12)
        for name, values in pair.items():
            ax.hist(values.dropna().astype("int64"), bins, density=True, alpha=0.6, label=name)
    ax.set_title(column)
    ax.set_yticks([])
axes[3].set_xticks([])
axes[0].legend(frameon=False)
