"""A transform of the data set is applied to synthetic items too, or the data set is refused with the remedy."""

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("PIL")

from PIL import Image
from torch.utils.data import ConcatDataset, Dataset
from torchvision.transforms import v2

from ganaug import SchemaError, SyntheticMix

LABELS = [0] * 8 + [1] * 2 + [2] * 2


def mark(image):
    """Return an image that nothing but this transform makes."""
    return Image.new("RGB", image.size, (200, 200, 200))


class Pictures(Dataset):
    def __init__(self, transform=None, labels=LABELS):
        self.transform, self.targets = transform, list(labels)

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        image = Image.new("RGB", (8, 8), (i + 30, 90, 90))
        return image if self.transform is None else self.transform(image), self.targets[i]


class Wrapper(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform, self.targets = dataset, transform, dataset.targets

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        image, label = self.dataset[i]
        return self.transform(image), label


def synthetic(mix):
    return [mix[i][0] for i in np.flatnonzero(mix.is_synthetic)]


def is_marked(image):
    return np.asarray(image).reshape(-1).tolist() == [200] * 192


def test_a_wrapper_s_own_and_those_of_what_it_wraps(pool):
    mix = SyntheticMix(Wrapper(Pictures(mark), v2.Compose([v2.PILToTensor()])), pool)
    made = synthetic(mix)
    assert len(made) > 2 and all((image == 200).all() and image.shape == (3, 8, 8) for image in made)


def test_a_transform_that_is_exchanged_later(pool):
    data = Pictures(lambda image: image)
    mix = SyntheticMix(data, pool)
    assert not any(map(is_marked, synthetic(mix)))
    data.transform = mark
    assert all(map(is_marked, synthetic(mix)))


@pytest.mark.parametrize("name", ["augment", "train_transform", "tfm"])
def test_one_of_another_name_is_refused_with_the_remedy(pool, name):
    data = Pictures()
    setattr(data, name, mark)
    with pytest.raises(SchemaError, match=rf"transform {name!r}.*transform=.*ganaug.PoolDataset"):
        SyntheticMix(data, pool)


def test_parts_that_differ_are_refused(pool):
    with pytest.raises(SchemaError, match="different transforms"):
        SyntheticMix(ConcatDataset([Pictures(mark), Pictures()]), pool)


def test_parts_that_name_classes_in_another_order_are_refused(named_pool):
    parts = [Pictures(), Pictures()]
    parts[0].classes, parts[1].classes = ["cat", "dog", "owl"], ["dog", "cat", "owl"]
    with pytest.raises(SchemaError, match="name their classes differently"):
        SyntheticMix(ConcatDataset(parts), named_pool)


def test_one_that_takes_something_else_is_refused_in_our_words(pool):
    class Samples(Pictures):
        def __getitem__(self, i):
            return self.transform({"image": Image.new("RGB", (8, 8)), "label": self.targets[i]})["image"], self.targets[
                i
            ]

    with pytest.raises(SchemaError, match="does not pass through the dataset's transforms.*PoolDataset"):
        SyntheticMix(Samples(lambda sample: sample | {"image": mark(sample["image"])}), pool)


def test_sixteen_bits_beside_eight_are_refused(pool):
    class Deep(Dataset):
        targets = LABELS

        def __len__(self):
            return len(LABELS)

        def __getitem__(self, i):
            return torch.full((3, 8, 8), 40_000, dtype=torch.int32), LABELS[i]

    with pytest.raises(SchemaError, match="largest value of a synthetic image is .* of real ones 4e"):
        SyntheticMix(Deep(), pool)


class HuggingFaceLike:
    """The two habits of ``datasets.Dataset`` that matter: dict items, and a transform of whole batches."""

    column_names = ["image", "label"]

    def __init__(self, transform=None):
        self._transform = transform

    @property
    def format(self):
        if self._transform is None:
            return {"type": None, "format_kwargs": {}}
        return {"type": "custom", "format_kwargs": {"transform": self._transform}}

    def with_format(self, kind):
        assert kind is None
        return HuggingFaceLike()

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, i):
        if i == "label":
            return LABELS
        batch = {"image": [Image.new("RGB", (8, 8))], "label": [LABELS[i]]}
        batch = batch if self._transform is None else self._transform(batch)
        return {name: values[0] for name, values in batch.items()}


def test_set_transform_of_hugging_face(pool):
    def pixels(batch):
        return {"pixel_values": [v2.functional.pil_to_tensor(mark(image)) for image in batch["image"]]} | {
            "label": batch["label"]
        }

    mix = SyntheticMix(HuggingFaceLike(pixels), pool)
    made = [mix[i] for i in np.flatnonzero(mix.is_synthetic)]
    assert made and all((item["pixel_values"] == 200).all() and set(item) == {"pixel_values", "label"} for item in made)
