"""Door 1: an imbalanced-learn over-sampler."""

import warnings
from collections.abc import Iterator
from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from imblearn.utils._validation import _check_X
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _num_samples, check_consistent_length, check_is_fitted, validate_data

from ganaug.core.config import TrainConfig, TransferConfig
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.core.seeds import as_seed
from ganaug.data.codec import concatenate, fit_codec, is_image_data
from ganaug.evaluation.evaluate import evaluate
from ganaug.evaluation.result import Evaluation
from ganaug.finetuning.finetune import finetune
from ganaug.models.gan import ConditionalGAN
from ganaug.oversampling.images import Deformations, Recoloured, Repeats
from ganaug.oversampling.judge import choose_share
from ganaug.oversampling.selection import selected_images, selected_rows
from ganaug.oversampling.soundness import are_sound
from ganaug.training.train import train

MIN_SAMPLES = 6  # a class with fewer has no 5 nearest neighbours to be judged by; SMOTE's default needs as many
_MOST_TAUGHT = 20_000  # samples of a class that training sees: it draws fewer than that from a class in all
_FROM_REAL, _REJECTION = 0.5, 0.2  # docs/decisions/0005-rows-from-two-sources.md, 0008-images.md
_AUTO = StrOptions({"auto"})


def _positive(kind: type, closed: str = "neither") -> Interval:
    return Interval(kind, 0, None, closed=closed)


def _repeated(y: np.ndarray, label: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n positions of samples of a class that is too small to learn, and say so."""
    own = np.flatnonzero(y == label)
    warnings.warn(
        f"class {str(label)!r} has {len(own)} samples, fewer than the {MIN_SAMPLES} that can be learnt from; "
        "they are repeated instead",
        SmallClassWarning,
        stacklevel=3,
    )
    return rng.choice(own, n)


def _has_colour(images: Any) -> bool:
    return fit_codec(images).sample_shape[0] > 1


def _some(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= _MOST_TAUGHT else rng.choice(rows, _MOST_TAUGHT, replace=False)


class SmallClassWarning(UserWarning):
    """A class was too small to learn, and its samples were repeated instead."""


class NoGainWarning(UserWarning):
    """The GAN's images did not clearly help a classifier, and were left out."""


class GANOverSampler(BaseOverSampler):
    """Over-sample rare classes with samples of a conditional GAN.

    The GAN learns all classes together, in class-balanced batches, so that rare classes borrow from frequent ones; of
    a class with more than 20,000 samples it sees that many. By default half of the new samples are the GAN's. The other
    half are made from real ones of the class: rows lie on a line through two of them, gray images are bent
    towards others (`from_real`). Of the rows, the fifth that looks most like other classes is left out (`rejection`).
    ``gan_.sample`` gives the GAN's alone.

    On colour images the GAN's share is chosen by `ganaug.choose_share`, and is 0 where its images do not clearly help;
    a `NoGainWarning` says so. The others are real images of the class, turned, mirrored and in the colours of any
    training image where that leaves a classifier as good as without, else as they are (docs/decisions/0008-images.md).

    Works on tables (numbers, booleans, categories, strings, dates, missing values; arrays, lists, sparse matrices,
    DataFrames) and on images ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` of uint8 or float.

    A class with fewer than 6 samples is not learnt: its samples are repeated, with a `SmallClassWarning`.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes are brought to how many samples; as in every imbalanced-learn over-sampler.
    random_state : int, RandomState instance or None, default=None
        The same integer gives the same output, at the same number of threads.
    from_real : float or "auto", default="auto"
        Share of the new samples that are made from real ones; the rest are the GAN's, and at 1 none is trained. In
        [0, 1]; ``"auto"``: 0.5, and chosen on held-out images where they have colour.
    rejection : float or "auto", default="auto"
        Share of the rows made that is left out: those that look most like other classes. In [0, 1);
        ``"auto"``: 0.2 for rows. Not for images.
    pretrained : ConditionalGAN, str, Path or None, default=None
        A model, or its checkpoint, that the GAN starts from (see `ganaug.finetune`). Its classes, size and columns may
        be others. Settings left at their default are then the pretrained network's.
    method, embeddings, ewc_weight : default="auto", "auto", 0.01
        How it starts from `pretrained`; as in `ganaug.finetune`.
    objective : str, default="relativistic"
        Also ``"vanilla"``, ``"lsgan"``, ``"wgan"``, ``"wgan-gp"``, ``"hinge"``, or that of a plugin.
    network : str, default="auto"
        ``"mlp"`` (for rows), ``"conv"`` (for images) or that of a plugin.
    width : int or "auto", default="auto"
        Hidden units (mlp), or channels at full resolution (conv).
    depth : int or "auto", default="auto"
        Hidden layers (mlp), or halvings of the image (conv).
    latent_dim : int or "auto", default="auto"
        Size of the latent vector.
    attention : bool, default=False
        A self-attention block in both networks; images only.
    spectral_norm : bool or "auto", default="auto"
        On the discriminator's weights; ``"auto"``: where the objective asks for it.
    max_steps : int or "auto", default="auto"
        Generator steps. ``"auto"``: 300 to 1,000 for rows, by the size of the smallest class; 1,500 for
        gray images, 3,000 for colour.
    max_seconds : float or None, default=None
        Wall clock after which training stops, if ``max_steps`` does not stop it before.
    batch_size : int or "auto", default="auto"
        Samples per step.
    focus : float or "auto", default="auto"
        On rare classes: a class of n samples is drawn in proportion to ``n ** -focus``; in [0, 1]. ``"auto"``: 0 (all
        equally likely) for rows, 0.5 for images.
    optimizer : {"auto", "adam", "rmsprop"}, default="auto"
        ``"auto"``: the objective's.
    learning_rate, d_learning_rate : float or "auto", default="auto"
        Of generator and discriminator; ``"auto"``: the objective's.
    betas : (float, float) or "auto", default="auto"
        Adam's.
    d_steps : int or "auto", default="auto"
        Discriminator steps per generator step; ``"auto"``: the objective's.
    penalty_weight : float or "auto", default="auto"
        Of the objective's gradient penalty.
    penalty_every : int or "auto", default="auto"
        Penalise every k-th step, k times as strongly.
    mismatch_weight : float or "auto", default="auto"
        Of real samples under wrong labels, which the discriminator shall tell from those under their own (Reed et al.
        2016, arXiv:1605.05396); 0: none. More samples then show their class, but fewer kinds of them. ``"auto"``: 0.1
        for images in colour with the relativistic objective, else 0.
    clip_grad_norm : float or None, default=None
        Largest gradient norm of a network.
    label_smoothing : float, default=0.0
        One-sided, for ``"vanilla"`` and ``"lsgan"``; in [0, 0.5).
    instance_noise : float, default=0.0
        Standard deviation of noise on the discriminator's inputs at the start of training.
    ema_decay : float or "auto", default="auto"
        Of the averaged generator that is sampled.
    device : str, default="auto"
        ``"cpu"``, ``"cuda"``, ``"mps"``, …
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Number format of forward passes.

    Attributes
    ----------
    gan_ : ConditionalGAN or None
        The trained model; None where nothing had to be, or could be, learnt.
    history_ : History or None
        What happened in training.
    sampling_strategy_ : dict
        Samples that were made of each class.
    n_features_in_ : int
        Columns of a table; height × width × channels of images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where `X` has string ones.

    See Also
    --------
    ganaug.evaluate : Whether new samples look real, help, and were copied; `evaluate_` asks it of the last ones.
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
        "from_real": [_AUTO, Interval(Real, 0, 1, closed="both")],
        "rejection": [_AUTO, Interval(Real, 0, 1, closed="left")],
        "pretrained": [str, PathLike, ConditionalGAN, None],
        "method": [StrOptions({"auto", "full", "freeze-d", "scale-shift", "ewc"})],
        "embeddings": [StrOptions({"auto", "fresh", "mean", "mixture"})],
        "ewc_weight": [_positive(Real)],
        "objective": [str],
        "network": [str],
        "width": [_AUTO, _positive(Integral)],
        "depth": [_AUTO, _positive(Integral)],
        "latent_dim": [_AUTO, _positive(Integral)],
        "attention": ["boolean"],
        "spectral_norm": [_AUTO, "boolean"],
        "max_steps": [_AUTO, _positive(Integral)],
        "max_seconds": [_positive(Real), None],
        "batch_size": [_AUTO, Interval(Integral, 2, None, closed="left")],
        "focus": [_AUTO, Interval(Real, 0, 1, closed="both")],
        "optimizer": [StrOptions({"auto", "adam", "rmsprop"})],
        "learning_rate": [_AUTO, _positive(Real)],
        "d_learning_rate": [_AUTO, _positive(Real)],
        "betas": [_AUTO, tuple, list],
        "d_steps": [_AUTO, _positive(Integral)],
        "penalty_weight": [_AUTO, _positive(Real, closed="left")],
        "penalty_every": [_AUTO, _positive(Integral)],
        "mismatch_weight": [_AUTO, _positive(Real, closed="left")],
        "clip_grad_norm": [_positive(Real), None],
        "label_smoothing": [Interval(Real, 0, 0.5, closed="left")],
        "instance_noise": [_positive(Real, closed="left")],
        "ema_decay": [_AUTO, Interval(Real, 0, 1, closed="left")],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        random_state=None,
        from_real="auto",
        rejection="auto",
        pretrained=None,
        method="auto",
        embeddings="auto",
        ewc_weight=0.01,
        objective="relativistic",
        network="auto",
        width="auto",
        depth="auto",
        latent_dim="auto",
        attention=False,
        spectral_norm="auto",
        max_steps="auto",
        max_seconds=None,
        batch_size="auto",
        focus="auto",
        optimizer="auto",
        learning_rate="auto",
        d_learning_rate="auto",
        betas="auto",
        d_steps="auto",
        penalty_weight="auto",
        penalty_every="auto",
        mismatch_weight="auto",
        clip_grad_norm=None,
        label_smoothing=0.0,
        instance_noise=0.0,
        ema_decay="auto",
        device="auto",
        precision="auto",
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.from_real = from_real
        self.rejection = rejection
        self.pretrained = pretrained
        self.method = method
        self.embeddings = embeddings
        self.ewc_weight = ewc_weight
        self.objective = objective
        self.network = network
        self.width = width
        self.depth = depth
        self.latent_dim = latent_dim
        self.attention = attention
        self.spectral_norm = spectral_norm
        self.max_steps = max_steps
        self.max_seconds = max_seconds
        self.batch_size = batch_size
        self.focus = focus
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.d_learning_rate = d_learning_rate
        self.betas = betas
        self.d_steps = d_steps
        self.penalty_weight = penalty_weight
        self.penalty_every = penalty_every
        self.mismatch_weight = mismatch_weight
        self.clip_grad_norm = clip_grad_norm
        self.label_smoothing = label_smoothing
        self.instance_noise = instance_noise
        self.ema_decay = ema_decay
        self.device = device
        self.precision = precision

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        """Accept what RandomOverSampler accepts, and image arrays."""
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        if not is_image_data(X):
            X = _check_X(X)
            check_consistent_length(X, y)
            validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
            return X, y, binarize_y
        X = np.asarray(X)
        check_consistent_length(X, y)
        self.n_features_in_ = int(np.prod(fit_codec(X).sample_shape))
        return X, y, binarize_y

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        settings = {name: getattr(self, name) for name in TrainConfig.model_fields}
        TrainConfig(**settings)
        if self.pretrained is None and self._transfer() != TransferConfig().model_dump():
            raise ConfigError("method, embeddings and ewc_weight have no meaning without pretrained")
        images = is_image_data(X)
        if images and self.rejection not in ("auto", 0):
            raise ConfigError("rejection has no meaning for images; leave it at 'auto'")
        rng = np.random.default_rng(as_seed(self.random_state))
        labels, counts = np.unique(y, return_counts=True)
        learnable = labels[counts >= MIN_SAMPLES].tolist()
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n > 0}
        learnt = [label for label in wanted if label in learnable]
        X_parts, y_parts = [X], [y]
        for label in wanted:
            if label not in learnable:
                repeated = _repeated(y, label, wanted[label], rng)
                X_parts.append(_safe_indexing(X, repeated))
                y_parts.append(y[repeated])
        self.gan_ = self.history_ = None
        if learnt:
            rows = np.sort(np.concatenate([_some(np.flatnonzero(y == label), rng) for label in learnable]))
            X_taught, y_taught = _safe_indexing(X, rows), y[rows]
            from_real = self.from_real
            if from_real == "auto":
                coloured = images and _has_colour(X)
                from_real = self._chosen(X_taught, y_taught, learnt, rng, settings) if coloured else _FROM_REAL
            if from_real < 1:
                self.gan_ = self._fitted(X_taught, y_taught, rng, settings)
                self.history_ = self.gan_.history
            make = self._images if images else self._rows
            for label, X_new in make(X_taught, y_taught, {label: wanted[label] for label in learnt}, from_real, rng):
                if hasattr(X, "columns"):
                    X_new.columns = X.columns
                X_parts.append(X_new)
                y_parts.append(np.full(X_new.shape[0], label, dtype=y.dtype))
        return concatenate(X_parts), np.concatenate(y_parts)

    def evaluate_(self, X_resampled: Any, y_resampled: Any, X_test: Any, y_test: Any, **options: Any) -> Evaluation:
        """Measure whether what the last `fit_resample` added looks real, helps a classifier, and was copied.

        Parameters
        ----------
        X_resampled, y_resampled
            What `fit_resample` returned: the training data first, then what was added.
        X_test, y_test
            Real data that it has not seen.
        **options
            Of `ganaug.evaluate`.

        Raises
        ------
        NotFittedError
            If nothing was resampled yet.
        """
        check_is_fitted(self, "sampling_strategy_")
        total, added = _num_samples(X_resampled), sum(self.sampling_strategy_.values())
        parts = np.arange(total - added, total), np.arange(total - added)
        (X_new, y_new), (X, y) = ((_safe_indexing(X_resampled, p), _safe_indexing(y_resampled, p)) for p in parts)
        found = evaluate((X_new, y_new), X_test, y_test, X, y, **options)
        found.history = self.history_
        return found

    def _transfer(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TransferConfig.model_fields}

    def _fitted(self, X: Any, y: np.ndarray, random_state: Any, settings: dict[str, Any]) -> ConditionalGAN:
        """Train a GAN, from the pretrained one if there is one."""
        if self.pretrained is None:
            return train(X, y, random_state=random_state, **settings)
        default = TrainConfig().model_dump()
        given = {name: value for name, value in settings.items() if value != default[name]}
        return finetune(self.pretrained, X, y, random_state=random_state, **self._transfer(), **given)

    def _chosen(
        self, X: Any, y: np.ndarray, learnt: list[Any], rng: np.random.Generator, settings: dict[str, Any]
    ) -> float:
        """Return which share of the new images real ones should make: all, unless the GAN's clearly help."""

        def fit(X: Any, y: np.ndarray, random_state: int) -> ConditionalGAN:
            return self._fitted(X, y, random_state, settings)

        try:
            choice = choose_share(X, y, classes=learnt, fit=fit, random_state=rng)
            share, why = choice.share, str(choice)
        except SchemaError as error:
            share, why = 0.0, f"whether the GAN's images help cannot be judged ({error})"
        if not share:
            said = f"{why}; the new images are made from real ones alone. from_real=0.5 makes half of them by the GAN"
            warnings.warn(said, NoGainWarning, stacklevel=3)
        return 1 - share

    def _images(
        self, X: Any, y: np.ndarray, wanted: dict[Any, int], from_real: float, rng: np.random.Generator
    ) -> Iterator[tuple[Any, Any]]:
        """Yield new images of each class in chunks."""
        codec, labels = fit_codec(X), np.unique(y)
        x, c = codec.encode(X), np.searchsorted(labels, y)
        coloured = x.shape[1] > 1
        sound = coloured and from_real > 0 and are_sound(x, c, Recoloured, seed=as_seed(rng))
        for label, n in wanted.items():
            k = int(np.searchsorted(labels, label))
            own = x[c == k]
            variants = Recoloured(own, x) if sound else Repeats(own) if coloured else Deformations(own, rng)
            for encoded in selected_images(self.gan_, variants, k, n, rng, from_real=from_real):
                yield label, codec.decode(encoded, rng)

    def _rows(
        self, X: Any, y: np.ndarray, wanted: dict[Any, int], from_real: float, rng: np.random.Generator
    ) -> Iterator[tuple[Any, Any]]:
        """Yield new rows of each class in chunks."""
        rejection = _REJECTION if self.rejection == "auto" else self.rejection
        codec, labels = fit_codec(X) if self.gan_ is None else self.gan_.codec, np.unique(y)
        x, c = codec.encode(X), np.searchsorted(labels, y)
        for label, n in wanted.items():
            k = int(np.searchsorted(labels, label))
            for encoded in selected_rows(self.gan_, x, c, k, n, rng, from_real=from_real, rejection=rejection):
                yield label, codec.decode(encoded, rng)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags
