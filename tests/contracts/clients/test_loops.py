"""Training loops: synthetic items go wherever real ones go, and pass through the same transforms."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from ganaug import GANReplace, SchemaError, SyntheticMix

pytestmark = pytest.mark.filterwarnings("ignore:::(?!ganaug)")  # what other libraries say of each other

NORMAL = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)])
MADE = {0: 90 / 127.5 - 1, 1: 200 / 127.5 - 1}  # values of the pool's pixels, normalised


def is_synthetic(image, label):
    return bool((image - MADE[int(label)]).abs().max() < 1e-3)


@pytest.fixture
def mix(folder, pool):
    return SyntheticMix(ImageFolder(folder, NORMAL), pool, share=0.5, names=[1, 0])  # "bright" comes first


def small_network():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 2))


def test_lightning_trains_on_a_mix(mix, tmp_path):
    lightning = pytest.importorskip("lightning")

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = small_network()

        def training_step(self, batch, index):
            return torch.nn.functional.cross_entropy(self.network(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(Classifier(), DataLoader(mix, 16, shuffle=True, num_workers=1, persistent_workers=True))
    assert trainer.global_step == -(-len(mix) // 16)


def test_accelerate_prepares_a_mix(mix):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    model, loader = accelerator.prepare(small_network(), DataLoader(mix, 16, shuffle=True))
    seen = 0
    for images, labels in loader:
        accelerator.backward(torch.nn.functional.cross_entropy(model(images), labels))
        seen += len(labels)
    assert seen == len(mix)


def hugging_face(images):
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["dark", "bright"])})
    items = {"image": [Image.fromarray(image) for image in images[0]], "label": images[1].tolist()}
    return datasets.Dataset.from_dict(items, features=features)


def test_hugging_face_set_transform_applies_to_synthetic_items(images, pool):
    data = hugging_face(images)
    data.set_transform(
        lambda batch: {"pixel_values": [NORMAL(i.convert("RGB")) for i in batch["image"]], "label": batch["label"]}
    )
    mix = SyntheticMix(data, pool, names=[0, 1], share=0.5)
    synthetic = [mix[i] for i in np.flatnonzero(mix.is_synthetic)]
    assert synthetic and all(is_synthetic(item["pixel_values"], item["label"]) for item in synthetic)
    batch = next(iter(DataLoader(mix, 60)))
    assert batch["pixel_values"].shape == (60, 3, 16, 16)


def test_hugging_face_without_a_transform(images, pool):
    mix = SyntheticMix(hugging_face(images), pool, names=[0, 1], transform=NORMAL)
    item = mix[int(np.flatnonzero(mix.is_synthetic)[0])]
    assert is_synthetic(item["image"], item["label"])


def test_timm_loader(folder, pool):
    timm = pytest.importorskip("timm.data")
    mix = SyntheticMix(ImageFolder(folder), pool, names=[1, 0], share=0.5)
    mix.transform = timm.create_transform(16, is_training=True, mean=(0.5,) * 3, std=(0.5,) * 3)
    images, labels = next(iter(DataLoader(mix, 16, shuffle=True)))
    assert images.shape == (16, 3, 16, 16) and images.dtype == torch.float32
    mixup = timm.Mixup(mixup_alpha=0.2, num_classes=2)
    assert mixup(*GANReplace(pool, transform=NORMAL, names=[1, 0])(images, labels))[1].shape == (16, 2)


def test_fastai_data_block(folder, pool):
    fastai = pytest.importorskip("fastai.vision.all")
    block = fastai.DataBlock(
        blocks=(fastai.ImageBlock, fastai.CategoryBlock),
        get_items=fastai.get_image_files,
        get_y=fastai.parent_label,
        splitter=fastai.RandomSplitter(0.2, seed=0),
        item_tfms=fastai.Resize(16),
    )
    data = block.datasets(folder)
    mix = SyntheticMix(data.train, pool, names=[1, 0], share=0.5)
    item, label = mix[int(np.flatnonzero(mix.is_synthetic)[0])]
    assert type(item) is type(data.train[0][0]) and type(label) is type(data.train[0][1])


def test_monai_dataset_of_dicts(images, pool):
    pytest.importorskip("monai")
    from monai import transforms
    from monai.data import Dataset

    items = [{"image": image, "label": int(label)} for image, label in zip(*images, strict=True)]
    steps = transforms.Compose(
        [
            transforms.EnsureChannelFirst(channel_dim=-1),
            transforms.ScaleIntensityRange(0, 255, -1, 1),
        ]
    )
    with pytest.raises(SchemaError, match="transform="):
        SyntheticMix(Dataset(items, transforms.Compose([transforms.Identityd(keys="image")])), pool)
    mix = SyntheticMix(items, pool, names=[0, 1], share=0.5, transform=steps)
    item = mix[int(np.flatnonzero(mix.is_synthetic)[0])]
    assert is_synthetic(item["image"].as_tensor(), item["label"])
    assert next(iter(DataLoader(mix, 4)))["image"].shape == (4, 3, 16, 16)


def test_stateful_data_loader_resumes_with_the_same_items(mix):
    stateful = pytest.importorskip("torchdata.stateful_dataloader")

    def loader():
        return stateful.StatefulDataLoader(mix, 8, shuffle=True, num_workers=0)

    torch.manual_seed(0)
    first = loader()
    walk = iter(first)
    next(walk), next(walk)
    state = first.state_dict()
    expected = list(walk)
    again = loader()
    again.load_state_dict(state)
    found = list(again)
    assert len(found) == len(expected)
    for (x, y), (x_again, y_again) in zip(expected, found, strict=True):
        torch.testing.assert_close(y_again, y)
        torch.testing.assert_close(x_again, x)


def test_kornia_augments_what_was_replaced(images, pool):
    augmentation = pytest.importorskip("kornia.augmentation")
    batch = torch.from_numpy(images[0]).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(images[1])
    replace = GANReplace(pool, p=1.0)
    augment = augmentation.AugmentationSequential(augmentation.RandomHorizontalFlip(p=1.0), data_keys=["input"])
    made, same = replace(batch, labels)
    assert torch.equal(same, labels)
    flipped = augment(made)
    torch.testing.assert_close(flipped, made)  # the pool's samples are of one colour
    assert all(is_synthetic(2 * image - 1, label) for image, label in zip(flipped, labels, strict=True))
