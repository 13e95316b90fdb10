"""The batch transform: it stands where MixUp and CutMix stand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten
from torchvision import tv_tensors
from torchvision.transforms import v2

from ganaug.core.errors import ConfigError, SchemaError
from ganaug.loops.appearance import Likeness, check_range, valued
from ganaug.loops.labels import condition_of, matched, plain
from ganaug.loops.pool import Pool
from ganaug.loops.source import as_source, draw
from ganaug.models.device import resolve_device
from ganaug.models.synthesizer import Synthesizer

_PLACED = tuple(
    getattr(tv_tensors, name) for name in ("BoundingBoxes", "Mask", "KeyPoints", "Video") if hasattr(tv_tensors, name)
)
_HARD = "expected class labels of shape (batch_size,)"
_BEFORE = ": put GANReplace before MixUp, CutMix and one-hot encoding"
_IN_NUMPY = (torch.uint8, torch.float32, torch.float64)


class GANReplace(v2.Transform):
    """Replace images of a batch by synthetic ones of the same class.

    It takes what MixUp and CutMix take, and stands before them: ``(images, labels)``, with anything behind them, a
    dict, or any nesting of them, in a ``collate_fn`` or after the loader; and a single ``(image, label)`` too. Labels
    stay as they are.

    Parameters
    ----------
    source : Pool, Synthesizer, str or Path
        A pool or a model, or the file of either. Of a model, a temporary pool is made here, unless `live`.
    p : float, default=0.5
        Probability of each image to be replaced.
    classes : iterable, optional
        Which classes are replaced, as the model or as the labels have them; by default all that the source has.
    labels_getter : "default" or callable
        Where labels are. ``"default"``: the second part, and of a dict, itself or the second part, the entry "labels",
        else the one with "label" in its key, or one that begins with "target". Or a function of what the transform is
        called with.
    names : sequence of str, optional
        What integer labels mean, usually ``dataset.classes``; needed if the model's classes are names.
    transform : callable, optional
        What the synthetic images go through, ``(n, C, H, W)`` uint8 together: the normalisation that real ones had.
    live : bool, optional
        Whether samples are made when they are needed, on the batch's device, in the main process. By default where
        there is an accelerator and `source` is a model.
    inplace : bool, default=False
        Whether to write into the batch that came, which saves a copy.
    n_per_class : int, default=1000
        Size of the temporary pool.
    random_state : int, RandomState, Generator or None, default=None
        Seeds the temporary pool; None draws from torch's generator.

    Raises
    ------
    SchemaError
        When it is called with boxes, masks, key points or video, with soft labels, with images unlike the model's, or
        with labels that no class can be found for.

    Examples
    --------
    >>> import numpy as np, torch
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, random_state=0)
    >>> replace = GANReplace(gan, p=0.5, live=False)
    >>> images, labels = replace(torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 1, 0]))
    >>> images.shape, labels.tolist()
    (torch.Size([4, 1, 8, 8]), [0, 1, 1, 0])
    """

    def __init__(
        self,
        source: Synthesizer | Pool | str | Path,
        p: float = 0.5,
        classes: Iterable[Any] | None = None,
        labels_getter: Callable[[Any], Any] | Literal["default"] = "default",
        *,
        names: Sequence[Any] | None = None,
        transform: Callable[[Tensor], Tensor] | None = None,
        live: bool | None = None,
        inplace: bool = False,
        n_per_class: int = 1000,
        random_state: Any = None,
    ) -> None:
        super().__init__()
        if isinstance(p, bool) or not 0 <= p <= 1:
            raise ConfigError(f"p must be between 0 and 1; got {p!r}")
        if labels_getter != "default" and not callable(labels_getter):
            raise ConfigError(f"labels_getter must be 'default' or a function; got {labels_getter!r}")
        if isinstance(classes, str):
            raise ConfigError(f"classes must be several, like [{classes!r}]; got {classes!r}")
        live = resolve_device("auto") != "cpu" if live is None else live
        self.source = as_source(source, n_per_class, live=live, random_state=random_state)
        self.p = p
        self.inplace = inplace
        self.classes = None if classes is None else [plain(label) for label in classes]
        self.names = None if names is None else list(names)
        self.labels_getter = labels_getter
        self._synthetic_transform = transform
        self._conditions: dict[Any, int] = {}  # -1: stays as it is
        self._checked: set[tuple[Any, ...]] = set()
        if self.classes is not None:
            self._wanted = set(matched(self.source.classes, self.classes, self.names).values())
        else:
            self._wanted = set(range(len(self.source.classes)))

    def forward(self, *inputs: Any) -> Any:
        """Return what came, some of its images replaced."""
        inputs = inputs if len(inputs) > 1 else inputs[0]
        labels = _labels(inputs) if self.labels_getter == "default" else self.labels_getter(inputs)
        flat, spec = tree_flatten(inputs)
        self.check_inputs(flat)
        listed = _listed(labels)
        where = _image_position(flat, labels, batch=listed is not None)
        params = self.make_params([plain(labels)] if listed is None else listed)
        if params["rows"]:
            flat[where] = self.transform(flat[where], params)
        return tree_unflatten(flat, spec)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Refuse what belongs to the contents of an image.

        Raises
        ------
        SchemaError
            If there are boxes, masks, key points or video.
        """
        placed = next((type(leaf).__name__ for leaf in flat_inputs if isinstance(leaf, _PLACED)), None)
        if placed is not None:
            raise SchemaError(f"a synthetic image has other contents: it cannot take the place of one with {placed}")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Choose, from the labels, which images are replaced by what condition."""
        conditions = [self._condition(label) for label in flat_inputs]
        chosen = (torch.rand(len(conditions)) < self.p).tolist()
        rows = [i for i, condition in enumerate(conditions) if chosen[i] and condition >= 0]
        return {"rows": rows, "conditions": [conditions[i] for i in rows], "batch_size": len(conditions)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Return images with some rows replaced."""
        device = inpt.device if isinstance(inpt, Tensor) else torch.device("cpu")
        samples = draw(self.source, params["conditions"], device)
        if not isinstance(inpt, Tensor) or inpt.ndim < 4 and params["batch_size"] == 1:
            return self._single(samples[0], inpt)
        if len(inpt) != params["batch_size"]:
            raise SchemaError(f"expected as many images as labels; got {len(inpt)} and {params['batch_size']}")
        out = inpt if self.inplace else inpt.clone()
        made = self._alike(samples, inpt)
        if out.device.type == "cpu" and out.dtype in _IN_NUMPY and not out.requires_grad:
            out.numpy()[params["rows"]] = made.numpy()  # 10 times as fast as torch's
        else:
            out[params["rows"]] = made
        return tv_tensors.wrap(out, like=inpt) if isinstance(inpt, tv_tensors.Image) else out

    def _alike(self, samples: Tensor, images: Tensor) -> Tensor:
        """Return samples in shape, dtype and range of a batch of images."""
        gray = images.ndim == 3
        if gray:
            images = images[:, None]
        if self._synthetic_transform is not None:
            made = self._synthetic_transform(samples)
            if made.dtype != images.dtype:
                raise SchemaError(f"images are {images.dtype}, what transform= makes is {made.dtype}; make them alike")
        else:
            if images.dtype.is_floating_point and ("range", images.dtype) not in self._checked:
                check_range(float(images.min()), float(images.max()), self.source)
                self._checked.add(("range", images.dtype))
            made = valued(samples, self.source, images.dtype)
        if made.shape[1] == 1 and images.shape[1] == 3:
            made = made.expand(-1, 3, -1, -1)
        if made.shape[1:] != images.shape[1:]:
            raise SchemaError(
                f"images are {tuple(images.shape[1:])}, synthetic ones {tuple(made.shape[1:])} (channels, height, "
                "width); train the model on such images, or make them alike with transform="
            )
        return made[:, 0] if gray else made

    def _single(self, sample: Tensor, image: Any) -> Any:
        if self._synthetic_transform is not None:
            return self._synthetic_transform(sample[None])[0]
        return Likeness(self.source, image)(sample.cpu().numpy())

    def _condition(self, label: Any) -> int:
        if label not in self._conditions:
            found = condition_of(self.source.classes, label, self.names)
            self._conditions[label] = found if found in self._wanted else -1
        return self._conditions[label]

    def extra_repr(self) -> str:
        """Return the settings in words."""
        return f"source={self.source!r}, p={self.p}, classes={self.classes}"


def _labels(inputs: Any) -> Any:
    """Return the labels: of several parts the second, of a dict what is called so.

    Raises
    ------
    SchemaError
        If it is not clear which they are.
    """
    if isinstance(inputs, Mapping):
        keys = [key for key in inputs if isinstance(key, str)]
        for rule in (lambda key: key == "labels", lambda key: "label" in key, lambda key: key.startswith("target")):
            found = [key for key in keys if rule(key.lower())]
            if len(found) == 1:
                return inputs[found[0]]
    elif isinstance(inputs, (tuple, list)):
        nested = [part for part in inputs if isinstance(part, Mapping)]
        if len(inputs) > 1 and not nested and not _is_picture(inputs[1]):
            return inputs[1]
        if len(nested) == 1:
            return _labels(nested[0])
    raise SchemaError("cannot tell which are the labels: give labels_getter=, a function of what is transformed")


def _is_picture(part: Any) -> bool:
    return isinstance(part, Image.Image) or getattr(part, "ndim", 0) > 2


def _listed(labels: Any) -> list[Any] | None:
    """Return the labels of a batch as plain values, or None for the label of a single image.

    Raises
    ------
    SchemaError
        If they are soft.
    """
    if isinstance(labels, (Tensor, np.ndarray)) and labels.ndim:
        if labels.ndim > 1 or "float" in str(labels.dtype):
            raise SchemaError(f"{_HARD}; got {tuple(labels.shape)} {labels.dtype}{_BEFORE}")
        return labels.tolist()
    if isinstance(labels, (list, tuple)):
        listed = [plain(label) for label in labels]
        soft = next((label for label in listed if isinstance(label, (float, Tensor, np.ndarray, list, tuple))), None)
        if soft is not None:
            raise SchemaError(f"{_HARD}; got {len(listed)}, one of which is a {type(soft).__name__}{_BEFORE}")
        return listed
    return None


def _image_position(flat: list[Any], labels: Any, *, batch: bool) -> int:
    """Return which leaf holds the images.

    Raises
    ------
    SchemaError
        If it is not exactly one.
    """
    kinds = (Tensor,) if batch else (Tensor, np.ndarray, Image.Image)
    fewest = 3 if batch else 2
    found = [
        i
        for i, leaf in enumerate(flat)
        if leaf is not labels and isinstance(leaf, kinds) and getattr(leaf, "ndim", 3) >= fewest
    ]
    if len(found) != 1:
        raise SchemaError(f"expected one {'batch of images' if batch else 'image'} beside the labels; got {len(found)}")
    return found[0]
