"""A pool as a data set: nothing is guessed, joining is torch's business."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from ganaug.core.errors import SchemaError, did_you_mean
from ganaug.loops.pool import Pool


class PoolDataset(Dataset):
    """The samples of a pool, as pairs of a PIL image, or a tensor where they are no images, and a label.

    Join it with real data by ``torch.utils.data.ConcatDataset`` and weigh the two by a ``WeightedRandomSampler``: both
    then get the transforms that you give them.

    Parameters
    ----------
    pool : Pool, str or Path
        Of gray, RGB or RGBA images, or of samples that are stored as numbers.
    transform : callable, optional
        What real images pass through, from a PIL image on; what others pass through, from a float32 tensor on.
    classes : sequence, optional
        Names by integer label, usually ``dataset.classes``: labels are then positions in it. By default labels are the
        pool's own.

    Attributes
    ----------
    targets : list
        The label of each item.

    Raises
    ------
    PoolError
        If the pool cannot be trusted.
    SchemaError
        If `classes` lacks a class of the pool.

    Examples
    --------
    >>> import tempfile
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    >>> gan = ganaug.train(images, np.arange(20) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = PoolDataset(ganaug.make_pool(gan, 3, folder + "/digits.pool", random_state=0))
    ...     image, label = data[4]
    >>> len(data), image.size, label
    (6, (8, 8), 1)
    """

    def __init__(
        self,
        pool: Pool | str | Path,
        transform: Callable[[Any], Any] | None = None,
        *,
        classes: Sequence[Any] | None = None,
    ) -> None:
        self.pool = pool if isinstance(pool, Pool) else Pool(pool)
        self.transform = transform
        labels = self.pool.classes_.tolist()
        if classes is not None:
            places = {str(name): i for i, name in enumerate(classes)}
            missing = next((label for label in labels if str(label) not in places), None)
            if missing is not None:
                raise SchemaError(f"classes lacks {missing!r}, which the pool has; {did_you_mean(missing, places)}")
            labels = [places[str(label)] for label in labels]
        self.targets = [label for label, n in zip(labels, self.pool.classes.counts, strict=True) for _ in range(n)]
        self._places = [(c, i / n) for c, n in enumerate(self.pool.classes.counts) for i in range(n)]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        condition, place = self._places[index]
        n = self.pool.classes.counts[condition]
        pixels = self.pool.pick([condition], [place + 0.5 / n])[0]
        if self.pool.stored == "uint8":
            image: Any = Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1))
        else:
            image = torch.from_numpy(pixels)
        return (image if self.transform is None else self.transform(image)), self.targets[index]
