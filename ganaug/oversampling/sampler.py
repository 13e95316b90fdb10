"""Door 1: an imbalanced-learn over-sampler."""

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from imblearn.utils._validation import _check_X
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _num_samples, check_consistent_length
from sklearn_compat.utils.validation import validate_data

from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.core.seeds import as_seed
from ganaug.data.codec import concatenate
from ganaug.data.encoded import Encoded, encode
from ganaug.data.kind import Kind, kind_of
from ganaug.data.table.kind import is_table
from ganaug.data.table.polars import appended, is_polars, like, to_pandas
from ganaug.finetuning.finetune import Finetune
from ganaug.models.gan import ConditionalGAN
from ganaug.oversampling.judge import BASE, GAN_SHARE_OF_STEPS, Judgement, judge, judge_once
from ganaug.oversampling.mixture import Mixture, check_shares
from ganaug.oversampling.sources import GAN, factory, fewer_steps, given

_MAX_SAMPLES_TAUGHT = 20_000  # of a class: training draws fewer than that from a class in all
_CONFIG = "config__"
_AUTO = StrOptions({"auto"})
_ALSO_IN_CONFIG = ("max_steps", "max_seconds", "device")


class SmallClassWarning(UserWarning):
    """A class was too small to learn, and its samples were repeated instead."""


class NoGainWarning(UserWarning):
    """The GAN's images did not clearly help a classifier, and were left out."""


class GANOverSampler(BaseOverSampler):
    """Over-sample rare classes with samples of a conditional GAN and of other sources.

    The GAN learns all classes together, so that rare classes borrow from frequent ones. New rows are half the GAN's and
    half lie on lines through two real rows of the class; the 20 % of the candidates that look most like other classes
    are discarded. For images, held-out images of your own decide between the GAN, real images that are bent,
    recoloured, turned or otherwise changed, and real images repeated: see `judgement_`.

    A class with fewer than 6 samples is not learnt: its samples are repeated, with a `SmallClassWarning`.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to how many samples; as in every imbalanced-learn over-sampler.
    random_state : int, RandomState instance or None, default=None
        The same integer gives the same output, at the same number of threads. None takes one number from NumPy's global
        generator, as every imbalanced-learn over-sampler does, so that ``np.random.seed`` decides; nothing else of
        ganaug reads or moves a global generator of NumPy.
    sources : "auto", dict, list or Judgement, default="auto"
        What new samples are made of: shares by source, like ``{"gan": 0.5, "interpolation": 0.5}``, which add up to 1.
        Sources are ``"gan"``, ``"interpolation"`` (any data), ``"deformation"``, ``"recolouring"``, ``"symmetry"``,
        ``"mirror"``, ``"amplitude"`` (images), ``"repeat"``, and those of plugins. ``"auto"``: for rows half and half
        as above; for images, held-out images choose. Of a list, ``["deformation", "translate:normal"]``, held-out
        samples choose too. The `judgement_` of another sampler decides as it did there.
    rejection : float or "auto", default="auto"
        Share of the candidates that is discarded because they look most like other classes, in [0, 1). ``"auto"``: 0.2
        for rows, 0 for images.
    pretrained : ConditionalGAN, str, Path, Finetune or None, default=None
        A model, or its checkpoint, that the GAN starts from; its classes, size and columns may be others. A `Finetune`
        says how, for example ``Finetune("cells.safetensors", method="ewc")``.
    kind : str or Kind, default="auto"
        What `X` is: ``"table"``, ``"image"`` or the kind of a plugin; ``"auto"`` looks.
    max_steps : int or "auto", default="auto"
        Generator steps. ``"auto"``: 300 to 1,000 for rows, by the size of the smallest class; for images see
        `TrainConfig`.
    max_seconds : float or None, default=None
        Wall clock after which training stops, if ``max_steps`` does not stop it before.
    device : str, default="auto"
        ``"cpu"``, ``"cuda"``, ``"mps"``, …
    judge_budget : float, default=300
        Seconds of CPU after which the judge tries no other source; 0: nothing is judged, and the GAN makes gray images,
        while colour images are repeated.
    config : TrainConfig, dict or None, default=None
        All other settings of the GAN's training; grid search reaches them as ``config__focus`` and the like.

    Attributes
    ----------
    mixture_ : Mixture or None
        Makes more of the same samples: a `Synthesizer`, which `ganaug.evaluate`, `ganaug.make_pool` and
        `ganaug.synthesize` take. None where nothing had to be, or could be, learnt.
    gan_ : ConditionalGAN or None
        The trained model; None where none was needed.
    history_ : History or None
        What happened in its training.
    judgement_ : Judgement or None
        Which sources were tried, how they did, and what was chosen; None where nothing was judged.
    sampling_strategy_ : dict
        Samples that were made of each class.
    n_features_in_ : int
        Columns of a table; height × width × channels of images; 1 where samples are no arrays of one shape.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where `X` has string ones.

    See Also
    --------
    ganaug.evaluate : Whether new samples look real, help, and were copied.
    ganaug.train : The model alone.
    ganaug.finetune : The model alone, from another one.

    Notes
    -----
    Samples that were in `X` come first, unchanged and in order. Dtypes, columns, declared categories and the support
    of every column are those of `X`. Before over-sampling, consider class weights or a moved threshold: on many tables
    they do as well.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(weights=[0.9, 0.1], random_state=0)
    >>> X_new, y_new = GANOverSampler(max_steps=50, random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_new.tolist()).items()) == [(0, sum(y == 0)), (1, sum(y == 0))]
    True
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "sources": [_AUTO, dict, list, Judgement],
        "rejection": [_AUTO, Interval(Real, 0, 1, closed="left")],
        "pretrained": [str, PathLike, ConditionalGAN, Finetune, None],
        "kind": [str, Kind],
        "max_steps": [_AUTO, Interval(Integral, 0, None, closed="neither")],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "device": [str],
        "judge_budget": [Interval(Real, 0, None, closed="left")],
        "config": [dict, TrainConfig, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        sources="auto",
        rejection="auto",
        pretrained=None,
        kind="auto",
        max_steps="auto",
        max_seconds=None,
        device="auto",
        judge_budget=300.0,
        config=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.sources = sources
        self.rejection = rejection
        self.pretrained = pretrained
        self.kind = kind
        self.max_steps = max_steps
        self.max_seconds = max_seconds
        self.device = device
        self.judge_budget = judge_budget
        self.config = config

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with `deep`, those of `config` too, as ``config__…``."""
        params = super().get_params(deep=False)
        if deep:
            params |= {f"{_CONFIG}{name}": value for name, value in given(self.config).items()}
        return params

    def set_params(self, **params: Any) -> "GANOverSampler":
        """Set parameters, those of `config` as ``config__…``."""
        fields = {name.removeprefix(_CONFIG): params.pop(name) for name in list(params) if name.startswith(_CONFIG)}
        super().set_params(**params)
        if fields:
            self.config = given(self.config) | fields
        return self

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Over-sample; frames and series of polars give such ones back.

        Parameters
        ----------
        X : array-like, DataFrame, sparse matrix, list of PIL images, of shape (n_samples, ...)
            Samples.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        X_resampled, y_resampled : same types as `X` and `y`
            The old samples, then the new ones.
        """
        given_y = y
        y = to_pandas(y) if is_polars(y) else y
        if not is_polars(X):
            made, y_new = super().fit_resample(X, y, **params)
        else:
            made, y_new = super().fit_resample(to_pandas(X), y, **params)
            made = appended(X, made.iloc[X.height :])
        return made, like(given_y, np.asarray(y_new)) if is_polars(given_y) else y_new

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        """Accept what RandomOverSampler accepts, and arrays of more axes."""
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        rows = is_table(X) or getattr(X, "ndim", 2) < 2  # what is neither is scikit-learn's to refuse
        contain = (None if rows else np.asarray) if self.kind == "auto" else kind_of(X, self.kind).contain
        if contain is None:
            X = _check_X(X)
            check_consistent_length(X, y)
            validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
            return X, y, binarize_y
        X = contain(X)
        check_consistent_length(X, y)
        self.n_features_in_ = int(np.prod(getattr(X, "shape", ())[1:]))
        return X, y, binarize_y

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        config = self._train_config()
        kind = kind_of(X, self.kind)
        rng = np.random.default_rng(as_seed(check_random_state(self.random_state)))
        labels, counts = np.unique(y, return_counts=True)
        learnable = labels[counts >= kind.min_samples].tolist()
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n > 0}
        learnt = [label for label in wanted if label in learnable]
        X_parts, y_parts = [X], [y]
        for label in wanted:
            if label not in learnable:
                repeated = _repeated(y, label, wanted[label], kind.min_samples, rng)
                X_parts.append(_safe_indexing(X, repeated))
                y_parts.append(y[repeated])
        self.mixture_ = self.gan_ = self.history_ = None
        self.judgement_: Judgement | None = None
        if learnt:
            rows = np.sort(np.concatenate([_some(np.flatnonzero(y == label), rng) for label in learnable]))
            data = encode(_safe_indexing(X, rows), y[rows], kind, config.quality)
            if data.x[0].size == 0:  # every column is constant: a new row is any old one
                copies = np.concatenate([rng.choice(np.flatnonzero(y == label), wanted[label]) for label in learnt])
                return concatenate([*X_parts, _safe_indexing(X, copies)]), np.concatenate([*y_parts, y[copies]])
            self.mixture_ = self._fit_mixture(data, learnt, config, kind, rng)
            self.gan_ = self.mixture_.gan
            self.history_ = None if self.gan_ is None else self.gan_.history
            for label in learnt:
                for X_new in self.mixture_.sample_iter(wanted[label], label=label, random_state=rng):
                    if hasattr(X, "columns"):
                        X_new.columns = X.columns
                    X_parts.append(X_new)
                    y_parts.append(np.full(_num_samples(X_new), label, dtype=y.dtype))
        X_all = concatenate(X_parts)
        return _List(X_all) if isinstance(X_all, list) else X_all, np.concatenate(y_parts)

    def _train_config(self) -> TrainConfig:
        settings, default = given(self.config), TrainConfig()
        own = {name: getattr(self, name) for name in _ALSO_IN_CONFIG if getattr(self, name) != getattr(default, name)}
        if twice := sorted(own.keys() & settings.keys()):
            raise ConfigError(f"{twice[0]} is given twice, as a parameter and in config; give it once")
        return TrainConfig(**{"quality": "oversampling"} | settings | own)

    def _fit_mixture(
        self, data: Encoded, learnt: list[Any], config: TrainConfig, kind: Kind, rng: np.random.Generator
    ) -> Mixture:
        """Choose the shares, and fit the sources that have one."""
        shares = check_shares(self._shares(data, learnt, config, kind, rng))
        if self.pretrained is not None and GAN not in shares and isinstance(self.sources, dict):
            raise ConfigError(f"pretrained has no meaning without the source {GAN!r}; sources are {shares}")
        sources = {name: factory(name, config, self.pretrained)().fit(data, rng) for name in shares}
        return Mixture(data, sources, shares, kind.rejection if self.rejection == "auto" else self.rejection)

    def _shares(
        self, data: Encoded, learnt: list[Any], config: TrainConfig, kind: Kind, rng: np.random.Generator
    ) -> Mapping[str, float]:
        if isinstance(self.sources, Judgement):
            return self.sources.shares
        if isinstance(self.sources, dict):
            return self.sources
        is_list = isinstance(self.sources, list)
        if not kind.judged or self.judge_budget == 0:
            if is_list:
                why = "judge_budget is 0" if kind.judged else f"sources of {kind.plural} are not judged"
                raise ConfigError(f"of a list of sources, held-out samples choose, but {why}; give shares, a dict")
            return kind.default_shares(data.codec)
        quick = fewer_steps(config, data, GAN_SHARE_OF_STEPS)
        factories = {
            name: factory(name, quick, self.pretrained) for name in (*(self.sources if is_list else kind.sources), BASE)
        }
        rare, seed = data.classes.index(learnt), as_seed(rng)
        # a path or a model may be another one next time under the same name: nothing is remembered then
        decide = judge if self.pretrained is not None else judge_once
        judgement = decide(data, factories, rare, budget=self.judge_budget, random_state=seed)
        is_told = GAN in kind.sources and GAN not in judgement.shares and not kind.presumed and not is_list
        if is_told:
            message = f"{judgement}; sources={{'gan': 1}} makes all by the GAN"
            warnings.warn(message, NoGainWarning, stacklevel=8)
        self.judgement_ = judgement
        return judgement.shares

    def _more_tags(self):  # of scikit-learn before 1.6
        return {"allow_nan": True, "X_types": ["2darray", "3darray", "string", "sparse", "dataframe"]}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags


class _List(list):
    """A list, with the method that imbalanced-learn calls to make a list of what it takes for an array."""

    def tolist(self) -> list[Any]:
        """Return a plain list."""
        return list(self)


def _repeated(y: np.ndarray, label: Any, n: int, least: int, rng: np.random.Generator) -> np.ndarray:
    """Return n positions of samples of a class that is too small to learn, and say so."""
    own = np.flatnonzero(y == label)
    warnings.warn(
        f"class {str(label)!r} has {len(own)} samples, fewer than the {least} that can be learnt from; "
        "they are repeated instead",
        SmallClassWarning,
        stacklevel=7,
    )
    return rng.choice(own, n)


def _some(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= _MAX_SAMPLES_TAUGHT else rng.choice(rows, _MAX_SAMPLES_TAUGHT, replace=False)
