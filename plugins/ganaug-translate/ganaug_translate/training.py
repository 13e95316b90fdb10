"""From labelled images to a translator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ganaug.core.classes import Classes
from ganaug.core.errors import CheckpointError, ConfigError, SchemaError, TransferError
from ganaug.core.provenance import KEPT, Provenance, TransferReport
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded, encode, refuse_unsavable
from ganaug.data.image.kind import IMAGE, gains_from_bfloat16
from ganaug.models.device import resolve_device
from ganaug.models.synthesizer import load
from ganaug.training.callbacks import Callback
from ganaug.training.distributed import joined
from ganaug.training.trainer import Trainer

from ganaug_translate.config import TranslationConfig
from ganaug_translate.steps import STEPS
from ganaug_translate.translator import Translator

_MIN_IMAGES = 6  # of a class
_SMALL = 16  # pixels a side, below which images are halved once
_NETWORK = ("width", "depth", "n_blocks", "d_width", "d_depth")
_METHOD = {  # what differs from the defaults of `TranslationConfig`
    "cut": {},
    "fastcut": {"nce_weight": 10.0, "identity_weight": 0.0},
    "cyclegan": {"identity_weight": 5.0, "max_steps": 2_000},
}


def train_translator(
    X: Any,
    y: Any = None,
    *,
    source: Any = None,
    target: Any = None,
    method: str = "cut",
    pretrained: Translator | str | Path | None = None,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    **settings: Any,
) -> Translator:
    """Train a translator of images of one class into another; no image needs a counterpart.

    Parameters
    ----------
    X : array-like, list of PIL images, or dict of label to images
        Images ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)``. A dict holds the images of two domains, and needs
        no `y`: ``{"day": X_day, "night": X_night}``.
    y : array-like of shape (n_samples,), optional
        Labels. Other classes than the two are left out.
    source, target : label, optional
        The classes to translate from and to; of a dict by default the first and the second.
    method : {"cut", "fastcut", "cyclegan"}, default="cut"
        ``"cut"``: contrastive (Park et al. 2020, arXiv:2007.15651). ``"fastcut"``: without the pass that keeps targets
        as they are; a third faster, less faithful. ``"cyclegan"``: both directions (Zhu et al. 2017,
        arXiv:1703.10593), at about two and a half times the time.
    pretrained : Translator, str or Path, optional
        A translator to start from, of another domain or size; its method and its networks' width are taken over.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same model, at the same number of threads.
    callbacks : sequence of Callback
        ``ganaug.Snapshot(path, resume=True)`` lets an interrupted training go on.
    distributed : bool, default=False
        As in `ganaug.train`: whether to share the work with the other processes that ``torchrun`` started.
    **settings
        Fields of `TranslationConfig`: ``max_steps``, ``max_seconds``, ``width``, ``nce_weight``, …

    Returns
    -------
    Translator

    Raises
    ------
    SchemaError
        If the images are no images, or a class is missing or has fewer than 6.
    ConfigError
        If a setting is unknown or out of range, or it is not clear what to translate into what.
    TransferError
        If `pretrained` has other channels, another method or another width.
    TrainingDivergedError
        If a loss becomes NaN or infinite.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> X = (digits.images * 15).astype("uint8")
    >>> translator = train_translator(X, digits.target, source=5, target=6, max_steps=2, random_state=0)
    >>> translator.apply(X[digits.target == 5][:3]).shape
    (3, 8, 8)
    """
    data = _two_classes(X, y, source, target)
    return train_encoded(
        data,
        method=method,
        pretrained=pretrained,
        random_state=random_state,
        callbacks=callbacks,
        distributed=distributed,
        **({"target": 1} if source is None else {"target": int(data.classes.index([target])[0])}),
        **settings,
    )


def train_encoded(
    data: Encoded,
    *,
    method: str = "cut",
    target: int = 1,
    pretrained: Translator | str | Path | None = None,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    **settings: Any,
) -> Translator:
    """Train as `train_translator` does, on encoded images of two classes; `target` is the position of one of them."""
    start = load(pretrained) if isinstance(pretrained, (str, Path)) else pretrained
    config = _resolve(data, method, target, start, settings)
    with joined(config.device, on=distributed) as world:
        seed = world.agree(as_seed(random_state))
        model = Translator(data.codec, data.classes, config, seed)
        if start is not None:
            _adapt(start, model)
        Trainer(model, data, seed, callbacks, world, STEPS[config.network]).fit()
    model.images = {k: data.x[data.c == k] for k in range(2)}
    return model


def labels_named(y: Any, *names: str) -> list[Any]:
    """Return the labels whose text is `names`, as a command line gives them."""
    return [Classes.from_target(np.asarray(y)).named(name) for name in names]


def _two_classes(X: Any, y: Any, source: Any, target: Any) -> Encoded:
    """Encode the images of the two classes."""
    if isinstance(X, Mapping):
        if y is not None or len(X) != 2:
            raise ConfigError(f"a dict holds the images of two domains, and needs no y; got {len(X)} and y={y!r:.40}")
        parts = [np.asarray(images) for images in X.values()]
        labels = list(X)
        source, target = (labels[0], labels[1]) if source is None and target is None else (source, target)
        X, y = np.concatenate(parts), np.repeat(np.array(labels), [len(part) for part in parts])
    elif y is None:
        raise ConfigError("give y, a label for each image, or a dict of the images of two domains")
    present = np.unique(np.asarray(y)).tolist()
    for name, label in (("source", source), ("target", target)):
        if label not in present:
            raise ConfigError(f"{name}={label!r} is no class of the data; there are {present[:20]}")
    if source == target:
        raise ConfigError(f"source and target are both {source!r}; name two classes")
    chosen = np.flatnonzero(np.isin(np.asarray(y), [source, target]))
    images = [X[i] for i in chosen] if isinstance(X, (list, tuple)) else X[chosen]
    data = encode(images, np.asarray(y)[chosen], IMAGE)
    refuse_unsavable(data)
    few = min(zip(data.classes.counts, data.classes.labels.tolist(), strict=True))
    if few[0] < _MIN_IMAGES:
        raise SchemaError(f"class {few[1]!r} has {few[0]} images; at least {_MIN_IMAGES} are needed")
    return data


def _resolve(
    data: Encoded, method: str, target: int, start: Translator | None, settings: dict[str, Any]
) -> TranslationConfig:
    """Return the settings that are used: those given, then those of the model to start from, then the method's."""
    if method not in _METHOD:
        raise ConfigError(f"method must be one of {', '.join(_METHOD)}; got {method!r}")
    device = resolve_device(settings.pop("device", "auto"))
    own: dict[str, Any] = {"precision": "bfloat16" if gains_from_bfloat16(device) else "float32", **_METHOD[method]}
    if min(data.codec.sample_shape[1:]) < _SMALL:
        own |= {"depth": 1, "d_depth": 2}
    if start is not None:
        if start.config.network != method:
            raise TransferError(
                f"pretrained is a {start.config.network} translator; use method={start.config.network!r}"
            )
        own |= {name: getattr(start.config, name) for name in _NETWORK}
    return TranslationConfig(**own | settings | {"network": method, "target": target, "device": device})


def _adapt(start: Translator, model: Translator) -> None:
    """Fill the networks with those of another translator; they fit images of any size."""
    try:
        model.fill(start.arrays(), "pretrained")
    except CheckpointError as error:
        raise TransferError(f"pretrained, of {start.codec.schema.describe()}, does not fit: {error}") from error
    tensors = {name: KEPT for name in model.arrays()}
    n = sum(weight.numel() for weight in [*model.generator.parameters(), *model.discriminator.parameters()])
    described = start.codec.schema.describe(), model.codec.schema.describe()
    model.transfer = TransferReport(*described, "full", "none", tensors, {KEPT: n})
    model.provenance = Provenance(parent=start.as_parent())
