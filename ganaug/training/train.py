"""Training from scratch: from labelled data to a model."""

from collections.abc import Sequence
from typing import Any

from ganaug.core.config import TrainConfig
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded, encode, refuse_constant, warn_of_single_samples
from ganaug.data.kind import Kind
from ganaug.models.gan import ConditionalGAN
from ganaug.training.callbacks import Callback, Watchdog
from ganaug.training.defaults import resolve
from ganaug.training.distributed import joined
from ganaug.training.held_out import spare
from ganaug.training.trainer import Trainer


def train(
    X: Any,
    y: Any = None,
    *,
    kind: str | Kind = "auto",
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    **settings: Any,
) -> ConditionalGAN:
    """Train a conditional GAN on labelled rows or images.

    Parameters
    ----------
    X : DataFrame, array-like, sparse matrix, list of PIL images or TableStream
        Rows ``(n_samples, n_features)`` with missing values allowed, or images ``(N, H, W)``, ``(N, H, W, C)`` or
        ``(N, C, H, W)`` of uint8 or float.
    y : array-like of shape (n_samples,), optional
        Class labels; a `TableStream` brings its own.
    kind : str or Kind, default="auto"
        ``"table"``, ``"image"`` or the kind of a plugin; ``"auto"`` looks, and refuses what it cannot tell.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same model, at the same number of threads.
    callbacks : sequence of Callback
        Called around the steps, after the built-in `Watchdog`.
    distributed : bool, default=False
        Whether to share the work with the other processes that ``torchrun`` started; each has to call this with the
        same data and settings, and gets the same model. `batch_size` is that of all together.
    **settings
        Fields of `TrainConfig`.

    Returns
    -------
    ConditionalGAN

    Raises
    ------
    SchemaError
        If `X` and `y` do not fit together or cannot be learnt from.
    ConfigError
        If a setting is unknown or out of range.
    TrainingDivergedError
        If a loss becomes NaN or infinite.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> gan = ganaug.train(X, y, max_steps=20, random_state=0)
    >>> list(gan.sample(3, label=2).columns) == list(X.columns)
    True
    """
    config = TrainConfig(**settings)
    data = encode(X, y, kind, config.quality)
    refuse_constant(data)
    warn_of_single_samples(data.classes)
    return train_encoded(data, config, random_state=random_state, callbacks=callbacks, distributed=distributed)


def train_encoded(
    data: Encoded,
    config: TrainConfig,
    *,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
) -> ConditionalGAN:
    """Train as `train` does, on data that are encoded already; what only a checkpoint cannot hold is no matter here."""
    resolved = resolve(config, data.codec, data.classes)
    with joined(resolved.device, on=distributed) as world:
        seed = world.agree(as_seed(random_state))
        gan = ConditionalGAN(data.codec, data.classes, resolved, seed)
        taught, judges = spare(data, resolved, seed, callbacks)
        Trainer(gan, taught, seed, [Watchdog(), *judges, *callbacks], world).fit()
    return gan
