"""What can be done about a rare class, from nothing to a GAN: each a classifier that can be fitted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from imblearn.pipeline import Pipeline as ResamplingPipeline
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from ganaug.core.errors import ConfigError
from ganaug.oversampling.sampler import GANOverSampler

NOTHING, THRESHOLD, WEIGHTS = "nothing", "moved threshold", "class weights"
REPEAT, SMOTE_NAME, GAN_NAME = "random over-sampling", "SMOTE", "GANOverSampler"
_THRESHOLDS = np.r_[np.geomspace(0.001, 0.1, 15), np.linspace(0.12, 0.98, 23)]  # fine where rare classes need them
_NEIGHBOURS = 5  # of SMOTE

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a rare class.

    Attributes
    ----------
    name : str
    advice : str
        What a reader should do, as an order.
    build : callable
        From the splits of the training data inside a fold to an unfitted classifier. Only a threshold needs them.
    """

    name: str
    advice: str
    build: Callable[[Splits], Any]


class WeightedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier whose `fit` gets balanced ``sample_weight``: class weights for those that have no `class_weight`.

    Parameters
    ----------
    estimator : classifier
        Its `fit`, or that of the last step of a Pipeline, takes ``sample_weight``.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> "WeightedClassifier":
        """Fit a clone of the classifier with weights that sum to the same for every class."""
        prefix = f"{self.estimator.steps[-1][0]}__" if isinstance(self.estimator, Pipeline) else ""
        weights = {f"{prefix}sample_weight": compute_sample_weight("balanced", y)}
        self.estimator_ = clone(self.estimator).fit(X, y, **weights)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return classes."""
        return self.estimator_.predict(X)

    @available_if(lambda self: hasattr(self.estimator, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of classes."""
        return self.estimator_.predict_proba(X)

    @available_if(lambda self: hasattr(self.estimator, "decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the classifier's scores."""
        return self.estimator_.decision_function(X)


def list_remedies(
    estimator: Any,
    X: Any,
    scorer: Any,
    samplers: "Mapping[str, Any] | Sequence[Any]",
    *,
    n_classes: int,
    n_fewest: int,
) -> tuple[list[Remedy], dict[str, str]]:
    """Return the remedies that can be tried, the simplest first, and why each other one cannot.

    Parameters
    ----------
    estimator : classifier
    X : of shape (n, n_features)
    scorer : callable
        From `sklearn.metrics.get_scorer` or `make_scorer`.
    samplers : dict of str to sampler, or sequence of samplers
        Further ones; a built-in one of the same name is replaced, and left out if the value is None.
    n_classes : int
    n_fewest : int
        Samples of a class that are learnt from, where they are fewest.
    """
    if not is_classifier(estimator):
        raise ConfigError(f"estimator must be a classifier or a Pipeline that ends in one; got {estimator!r}")
    remedies = [Remedy(NOTHING, "Change nothing", partial(_cloned, estimator))]
    left_out = {}
    for name, attempt in (
        (THRESHOLD, lambda: _threshold(estimator, scorer, n_classes)),
        (WEIGHTS, lambda: _weights(estimator)),
    ):
        try:
            remedies.append(attempt())
        except ConfigError as error:
            left_out[name] = str(error)
    for name, sampler in _samplers(X, samplers, n_fewest).items():
        if sampler is None:
            left_out[name] = "left out, as was asked"
        else:
            model = resampled(estimator, sampler)
            advice = {REPEAT: "Repeat rare samples (RandomOverSampler)", SMOTE_NAME: f"Use {type(sampler).__name__}"}
            remedies.append(Remedy(name, advice.get(name, f"Use {name}"), partial(_cloned, model)))
    return remedies, left_out


def moved_threshold(estimator: Any, scorer: Any, splits: Splits) -> TunedThresholdClassifierCV:
    """Return a classifier whose threshold is tuned on splits of the data that it is fitted to."""
    proba = hasattr(estimator, "predict_proba")
    return TunedThresholdClassifierCV(
        clone(estimator),
        scoring=scorer,
        response_method="predict_proba" if proba else "decision_function",
        thresholds=_THRESHOLDS if proba else len(_THRESHOLDS),
        cv=splits,
    )


def resampled(estimator: Any, sampler: Any) -> ResamplingPipeline:
    """Put a sampler before a classifier.

    In a Pipeline it stands before the last step, where rows are numbers; those that take raw rows stand before the
    first: GANOverSampler, and SMOTENC and SMOTEN, which know columns by name.
    """
    steps = list(estimator.steps) if isinstance(estimator, Pipeline) else [("classifier", estimator)]
    at = 0 if isinstance(sampler, (GANOverSampler, SMOTENC, SMOTEN)) else len(steps) - 1
    return ResamplingPipeline([*steps[:at], ("sampler", sampler), *steps[at:]])


def seeded(model: Any, seed: int) -> Any:
    """Set every ``random_state`` of a model that is None; return the model."""
    params = model.get_params(deep=True)
    free = {name for name, value in params.items() if name.split("__")[-1] == "random_state" and value is None}
    return model.set_params(**dict.fromkeys(free, seed))


def _cloned(model: Any, splits: Splits) -> Any:
    return clone(model)


def _threshold(estimator: Any, scorer: Any, n_classes: int) -> Remedy:
    if n_classes != 2:
        raise ConfigError(f"a threshold needs two classes; there are {n_classes}")
    response = getattr(scorer, "_response_method", None)  # scikit-learn has no public way to ask
    if response is None:
        raise ConfigError("a threshold is tuned for scorers of sklearn.metrics.make_scorer only")
    if response != "predict":
        raise ConfigError("the score does not depend on a threshold")
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        raise ConfigError("the classifier has neither predict_proba nor decision_function")
    return Remedy(THRESHOLD, "Move the threshold", partial(moved_threshold, estimator, scorer))


def _weights(estimator: Any) -> Remedy:
    named = [name for name in estimator.get_params(deep=True) if name.split("__")[-1] == "class_weight"]
    if named:
        weighted = clone(estimator).set_params(**dict.fromkeys(named, "balanced"))
        return Remedy(WEIGHTS, f"Use class weights ({named[0]}='balanced')", partial(_cloned, weighted))
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not has_fit_parameter(last, "sample_weight"):
        raise ConfigError("the classifier takes neither class_weight nor sample_weight")
    advice = "Use class weights (fit with balanced sample_weight)"
    return Remedy(WEIGHTS, advice, partial(_cloned, WeightedClassifier(estimator)))


def _samplers(X: Any, given: "Mapping[str, Any] | Sequence[Any]", n_fewest: int) -> dict[str, Any]:
    """Return samplers by name, the simplest first."""
    own = dict(given) if isinstance(given, Mapping) else {type(sampler).__name__: sampler for sampler in given}
    for name, sampler in own.items():
        if sampler is not None and not hasattr(sampler, "fit_resample"):
            raise ConfigError(f"samplers: expected imbalanced-learn samplers, with fit_resample; {name} is {sampler!r}")
    found = {REPEAT: RandomOverSampler(), SMOTE_NAME: _smote(X, n_fewest)}
    gan = own.pop(GAN_NAME, GANOverSampler())
    return found | own | {GAN_NAME: gan}


def _smote(X: Any, n_fewest: int) -> Any:
    """Return the SMOTE that suits the columns: SMOTENC needs raw rows with numbers that are all there."""
    k = max(1, min(_NEIGHBOURS, n_fewest - 1))
    categorical = list(_categorical(X))
    if not categorical:
        return SMOTE(k_neighbors=k)
    if len(categorical) == X.shape[1]:
        return SMOTEN(k_neighbors=k)
    numbers = X.drop(columns=categorical)
    complete = not numbers.isna().to_numpy().any() and all(map(pd.api.types.is_numeric_dtype, numbers.dtypes))
    return SMOTENC(categorical_features=categorical, k_neighbors=k) if complete else SMOTE(k_neighbors=k)


def _categorical(X: Any) -> Iterator[Any]:
    for name in X.columns if isinstance(X, pd.DataFrame) else ():
        dtype = X[name].dtype
        if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype) or dtype.kind == "O":
            yield name
        elif pd.api.types.is_string_dtype(dtype):
            yield name
