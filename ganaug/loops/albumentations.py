"""The transform for albumentations. Importing it asks no server for a newer version, unless you want that.

albumentations 2.0.8 contacts a server at import unless ``NO_ALBUMENTATIONS_UPDATE`` is set: import this module first,
or set it yourself.
"""

import os
import warnings
from typing import Any

import numpy as np
import torch

from ganaug.core.extras import refuse_missing

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
refuse_missing("albumentations", extra="images", purpose="GANReplace for albumentations")

import albumentations as A  # noqa: E402

from ganaug.core.errors import ConfigError, SchemaError  # noqa: E402
from ganaug.loops.appearance import Likeness  # noqa: E402
from ganaug.loops.labels import condition_of, matched, plain  # noqa: E402
from ganaug.loops.source import as_source  # noqa: E402

_PLACED = ("mask", "masks", "bboxes", "keypoints", "mask3d", "masks3d", "images", "volume", "volumes")


class GANReplace(A.ImageOnlyTransform):
    """Replace an image by a synthetic one of the same class: ``transform(image=image, label=label)``.

    All is drawn from torch's generator, so that loader workers differ, which albumentations' own draws do not in forked
    workers. Put it first: what follows augments real and synthetic images alike. ``A.to_dict`` keeps paths, not
    samples.

    Parameters
    ----------
    source : str
        Path of a pool, or of a model, of which a temporary pool is made.
    classes : list, optional
        Which classes are replaced, as the model or as the labels have them; by default all that the source has.
    names : list of str, optional
        What integer labels mean, usually ``dataset.classes``; needed if the model's classes are names.
    n_per_class : int, default=1000
        Size of the temporary pool.
    p : float, default=0.5
        Probability of each image to be replaced.

    Raises
    ------
    SchemaError
        When it is called with masks, boxes, key points or several images, with an image unlike the model's, or with a
        label that no class can be found for.

    Examples
    --------
    >>> import tempfile
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = str(ganaug.make_pool(gan, 10, folder + "/digits.pool", random_state=0).path)
    ...     augment = A.Compose([GANReplace(path, p=0.5), A.HorizontalFlip()])
    ...     augment(image=images[0], label=0)["image"].shape
    (8, 8)
    """

    class InitSchema(A.ImageOnlyTransform.InitSchema):
        """What the constructor takes."""

        source: str | os.PathLike[str]
        classes: list[Any] | None
        names: list[Any] | None
        n_per_class: int

    def __init__(
        self,
        source: str | os.PathLike[str],
        classes: list[Any] | None = None,
        names: list[Any] | None = None,
        n_per_class: int = 1000,
        p: float = 0.5,
    ) -> None:
        super().__init__(p=p)
        if not isinstance(source, (str, os.PathLike)):
            raise ConfigError(f"source must be the path of a pool or a model; got a {type(source).__name__}")
        self.source = os.fspath(source)
        self.classes = None if classes is None else [plain(label) for label in classes]
        self.names = None if names is None else list(names)
        self.n_per_class = n_per_class
        self._pool: Any = as_source(self.source, n_per_class)
        self._wanted = set(range(len(self._pool.classes)))
        if self.classes is not None:
            self._wanted = set(matched(self._pool.classes, self.classes, self.names).values())
        self._conditions: dict[Any, int] = {}

    @property
    def targets_as_params(self) -> list[str]:
        """The label has to come with the image."""
        return ["label"]

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """Return what ``A.to_dict`` keeps; early versions ask for it."""
        return ("source", "classes", "names", "n_per_class")

    def should_apply(self, force_apply: bool = False) -> bool:
        """Draw from torch's generator."""
        return bool(force_apply or torch.rand(()) < self.p)

    def set_deterministic(self, flag: bool, save_key: str = "replay") -> "GANReplace":
        """Keep the sample for a replay, without the warning: it does not depend on what is replayed on."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().set_deterministic(flag, save_key)
        return self

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Choose a sample of the label's class."""
        placed = next((name for name in _PLACED if data.get(name) is not None and len(data[name])), None)
        if placed is not None:
            raise SchemaError(f"a synthetic image has other contents: it cannot take the place of one with {placed}")
        return {"condition": self._condition(plain(data["label"])), "u": float(torch.rand((), dtype=torch.float64))}

    def apply(self, img: np.ndarray, *args: Any, condition: int = -1, u: float = 0.0, **params: Any) -> np.ndarray:
        """Return the sample in the likeness of the image."""
        return img if condition < 0 else Likeness(self._pool, img)(self._pool.pick([condition], [u])[0])

    def _condition(self, label: Any) -> int:
        if label not in self._conditions:
            found = condition_of(self._pool.classes, label, self.names)
            self._conditions[label] = found if found in self._wanted else -1
        return self._conditions[label]
