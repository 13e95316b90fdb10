"""Classifiers for tables of any columns, where the user has none: what ``ganaug compare`` judges with."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from ganaug.core.errors import ConfigError, did_you_mean

_MAX_LEVELS = 100  # of a column; rarer ones are joined
CLASSIFIERS = {
    "trees": HistGradientBoostingClassifier(early_stopping=False),
    "logistic": LogisticRegression(max_iter=2000),
    "neighbours": KNeighborsClassifier(),
}


def make_classifier(X: Any, name: str = "trees") -> Pipeline:
    """Return a Pipeline that turns rows into numbers and classifies them.

    Missing numbers become the median, numbers and dates are standardised, everything else is one-hot encoded.

    Parameters
    ----------
    X : DataFrame or array
        Whose columns are asked for their types; nothing is fitted to it.
    name : {"trees", "logistic", "neighbours"}, default="trees"
        Gradient-boosted trees, logistic regression or 5 nearest neighbours.

    Raises
    ------
    ConfigError
        If there is no classifier of that name.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [30.0, None, 50.0, 61.0], "city": ["a", "b", "a", None]})
    >>> make_classifier(frame, "logistic").fit(frame, [0, 1, 0, 1]).predict(frame).shape
    (4,)
    """
    if name not in CLASSIFIERS:
        raise ConfigError(f"there is no classifier {name!r}; {did_you_mean(name, CLASSIFIERS)}")
    dtypes = X.dtypes if isinstance(X, pd.DataFrame) else pd.Series(float, index=range(X.shape[1]))
    dates = [column for column, dtype in dtypes.items() if pd.api.types.is_datetime64_any_dtype(dtype)]
    numbers = [
        column
        for column, dtype in dtypes.items()
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    ]
    others = [column for column in dtypes.index if column not in {*dates, *numbers}]
    scaled = (SimpleImputer(strategy="median"), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MAX_LEVELS, sparse_output=False)
    columns = make_column_transformer(
        (make_pipeline(FunctionTransformer(_as_floats), *scaled), numbers),
        (make_pipeline(FunctionTransformer(_as_days), *scaled), dates),
        (make_pipeline(FunctionTransformer(_as_text), encoder), others),
    )
    return make_pipeline(columns, CLASSIFIERS[name])


def _as_floats(numbers: Any) -> np.ndarray:
    return np.asarray(numbers.astype(float) if isinstance(numbers, pd.DataFrame) else numbers, dtype=float)


def _as_days(dates: pd.DataFrame) -> np.ndarray:
    origin = pd.Timestamp(0)
    days = [(dates[column].dt.tz_localize(None) - origin) / pd.Timedelta(days=1) for column in dates]
    return np.column_stack([np.asarray(column, dtype=float) for column in days])


def _as_text(levels: pd.DataFrame) -> np.ndarray:
    return levels.astype(object).where(levels.notna(), "(missing)").astype(str).to_numpy(dtype=object)
