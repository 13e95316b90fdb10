"""Over-sample the defaults of a credit-like table inside cross-validation, beside the two cheap alternatives.

python examples/credit.py
"""

import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline as make_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ganaug import GANOverSampler


def applications(n: int = 3000, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return n made-up applications with dates, categories, missing incomes and many debts of zero; 6 % default."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10, 0.5, n)
    debt = np.where(rng.random(n) < 0.4, 0, rng.lognormal(8, 1, n))
    late = rng.poisson(0.6, n)
    housing = rng.choice(["own", "rent", "free"], n, p=[0.5, 0.4, 0.1])
    risk = 0.15 * np.log1p(debt) + 0.9 * late - 1.3 * (np.log(income) - 10) + 0.8 * (housing == "rent")
    risk += rng.logistic(0, 1, n)
    income[rng.random(n) < 0.1] = np.nan
    frame = pd.DataFrame({"income": income.round(2), "debt": debt.round(2), "late_payments": late})
    frame["housing"] = pd.Categorical(housing)
    frame["purpose"] = rng.choice(["car", "home", "study", "other"], n)
    frame["opened"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")
    return frame, pd.Series(np.where(risk > np.quantile(risk, 0.94), "default", "paid"), name="outcome")


def encoder():
    """Return the usual preprocessing: it comes after the over-sampler, which takes the raw frame."""
    numeric = make_transformer(SimpleImputer(strategy="median"), StandardScaler())
    return make_column_transformer(
        (numeric, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), ["housing", "purpose"]),
    )


def main() -> None:
    """Print what each choice gives."""
    X, y = applications()
    rare = (y == "default").astype(int)
    print(f"{len(X):,} applications, {rare.mean():.1%} default")

    _, labels = GANOverSampler(random_state=0).fit_resample(X, y)
    print(f"after GANOverSampler: {labels.value_counts().to_dict()}\n")

    models = {
        "nothing": make_pipeline(encoder(), LogisticRegression(max_iter=1000)),
        "class weights": make_pipeline(encoder(), LogisticRegression(max_iter=1000, class_weight="balanced")),
        "threshold at the prior": FixedThresholdClassifier(
            make_pipeline(encoder(), LogisticRegression(max_iter=1000)), threshold=rare.mean()
        ),
        "GANOverSampler": make_pipeline(GANOverSampler(random_state=0), encoder(), LogisticRegression(max_iter=1000)),
    }
    scoring = ["average_precision", "roc_auc", "balanced_accuracy", "recall", "f1"]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    rows = {
        name: pd.DataFrame(cross_validate(model, X, rare, cv=folds, scoring=scoring)).mean().filter(like="test_")
        for name, model in models.items()
    }
    print(pd.DataFrame(rows).T.rename(columns=lambda name: name.removeprefix("test_")).round(3).to_string())


if __name__ == "__main__":
    main()
