"""From labelled images to a translator, from any images to a restorer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ganaug.core.classes import Classes
from ganaug.core.errors import CheckpointError, ConfigError, SchemaError, TransferError
from ganaug.core.provenance import KEPT, Provenance, TransferReport
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded, encode
from ganaug.data.image.kind import IMAGE, gains_from_bfloat16
from ganaug.models.device import resolve_device
from ganaug.models.synthesizer import load
from ganaug.training.callbacks import Callback
from ganaug.training.distributed import joined
from ganaug.training.trainer import Trainer

from ganaug_translate.config import RestorationConfig, TranslationConfig
from ganaug_translate.restorer import Restorer
from ganaug_translate.steps import STEPS, RestorationStep
from ganaug_translate.translator import Translator

_MIN_IMAGES = 6  # of a class
_SMALL = 16  # pixels a side, below which images are halved once
_NETWORK = ("width", "depth", "n_blocks", "d_width", "d_depth")
_RESTORING_NETWORK = ("width", "depth", "n_blocks", "scale", "d_width", "d_depth")
_METHOD = {  # what differs from the defaults of `TranslationConfig`
    "cut": {},
    "fastcut": {"identity_weight": 0.0},
    "cyclegan": {"identity_weight": 0.5, "max_steps": 2_000},
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
        as they are; a sixth faster, less faithful. ``"cyclegan"``: both directions (Zhu et al. 2017,
        arXiv:1703.10593), at twice the time.
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


def _adapt(start: Any, model: Any) -> None:
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


def train_restorer(
    X: Any,
    *,
    task: str,
    pretrained: Restorer | str | Path | None = None,
    random_state: Any = None,
    callbacks: Sequence[Callback] = (),
    distributed: bool = False,
    **settings: Any,
) -> Restorer:
    """Train a restorer by spoiling your own images and learning to undo it; no pairs are needed.

    Parameters
    ----------
    X : array-like or list of arrays
        Sharp, whole, clean images ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)``, or a list of ``(H, W)`` or
        ``(H, W, C)`` of different sizes, from which pieces are cut. uint8, uint16 or float.
    task : {"superres", "denoise", "deblur", "inpaint"}
        ``"superres"``: ``scale=2`` or 4 times as large. ``"denoise"``: Gaussian noise of ``sigma=25`` (in 1/255 of the
        range). ``"deblur"``: a Gaussian of ``blur=1.5`` pixels. ``"inpaint"``: rectangles that hide about
        ``hidden=0.25`` of an image.
    pretrained : Restorer, str or Path, optional
        A restorer of the same task to start from.
    random_state, callbacks, distributed
        As for `train_translator`.
    **settings
        Fields of `RestorationConfig`: those of the tasks above, ``max_steps``, ``crop``, ``adversarial_weight`` (0 by
        default: nothing is invented that lowers the error; about 0.01: sharper, and further from the truth), …

    Returns
    -------
    Restorer

    Raises
    ------
    SchemaError, ConfigError, TransferError, TrainingDivergedError
        As `train_translator`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = (load_digits().images * 15).astype("uint8")
    >>> restorer = train_restorer(X, task="superres", scale=2, max_steps=2, random_state=0)
    >>> restorer.apply(X[:3, ::2, ::2]).shape
    (3, 8, 8)
    """
    start = load(pretrained) if isinstance(pretrained, (str, Path)) else pretrained
    device = resolve_device(settings.pop("device", "auto"))
    own: dict[str, Any] = {"precision": "bfloat16" if gains_from_bfloat16(device) else "float32"}
    own |= {"n_blocks": 6} if task == "superres" else {}
    if start is not None:
        own |= {name: getattr(start.config, name) for name in _RESTORING_NETWORK}
        if start.config.network != task:
            raise TransferError(f"pretrained is a restorer for {start.config.network!r}; got task={task!r}")
    config = RestorationConfig(**own | settings | {"network": task, "device": device})
    pieces = cut_pieces(X, config.crop)
    data = encode(pieces, np.zeros(len(pieces), int), IMAGE)
    if config.network == "superres" and any(side % config.scale for side in data.codec.sample_shape[1:]):
        said = data.codec.schema.describe()
        raise ConfigError(f"pieces ({said}) cannot become {config.scale} times smaller; give another crop")
    with joined(config.device, on=distributed) as world:
        seed = world.agree(as_seed(random_state))
        model = Restorer(data.codec, data.classes, config, seed)
        if start is not None:
            _adapt(start, model)
        Trainer(model, data, seed, callbacks, world, RestorationStep).fit()
    return model


def cut_pieces(X: Any, side: int) -> np.ndarray:
    """Cut images larger than `side` pixels into squares that overlap by half; smaller ones stay whole.

    Raises
    ------
    SchemaError
        If images of different sizes are smaller than that.
    """
    images = [np.asarray(image) for image in X]
    if not images:
        raise SchemaError("expected at least one image; got none")
    first = isinstance(X, np.ndarray) and X.ndim == 4 and X.shape[3] not in (1, 3, 4)  # channels come first
    images = [np.moveaxis(image, 0, -1) for image in images] if first else images
    pieces = []
    for image in images:
        tops, lefts = (_starts(n, side) for n in image.shape[:2])
        pieces += [image[top : top + side, left : left + side] for top in tops for left in lefts]
    shapes = {piece.shape for piece in pieces}
    if len(shapes) > 1:
        raise SchemaError(f"not all images hold pieces of {side} pixels: {sorted(shapes)[:3]}; give a smaller crop")
    return np.stack(pieces)


def _starts(n: int, side: int) -> list[int]:
    """Return where pieces of `side` begin along `n` pixels, each half over the one before; the last ends at the end."""
    return sorted({*range(0, max(1, n - side + 1), max(1, side // 2)), max(0, n - side)})
