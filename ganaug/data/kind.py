"""What a sort of data brings: one object that every room asks, instead of knowing tables and images by heart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ganaug.core import registry
from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec

Settings = Callable[[Codec, Classes, str, str], dict[str, Any]]


def _no_settings(codec: Codec, classes: Classes, device: str, quality: str) -> dict[str, Any]:
    return {}


def _one_encoding(quality: str) -> dict[str, Any]:
    return {}


def _gan_alone(codec: Codec) -> dict[str, float]:
    return {"gan": 1.0}


def _decoded(codec: Codec, encoded: np.ndarray) -> Any:
    return codec.decode(encoded, np.random.default_rng(0))


def _as_it_is(encoded: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "as it is", encoded.reshape(len(encoded), -1)


@dataclass(frozen=True)
class Kind:
    """A sort of data: how it is recognised and encoded, and which parts of the house suit it, by registered name.

    Registered in the entry-point group ``ganaug.kinds`` under `name`, or in a program by
    ``ganaug.core.registry.register("kinds", name, kind)``. All but the first six fields have defaults that fit any
    encoding; `docs/extending.md` defines one.

    Attributes
    ----------
    name : str
        What checkpoints call it; also ``codec.schema.kind``.
    plural : str
        What messages call its samples: ``"rows"``.
    accepts : callable
        Whether ``kind="auto"`` may take an `X` for this kind.
    codec : type
        A subclass of `Codec`.
    network : str
        Of ``ganaug.networks``: what ``network="auto"`` stands for.
    settings : callable
        From codec, classes, device and quality to what fields of `TrainConfig` are where they are ``"auto"``.
    encoding : callable
        From the quality that is asked for to options of ``codec.fit``.
    sources : tuple of str
        Of ``ganaug.sources``: what the over-sampler's new samples may be made by.
    default_shares : callable
        From a codec to the shares of sources where no held-out data are asked.
    rejection : float
        Share of the samples made that is left out because they look most like other classes, in [0, 1).
    min_samples : int
        Samples that a class needs for the over-sampler to learn it; those of smaller ones are repeated.
    judged : bool
        Whether held-out data choose the shares of the sources by default; it needs a `classifier`.
    presumed : bool
        Whether the judge takes the default shares, unless they do harm on held-out data, where no source is clearly
        better than repeating samples.
    metrics : tuple of str
        Of ``ganaug.metrics``: what fidelity is measured by.
    classifier : {"trees", "network"} or callable
        What utility and the judge train: boosted trees on encoded samples, a small convolutional network of images, or
        from a sample shape to a scikit-learn classifier of flattened encoded samples. That needs ``predict_proba`` and
        takes ``sample_weight``; distances between samples are taken in what its ``transform`` returns, if it has one.
    interpolates : bool
        Whether what lies between two encoded samples is such a sample too: where not, SMOTE is no rival.
    finetune_share : float
        Steps of a fine-tuning, as a share of those from scratch.
    class_learning_rate : float
        In fine-tuning, how many times as fast what belongs to a class learns as what all classes share.
    writer : str
        Of ``ganaug.writers``: the format that files are written in where none is asked for.
    shard_size : int
        Samples that are made in one piece.
    n_shown : int
        Samples of a class in the gallery of a report.
    repeats : int
        Fits of each kind for utility.
    show : callable
        From codec and encoded samples to what a gallery holds.
    disguises : callable
        From encoded samples to pairs of a name and an array ``(n, dim)``: the forms in which a copy of a sample would
        be recognised, the plain one first. By default that alone.
    lookalikes : callable or None
        The same in a space of features, where a copy that was changed a little in other ways stays near.
    has_preview : bool
        Whether `show` returns pictures, uint8 ``(n, height, width)`` or ``(n, height, width, 3)``, for a contact sheet
        and the report.
    stored : {"uint8", "float32"} or None
        What pools for training loops keep decoded samples as: pixels, or arrays of numbers of one shape; None: they do
        not take them.
    overview : callable or None
        From codec and encoded samples of a class to one picture of all of them, shown before the single ones.
    contain : callable or None
        What the over-sampler makes of an `X` of this kind, so that samples can be taken from it and added to it; None:
        rows, which scikit-learn checks. By default an array.
    """

    name: str
    plural: str
    accepts: Callable[[Any], bool]
    codec: type[Codec]
    network: str
    settings: Settings = _no_settings
    encoding: Callable[[str], dict[str, Any]] = _one_encoding
    sources: tuple[str, ...] = ("gan",)
    default_shares: Callable[[Codec], dict[str, float]] = _gan_alone
    rejection: float = 0.0
    min_samples: int = 6  # fewer have no 5 nearest neighbours to be judged by; SMOTE's default needs as many
    judged: bool = False
    presumed: bool = False
    metrics: tuple[str, ...] = ("prdc", "c2st")
    classifier: str | Callable[[tuple[int, ...]], Any] = "trees"
    interpolates: bool = True
    finetune_share: float = 0.5
    class_learning_rate: float = 1.0
    writer: str = "npz"
    shard_size: int = 10_000
    n_shown: int = 100
    repeats: int = 5
    show: Callable[[Codec, np.ndarray], Any] = field(default=_decoded)
    disguises: Callable[[np.ndarray], Iterator[tuple[str, np.ndarray]]] = _as_it_is
    lookalikes: Callable[[np.ndarray], Iterator[tuple[str, np.ndarray]]] | None = None
    has_preview: bool = False
    stored: str | None = None
    overview: Callable[[Codec, np.ndarray], np.ndarray] | None = None
    contain: Callable[[Any], Any] | None = np.asarray

    def gallery(self, codec: Codec, encoded: np.ndarray, most: int) -> Any:
        """Return at most so many encoded samples of a class as `show` does, after the overview if there is one."""
        single = most - (self.overview is not None)
        shown = self.show(codec, encoded[np.linspace(0, len(encoded) - 1, min(len(encoded), single)).astype(int)])
        return shown if self.overview is None else np.concatenate([self.overview(codec, encoded)[None], shown])


def kind_named(name: str) -> Kind:
    """Return the kind that is registered as `name`.

    Raises
    ------
    PluginNotFoundError
        If there is none.
    """
    found: Kind = registry.lookup("kinds", name)
    return found


def kind_of(X: Any, kind: "str | Kind" = "auto") -> Kind:
    """Return the kind that was asked for, or under ``"auto"`` the one that `X` is of.

    Raises
    ------
    SchemaError
        If no kind takes `X`, or more than one does; the message says which there are.

    Examples
    --------
    >>> kind_of([[1.0, 2.0], [3.0, 4.0]]).plural
    'rows'
    """
    if isinstance(kind, Kind):
        return kind
    if kind != "auto":
        return kind_named(kind)
    known = [kind_named(name) for name in registry.names("kinds")]
    fitting = [candidate for candidate in known if candidate.accepts(X)]
    if len(fitting) == 1:
        return fitting[0]
    described = f"{type(X).__name__} of shape {X.shape}" if hasattr(X, "shape") else f"a {type(X).__name__}"
    names = " or ".join(f"kind={one.name!r}" for one in fitting or known)
    said = "may be of several kinds" if fitting else "is not clearly of any kind"
    raise SchemaError(f"{described} {said}; say what it is: {names}, or install a plugin for it (see docs/plugins.md)")


def fit_codec(X: Any, kind: "str | Kind" = "auto") -> Codec:
    """Fit the codec of a kind, or of the one that `X` is of, to `X`.

    Raises
    ------
    SchemaError
        If `X` cannot be encoded; the message says what was expected.
    """
    return kind_of(X, kind).codec.fit(X)
