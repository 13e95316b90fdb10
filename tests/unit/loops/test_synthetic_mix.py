import pickle
import random

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("PIL")

from PIL import Image
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)
from torchvision import tv_tensors
from torchvision.datasets import ImageFolder
from torchvision.datasets.vision import VisionDataset
from torchvision.transforms import v2

import ganaug
from ganaug import ConfigError, PoolError, SchemaError, SyntheticMix

LABELS = [0] * 10 + [1] * 4 + [2] * 2


class Items(Dataset):
    """Black images of whatever type, real ones; `wrap` makes them."""

    def __init__(self, wrap, labels=LABELS, **named):
        self.wrap, self.targets = wrap, labels
        vars(self).update(named)

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        return self.wrap(np.zeros((8, 8, 3), np.uint8)), self.targets[i]


class Vision(VisionDataset):
    """As torchvision's own: PIL images, `transform` and `target_transform`, or `transforms`."""

    classes = ["0 - zero", "1 - one", "2 - two"]

    def __init__(self, **transforms):
        super().__init__("nowhere", **transforms)
        self.targets = LABELS

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        image, label = Image.new("RGB", (8, 8)), self.targets[i]
        return (image, label) if self.transforms is None else self.transforms(image, label)


def tensor(array):
    return torch.from_numpy(array).permute(2, 0, 1)


TYPES = {
    "PIL": (Image.fromarray, lambda image: np.asarray(image).mean()),
    "tensor": (tensor, lambda image: image.float().mean()),
    "tv_tensors.Image": (lambda array: tv_tensors.Image(tensor(array)), lambda image: image.float().mean()),
    "float tensor": (lambda array: tensor(array).float() / 255, lambda image: image.mean() * 255 + 0.01),
    "double tensor": (lambda array: tensor(array).double() / 255, lambda image: image.mean() * 255 + 0.01),
    "array": (lambda array: array, lambda image: image.mean()),
    "channels-first array": (lambda array: array.transpose(2, 0, 1), lambda image: image.mean()),
    "float array": (lambda array: array.astype(np.float32) / 255, lambda image: image.mean() * 255 + 0.01),
}


@pytest.mark.parametrize("kind", TYPES)
def test_items_keep_their_type(pool, kind, told):
    wrap, value = TYPES[kind]
    mix = SyntheticMix(Items(wrap), pool)
    real = mix[0][0]
    for i in np.flatnonzero(mix.is_synthetic):
        image, label = mix[i]
        assert type(image) is type(real)
        assert type(label) is int
        assert getattr(image, "dtype", None) == getattr(real, "dtype", None)
        assert getattr(image, "shape", None) == getattr(real, "shape", None)
        assert told(value(image))[0] == label == mix.targets[i]


class TestHowMany:
    def counts(self, mix):
        return [np.bincount(mix.targets, minlength=3).tolist(), np.bincount(mix.targets[mix.is_synthetic]).tolist()]

    def test_balanced(self, pool):
        mix = SyntheticMix(Items(tensor), pool)
        assert len(mix) == 30
        assert self.counts(mix) == [[10, 10, 10], [0, 2, 2]]

    @pytest.mark.parametrize(("share", "synthetic"), [(0, []), (0.25, [0, 2, 2]), (0.5, [0, 5, 5]), (1, [0, 6, 8])])
    def test_share_is_at_most_so_much_of_a_class(self, pool, share, synthetic):
        mix = SyntheticMix(Items(tensor), pool, share=share)
        assert self.counts(mix) == [[10, 10, 10], synthetic]

    def test_as_asked_with_labels_or_names(self, pool, named_pool):
        mix = SyntheticMix(Items(tensor), pool, balance={1: 6, 2: 12}, share=1)
        assert self.counts(mix) == [[10, 6, 12], [0, 2, 10]]
        mix = SyntheticMix(Items(tensor, classes=["cat", "dog", "owl"]), named_pool, balance={"owl": 3})
        assert self.counts(mix) == [[10, 4, 3], [0, 0, 1]]

    def test_class_without_real_items(self, pool, told):
        mix = SyntheticMix(Items(tensor, LABELS[:-2], classes=["0", "1", "2"]), pool, balance={2: 3}, share=0.1)
        assert self.counts(mix) == [[10, 4, 3], [0, 0, 3]]
        assert told(mix[-1][0].float().mean())[0] == mix[-1][1] == 2

    def test_originals_come_first_then_repeated_then_synthetic(self, pool):
        items = TensorDataset(
            torch.arange(16, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8), torch.tensor(LABELS)
        )
        mix = SyntheticMix(items, pool, share=0.2)
        seen = [int(mix[i][0][0, 0, 0]) for i in range(len(mix))]
        assert seen[:16] == list(range(16))
        assert seen[16:26] == [10, 11, 12, 13, 14, 15, 14, 15, 14, 15][:10]
        assert min(seen[-4:]) >= 20
        assert mix.is_synthetic.tolist() == [False] * 26 + [True] * 4
        assert mix[-1][1].dtype == torch.int64

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"balance": {1: 3}}, "at least 4; got 3"),
            ({"balance": {1: 5.0}}, "at least 4; got 5.0"),
            ({"balance": {9: 3}}, "no class 9"),
            ({"balance": False}, "True or a dict"),
            ({"share": 1.1}, "between 0 and 1"),
            ({"share": True}, "between 0 and 1"),
        ],
    )
    def test_nonsense(self, pool, wrong, says):
        with pytest.raises((ConfigError, SchemaError), match=says):
            SyntheticMix(Items(tensor), pool, **wrong)


class TestTransforms:
    def test_the_data_set_s_own_apply(self, pool, told):
        seen = []

        def brighter(image):
            seen.append(type(image))
            return v2.functional.pil_to_tensor(image) + 1

        mix = SyntheticMix(Vision(transform=brighter, target_transform=str), pool)
        image, label = mix[-1]
        assert set(seen) == {Image.Image}
        assert label == "2"
        assert told(image.float().mean() - 1)[0] == 2
        assert mix[0][0].max() == 1

    def test_joint_ones_apply(self, pool):
        mix = SyntheticMix(Vision(transforms=lambda image, label: (np.asarray(image) + 1, -label)), pool)
        assert mix[-1][1] == -2
        assert mix[-1][0].min() >= 61

    def test_it_has_one_for_all(self, pool):
        compose = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)])
        mix = SyntheticMix(Vision(), pool, transform=compose)
        assert mix[0][0].unique().tolist() == [-1]
        assert -0.6 < mix[-1][0].max() < 0
        images, labels = next(iter(DataLoader(mix, len(mix))))
        assert images.shape == (30, 3, 8, 8)
        assert labels.tolist() == mix.targets.tolist()

    def test_albumentations_get_arrays_and_the_label(self, pool):
        from ganaug.loops.albumentations import A, GANReplace

        compose = A.Compose([GANReplace(str(pool.path), p=1.0), A.ToFloat(255)])
        mix = SyntheticMix(Vision(), pool, transform=compose)
        for i in (0, -1):
            assert mix[i][0].shape == (8, 8, 3)
            assert (mix[i][0].max() * 255 + 0.01 - 20) // 20 == mix[i][1]

    def test_augmentation_makes_equal_samples_differ(self, make_pool, tmp_path):
        one = make_pool(tmp_path / "p", counts=(1, 1, 1))
        mix = SyntheticMix(Vision(transform=v2.ColorJitter(0.9)), one)
        assert len({np.asarray(mix[-1][0]).mean() for _ in range(10)}) > 3

    def test_other_size_needs_a_transform_that_makes_sizes_equal(self, pool):
        large = Items(lambda array: Image.new("RGB", (20, 20)))
        with pytest.raises(SchemaError, match="images are 20 × 20, the model's 8 × 8"):
            SyntheticMix(large, pool)
        with pytest.raises(SchemaError, match=r"come out as \[\(\(3, 8, 8\).*real ones as \[\(\(3, 20, 20\)"):
            SyntheticMix(large, pool, transform=v2.ToImage())
        mix = SyntheticMix(large, pool, transform=v2.Compose([v2.Resize((12, 12)), v2.ToImage()]))
        assert mix[-1][0].shape == (3, 12, 12)

    def test_gray_becomes_rgb_and_colour_is_not_thrown_away(self, make_pool, pool, tmp_path):
        gray = make_pool(tmp_path / "gray", shape=(1, 8, 8))
        for wrap in (Image.fromarray, tensor, lambda array: array):
            made = np.asarray(SyntheticMix(Items(wrap), gray)[-1][0])
            assert sorted(made.shape) == [3, 8, 8]
        with pytest.raises(SchemaError, match="images have 1 channels, the model's 3"):
            SyntheticMix(Items(lambda array: array[..., 0]), pool)

    def test_normalised_images_are_refused(self, pool):
        with pytest.raises(SchemaError, match="span -1…-1, synthetic ones 0…1; normalise after"):
            SyntheticMix(Items(lambda array: tensor(array).float() - 1), pool)

    def test_floats_as_the_model_was_trained_on(self, make_pool, tmp_path):
        digits = make_pool(tmp_path / "p", shape=(1, 8, 8), scale=[0.0, 16.0], dtype="<f8")
        mix = SyntheticMix(Items(lambda array: array[..., 0].astype(np.float64)), digits)
        assert mix[-1][0].dtype == np.float64
        assert set(np.unique([mix[-1][0] for _ in range(30)])) <= {4.0, 5.0}  # 60 to 68 of 255


class TestDataSets:
    def test_image_folder(self, named_pool, make_pool, tmp_path, told):
        for name, n in {"1": 5, "10": 2, "2": 3}.items():
            (tmp_path / "real" / name).mkdir(parents=True)
            for i in range(n):
                Image.new("RGB", (8, 8)).save(tmp_path / "real" / name / f"{i}.png")
        digits = make_pool(tmp_path / "digits.pool", labels=(1, 2, 10))
        mix = SyntheticMix(ImageFolder(tmp_path / "real", transform=v2.ToImage()), digits)
        assert mix.classes == ["1", "10", "2"]
        assert np.bincount(mix.targets).tolist() == [5, 5, 5]
        for i in np.flatnonzero(mix.is_synthetic):
            image, label = mix[i]
            assert digits.classes_[told(image.float().mean())[0]] == int(mix.classes[label])
        with pytest.raises(SchemaError, match="no class '10'; known: cat, dog, owl"):
            SyntheticMix(ImageFolder(tmp_path / "real"), named_pool)

    @pytest.mark.parametrize(
        "nested", [lambda data: Subset(data, range(3, 16)), lambda data: ConcatDataset([data] * 2)]
    )
    def test_parts_of_data_sets(self, pool, nested):
        mix = SyntheticMix(nested(Vision(transform=v2.ToImage())), pool)
        assert isinstance(mix[-1][0], tv_tensors.Image)
        counts = np.bincount(mix.targets)
        assert set(counts) == {7} or set(counts) == {20}
        assert mix[len(mix.dataset)][1] == mix.targets[len(mix.dataset)]

    def test_dict_items(self, named_pool, told):
        class Hub(Dataset):
            column_names = ["img", "kind"]

            def __init__(self):
                names = type("ClassLabel", (), {"names": ["owl", "cat", "dog"]})
                self.features, self.reads = {"kind": names}, []

            def __len__(self):
                return len(LABELS)

            def __getitem__(self, key):
                self.reads.append(key)
                return LABELS if key == "kind" else {"img": Image.new("RGB", (8, 8)), "kind": LABELS[key]}

            def __getitems__(self, keys):
                return [self[key] for key in keys]

        data = Hub()
        mix = SyntheticMix(data, named_pool, image_key="img", label_key="kind", transform=v2.ToImage())
        assert len(data.reads) < 6
        item = mix[-1]
        assert item.keys() == {"img", "kind"}
        assert item["kind"] == 2
        assert told(item["img"].float().mean())[0] == 1  # dog
        assert next(iter(DataLoader(mix, 30)))["img"].shape == (30, 3, 8, 8)
        with pytest.raises(SchemaError, match="say which are meant: image_key="):
            SyntheticMix(data, named_pool, label_key="kind")

    def test_labels_of_whatever_type(self, pool, named_pool):
        for kind in (np.int64, np.uint8, torch.tensor, int):
            label = SyntheticMix(Items(tensor, [kind(label) for label in LABELS]), pool)[-1][1]
            assert label == 2
            assert isinstance(label, torch.Tensor if kind is torch.tensor else kind)
        mix = SyntheticMix(Items(tensor, [["dog", "cat", "owl"][label] for label in LABELS]), named_pool)
        assert mix[-1][1] == "owl"
        assert mix.classes == ["cat", "dog", "owl"]

    def test_targets_by_going_through_and_as_given(self, pool):
        data = [(np.zeros((8, 8, 3), np.uint8), label) for label in LABELS]
        assert len(SyntheticMix(data, pool)) == 30
        with pytest.raises(SchemaError, match="expected 16 targets, one for each item; got 3"):
            SyntheticMix(data, pool, targets=[0, 1, 2])
        with pytest.raises(SchemaError, match="first item's label is 0, its target 2"):
            SyntheticMix(data, pool, targets=LABELS[::-1])
        with pytest.raises(SchemaError, match="must be class labels"):
            SyntheticMix(data, pool, targets=np.eye(16))

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            ([], "map-style"),
            (type("Stream", (IterableDataset,), {"__iter__": iter})(), "map-style"),
            (
                [(np.zeros((8, 8, 3)), 0, "more"), (np.zeros((8, 8, 3)), 1, "more"), (np.zeros((8, 8, 3)), 1)],
                "wrap the",
            ),
            ([{"image": 0, "label": k, "id": 3} for k in (0, 0, 1)], "'id' too"),
            ([("path.png", k) for k in (0, 0, 1)], "PIL images, tensors or arrays; got str"),
            ([(Image.new("P", (8, 8)), k) for k in (0, 0, 1)], "mode L, RGB or RGBA; got P"),
            ([(np.zeros((8, 8, 7)), k) for k in (0, 0, 1)], "expected images"),
        ],
    )
    def test_what_cannot_be_used(self, pool, data, says):
        with pytest.raises(SchemaError, match=says):
            SyntheticMix(data, pool, share=1)

    def test_class_that_the_pool_lacks(self, make_pool, tmp_path):
        rare = make_pool(tmp_path / "p", labels=(2,), counts=(4,))
        mix = SyntheticMix(Items(tensor), rare)
        assert np.bincount(mix.targets).tolist() == [10, 10, 10]
        assert set(mix.targets[mix.is_synthetic]) == {2}
        with pytest.raises(SchemaError, match="no class 1"):
            SyntheticMix(Items(tensor), rare, balance={1: 5, 2: 5})
        with pytest.raises(SchemaError, match="no class 1; known: 6, 7, 8"):
            SyntheticMix(Items(tensor), make_pool(tmp_path / "q", labels=(6, 7, 8)))

    def test_items_out_of_range(self, pool):
        mix = SyntheticMix(Items(tensor), pool)
        for i in (30, -31):
            with pytest.raises(IndexError):
                mix[i]
        assert mix[torch.tensor(-30)][1] == 0


class TestSources:
    def test_model_its_file_and_a_pool_s_file(self, gan, pool, tmp_path):
        data = TensorDataset(torch.zeros(6, 1, 8, 8), torch.tensor([0, 0, 0, 0, 1, 1]))
        gan.save(tmp_path / "gan")
        for source in (gan, tmp_path / "gan", str(ganaug.make_pool(gan, 4, tmp_path / "pool").path)):
            mix = SyntheticMix(data, source)
            assert mix[-1][0].shape == (1, 8, 8)
            assert 0 < mix[-1][0].max() <= 1
        assert SyntheticMix(data, gan, share=1).pool.counts == {1: 2}

    def test_from_pool_takes_no_model(self, gan, pool, tmp_path):
        assert len(SyntheticMix.from_pool(Items(tensor), pool.path)) == 30
        gan.save(tmp_path / "gan")
        with pytest.raises(PoolError, match="no pool"):
            SyntheticMix.from_pool(Items(tensor), tmp_path / "gan")
        with pytest.raises(PoolError, match="expected a pool, a model, or the file of one; got int"):
            SyntheticMix(Items(tensor), 3)

    def test_no_model_travels(self, gan):
        data = TensorDataset(torch.zeros(6, 1, 8, 8), torch.tensor([0, 0, 0, 0, 1, 1]))
        content = pickle.dumps(SyntheticMix(data, gan))
        assert len(content) < 10_000
        assert b"ConditionalGAN" not in content
        assert b"conv" not in content

    def test_making_one_moves_no_generator(self, pool):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        expected = random.random(), np.random.random(), torch.rand(()).item()
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        SyntheticMix(Vision(transform=v2.ColorJitter(0.5)), pool)
        assert (random.random(), np.random.random(), torch.rand(()).item()) == expected


def epochs(mix, n=2, seed=0, **named):
    """Return the mean of every item over some epochs."""
    torch.manual_seed(seed)
    loader = DataLoader(mix, 5, generator=torch.Generator().manual_seed(seed), **named)
    return [torch.cat([images.float().mean((1, 2, 3)) for images, _ in loader]) for _ in range(n)]


class TestLoaders:
    @pytest.fixture
    def mix(self, make_pool, tmp_path):
        return SyntheticMix(Items(tensor), make_pool(tmp_path / "p", counts=(1, 19, 19)), share=1)

    @pytest.mark.parametrize("named", [{}, {"persistent_workers": True}])
    def test_forked_workers_and_epochs_differ_and_seeds_repeat(self, mix, named):
        named |= {"num_workers": 2, "multiprocessing_context": "fork"}
        first, again, other = epochs(mix, 3, **named), epochs(mix, 3, **named), epochs(mix, 3, seed=1, **named)
        assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
        made = torch.stack([*first, *other])[:, mix.is_synthetic]
        assert len({tuple(epoch.tolist()) for epoch in made}) == 6
        assert made[0, 6:11].tolist() != made[0, 11:].tolist()  # of one class, by two workers

    def test_spawned_workers_that_stay(self, mix):
        named = {"num_workers": 1, "multiprocessing_context": "spawn", "persistent_workers": True}
        first = epochs(mix, 2, **named)
        assert not torch.equal(*first)
        assert torch.equal(first[0], epochs(mix, 1, num_workers=1)[0])

    def test_loaders_side_by_side_and_a_pool_that_is_replaced(self, mix, make_pool):
        named = {"num_workers": 1, "persistent_workers": True, "multiprocessing_context": "fork"}
        loaders = [DataLoader(mix, 5, **named) for _ in range(2)]
        for images, _ in zip(*loaders, strict=True):
            assert len(images) == 2
        make_pool(mix.pool.path, counts=(1, 2, 2), first=21, overwrite=True)
        for loader in loaders:
            made = torch.cat([images for images, _ in loader])[mix.is_synthetic].unique().tolist()
            assert set(made) == {41, 42, 61, 62}

    @pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning")
    def test_everyday_options(self, mix):
        weights = 1 / np.bincount(mix.targets)[mix.targets]
        loader = DataLoader(
            mix,
            batch_size=8,
            sampler=WeightedRandomSampler(weights.tolist(), 50),
            pin_memory=True,
            drop_last=True,
            collate_fn=lambda items: {"x": torch.stack([image for image, _ in items]), "y": [k for _, k in items]},
        )
        batches = list(loader)
        assert [len(batch["y"]) for batch in batches] == [8] * 6
        assert {k for batch in batches for k in batch["y"]} == {0, 1, 2}


class TestResuming:
    """What torchdata's `StatefulDataLoader` asks of a data set: it keeps `state_dict` by worker, and hands it back."""

    def test_the_draws_go_on_where_they_were(self, pool):
        mix = SyntheticMix(Items(Image.fromarray), pool, share=1)
        rows = [i for i in range(len(mix)) if mix.is_synthetic[i]]
        images = lambda found: [np.asarray(item[0]).max() for item in found]  # noqa: E731
        mix.__getitems__(rows)
        state = pickle.loads(pickle.dumps(mix.state_dict()))
        expected = images(mix.__getitems__(rows)) + images(mix.__getitems__(rows))
        moved = torch.get_rng_state()
        again = SyntheticMix(Items(Image.fromarray), pool, share=1)
        torch.set_rng_state(moved)
        again.load_state_dict(state)
        assert images(again.__getitems__(rows)) + images(again.__getitems__(rows)) == expected
        assert torch.equal(torch.get_rng_state(), moved)
        assert images(pickle.loads(pickle.dumps(again)).__getitems__(rows)) == images(again.__getitems__(rows))

    def test_soft_targets_are_refused_in_one_line(self, pool):
        soft = Items(Image.fromarray, labels=[[0.001] * 1000] * 16)
        with pytest.raises(SchemaError, match="soften labels after SyntheticMix") as caught:
            SyntheticMix(soft, pool)
        assert len(str(caught.value)) < 250
