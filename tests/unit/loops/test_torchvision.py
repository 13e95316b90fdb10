import pickle

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("PIL")

from PIL import Image
from torch.utils.data import DataLoader, TensorDataset, default_collate
from torchvision import tv_tensors
from torchvision.transforms import v2

import ganaug
from ganaug import ConfigError, GANReplace, SchemaError

LABELS = torch.tensor([0, 1, 2, 1, 0, 2])


@pytest.fixture
def images():
    return torch.zeros(6, 3, 8, 8, dtype=torch.uint8)


def classes_of(images):
    return [(int(image.float().mean()) - 20) // 20 for image in images]


class TestBatches:
    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.bfloat16])
    @pytest.mark.parametrize("wrap", [torch.Tensor.clone, tv_tensors.Image])
    def test_replaces_by_the_same_class(self, pool, images, dtype, wrap):
        given = wrap(images.to(dtype))
        out, labels = GANReplace(pool, p=1.0)(given, LABELS)
        assert type(out) is type(given)
        assert (out.dtype, out.shape) == (dtype, given.shape)
        assert labels is LABELS
        scale = 1 if dtype == torch.uint8 else 255
        assert classes_of(out.to(torch.float64) * scale + (0.3 if dtype == torch.bfloat16 else 0.01)) == LABELS.tolist()
        assert given.max() == 0

    def test_p_and_classes(self, pool, images):
        many, labels = images.repeat(200, 1, 1, 1), LABELS.repeat(200)
        out, _ = GANReplace(pool, p=0.25, classes=[1, 2])(many, labels)
        replaced = out.amax((1, 2, 3)) > 0
        assert not replaced[labels == 0].any()
        assert 0.2 < replaced[labels > 0].float().mean() < 0.3
        assert GANReplace(pool, p=0)(many, labels)[0] is many

    def test_same_seed_same_draws(self, pool, images):
        replace, made = GANReplace(pool, p=0.5), []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            made.append(replace(images, LABELS)[0])
        assert torch.equal(made[0], made[1])
        assert not torch.equal(made[0], made[2])

    def test_structure_is_kept(self, pool, images):
        replace = GANReplace(pool, p=1.0)
        batch = {"pixels": images, "labels": LABELS, "more": [{"path": ["a"] * 6}, None]}
        out = replace(batch)
        assert list(out) == list(batch)
        assert out["more"] == batch["more"]
        assert classes_of(out["pixels"]) == LABELS.tolist()
        one, two = replace([images, LABELS])
        assert two is LABELS
        nested = ((images, "x"), {"y": LABELS})
        out = GANReplace(pool, p=1.0, labels_getter=lambda inputs: inputs[1]["y"])(nested)
        assert out[0][1] == "x"
        assert classes_of(out[0][0]) == LABELS.tolist()

    def test_gray_batches_without_channels(self, make_pool, tmp_path, images):
        gray = make_pool(tmp_path / "p", shape=(1, 8, 8))
        assert classes_of(GANReplace(gray, 1.0)(images[:, 0], LABELS)[0]) == LABELS.tolist()
        assert classes_of(GANReplace(gray, 1.0)(images, LABELS)[0]) == LABELS.tolist()

    def test_names(self, named_pool, images):
        out, _ = GANReplace(named_pool, 1.0, names=["owl", "cat", "dog"])(images, LABELS)
        assert classes_of(out) == [(label - 1) % 3 for label in LABELS.tolist()]
        out, labels = GANReplace(named_pool, 1.0, ["dog"])(images, ["dog", "cat", "owl", "dog", "bee", "cat"])
        assert [c for c in classes_of(out) if c >= 0] == [1, 1]
        with pytest.raises(SchemaError, match="no class 0.*names=dataset.classes"):
            GANReplace(named_pool, 1.0)(images, LABELS)

    def test_labels_that_the_pool_lacks_stay(self, pool, images):
        out, _ = GANReplace(pool, 1.0)(images, torch.tensor([7, 1, 8, 9, 2, 7]))
        assert (out.amax((1, 2, 3)) > 0).tolist() == [False, True, False, False, True, False]

    def test_synthetic_images_get_the_normalisation_of_real_ones(self, pool, images):
        normalise = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)])
        real = normalise(images)
        with pytest.raises(SchemaError, match="span -1…-1, synthetic ones 0…1.*transform="):
            GANReplace(pool, 1.0)(real, LABELS)
        out, _ = GANReplace(pool, 1.0, transform=normalise)(real, LABELS)
        assert classes_of((out + 1) * 127.5 + 0.01) == LABELS.tolist()
        with pytest.raises(SchemaError, match="float32, what transform= makes is torch.uint8"):
            GANReplace(pool, 1.0, transform=v2.Identity())(real, LABELS)

    def test_in_place(self, pool, images):
        out, _ = GANReplace(pool, 1.0, inplace=True)(images, LABELS)
        assert out.data_ptr() == images.data_ptr()

    def test_stands_before_mixup_in_a_compose(self, pool, images):
        compose = v2.Compose([GANReplace(pool, 0.5), v2.ToDtype(torch.float32, scale=True), v2.MixUp(num_classes=3)])
        out, labels = compose(tv_tensors.Image(images), LABELS)
        assert out.shape == (6, 3, 8, 8)
        assert labels.shape == (6, 3)

    def test_in_a_collate_fn_and_after_the_loader(self, pool, images):
        replace = GANReplace(pool, 1.0)
        data = TensorDataset(images, LABELS)
        named = {"num_workers": 2, "multiprocessing_context": "fork"}
        inside = DataLoader(data, 3, collate_fn=lambda items: replace(*default_collate(items)), **named)
        for loader, after in ((inside, lambda *batch: batch), (DataLoader(data, 3), replace)):
            made = [after(*batch) for batch in loader]
            assert classes_of(torch.cat([batch[0] for batch in made])) == LABELS.tolist()


class TestSingleImages:
    @pytest.mark.parametrize("label", [2, torch.tensor(2), np.int64(2)])
    def test_pairs(self, pool, images, label):
        image, kept = GANReplace(pool, 1.0)(images[0], label)
        assert kept is label
        assert classes_of([image]) == [2]

    def test_of_every_type(self, pool, images):
        replace = GANReplace(pool, 1.0)
        picture, label = replace((Image.new("RGB", (8, 8)), 1))
        assert isinstance(picture, Image.Image)
        assert (int(np.asarray(picture).mean()) - 20) // 20 == label == 1
        assert isinstance(replace(tv_tensors.Image(images[0]), 1)[0], tv_tensors.Image)
        assert replace({"image": images[0], "target": 0})["image"].shape == (3, 8, 8)

    def test_in_the_transforms_of_a_data_set(self, pool):
        from torchvision.datasets import FakeData

        data = FakeData(4, (3, 8, 8), 3)
        data.transforms = v2.Compose([GANReplace(pool, 1.0), v2.ToImage()])
        image, label = data.transforms(*FakeData(4, (3, 8, 8), 3)[0])
        assert classes_of([image]) == [label]


class TestRefused:
    @pytest.mark.parametrize(
        "placed",
        [
            tv_tensors.BoundingBoxes(torch.zeros(6, 4), format="XYXY", canvas_size=(8, 8)),
            tv_tensors.Mask(torch.zeros(6, 8, 8)),
            tv_tensors.Video(torch.zeros(6, 2, 3, 8, 8)),
        ]
        + ([tv_tensors.KeyPoints(torch.zeros(6, 2), canvas_size=(8, 8))] if hasattr(tv_tensors, "KeyPoints") else []),
        ids=lambda placed: type(placed).__name__,
    )
    def test_what_belongs_to_the_contents(self, pool, images, placed):
        with pytest.raises(SchemaError, match=f"cannot take the place of one with {type(placed).__name__}"):
            GANReplace(pool)({"image": images, "labels": LABELS, "more": placed})

    def test_labels_that_cannot_be_used(self, pool, images):
        replace = GANReplace(pool, 1.0)
        with pytest.raises(SchemaError, match=r"got \(6, 3\).*before MixUp"):
            replace(images, torch.zeros(6, 3))
        with pytest.raises(SchemaError, match="before MixUp"):
            replace(images, LABELS.float())
        for inputs in (images, {"image": images}, (images, images, LABELS)):
            with pytest.raises(SchemaError, match="cannot tell which are the labels: give labels_getter="):
                replace(inputs)

    def test_images_that_cannot_be_used(self, pool, images):
        replace = GANReplace(pool, 1.0)
        with pytest.raises(SchemaError, match="expected one batch of images beside the labels; got 2"):
            replace({"image": images, "other": images, "label": LABELS})
        with pytest.raises(SchemaError, match="got 0"):
            replace({"label": LABELS})
        with pytest.raises(SchemaError, match=r"images are \(3, 9, 9\), synthetic ones \(3, 8, 8\)"):
            replace(torch.zeros(6, 3, 9, 9), LABELS)
        with pytest.raises(SchemaError, match="as many images as labels; got 5 and 6"):
            replace(images[:5], LABELS)
        with pytest.raises(SchemaError, match="images are 9 × 9"):
            replace(torch.zeros(3, 9, 9), 1)

    @pytest.mark.parametrize(
        ("named", "says"),
        [
            ({"p": 1.5}, "p must be between"),
            ({"p": True}, "p must be between"),
            ({"classes": "dog"}, "must be several"),
            ({"classes": [5]}, "no class 5"),
            ({"labels_getter": "second"}, "labels_getter"),
        ],
    )
    def test_settings_that_make_no_sense(self, pool, named, says):
        with pytest.raises((ConfigError, SchemaError), match=says):
            GANReplace(pool, **named)


class TestSources:
    def test_model_its_file_and_a_pool_s_file(self, gan, tmp_path):
        gan.save(tmp_path / "gan")
        batch = torch.zeros(4, 1, 8, 8), torch.tensor([0, 1, 0, 1])
        for source in (gan, tmp_path / "gan", str(ganaug.make_pool(gan, 3, tmp_path / "pool").path)):
            out, _ = GANReplace(source, 1.0, live=False, n_per_class=5)(*batch)
            assert (out.amax((1, 2, 3)) > 0).all()

    def test_no_model_travels(self, gan):
        content = pickle.dumps(GANReplace(gan, live=False, n_per_class=2))
        assert len(content) < 10_000
        assert b"ConditionalGAN" not in content

    def test_live_samples_are_the_model_s(self, gan):
        out, _ = GANReplace(gan, 1.0, live=True)(torch.zeros(400, 8, 8), torch.arange(400) % 2)
        assert len(out.flatten(1).unique(dim=0)) == 400
        mean = gan.sample(400, label=1, random_state=0).mean() / 255
        assert abs(out[1::2].mean() - mean) < 0.02

    def test_live_samples_pass_through_the_codec(self, tmp_path):
        """Digits have 17 grey levels: so do what a pool holds, and what is made on the spot."""
        from sklearn.datasets import load_digits

        X, y = load_digits(n_class=2, return_X_y=True)
        gan = ganaug.train(X.reshape(-1, 8, 8).astype(np.uint8), y, max_steps=3, random_state=0)
        images, labels = torch.zeros(200, 8, 8, dtype=torch.uint8), torch.arange(200) % 2
        live, _ = GANReplace(gan, 1.0, live=True)(images, labels)
        pooled, _ = GANReplace(ganaug.make_pool(gan, 200, tmp_path / "p"), 1.0)(images, labels)
        assert live.max() <= 16 and set(live.unique().tolist()) == set(pooled.unique().tolist())

    def test_live_is_the_default_on_an_accelerator_only(self, gan, pool, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert not isinstance(GANReplace(gan).source, ganaug.Pool)
        assert isinstance(GANReplace(pool).source, ganaug.Pool)

    def test_live_stays_in_the_main_process(self, gan):
        replace = GANReplace(gan, 1.0, live=True)
        with pytest.raises(ConfigError, match="give it a pool"):
            pickle.dumps(replace)
        loader = DataLoader(
            TensorDataset(torch.zeros(4, 8, 8), torch.tensor([0, 1, 0, 1])),
            2,
            num_workers=1,
            multiprocessing_context="fork",
            collate_fn=lambda items: replace(*default_collate(items)),
        )
        with pytest.raises(ConfigError, match="belongs to the main process"):
            next(iter(loader))


def test_it_says_what_it_is(pool):
    assert "p=0.5" in repr(GANReplace(pool))


class TestLikeMixUp:
    """It takes what `v2.MixUp` takes, in the same places."""

    @pytest.mark.parametrize(
        "arrange",
        [
            lambda images, labels: (images, labels, torch.arange(6)),
            lambda images, labels: [images, labels, ["a"] * 6, None],
            lambda images, labels: {"image": images, "Labels": labels, "label_names": ["x"] * 6},
            lambda images, labels: {"image": images, "fine_label": labels},
            lambda images, labels: (images, {"labels": labels, "index": torch.arange(6)}),
        ],
    )
    def test_places(self, pool, images, arrange):
        given = arrange(images, LABELS)
        out = GANReplace(pool, p=1.0)(given)
        assert type(out) is type(given)
        mixed = v2.MixUp(num_classes=3)(arrange(images.float(), LABELS))  # finds them too
        assert type(mixed) is type(given)
        first = out["image"] if isinstance(out, dict) else out[0]
        assert classes_of(first) == LABELS.tolist()

    def test_labels_getter_gets_what_the_transform_got(self, pool, images):
        replace = GANReplace(pool, p=1.0, labels_getter=lambda batch: batch[2])
        assert classes_of(replace(images, torch.arange(6), LABELS)[0]) == LABELS.tolist()

    @pytest.mark.parametrize(
        "soft",
        [
            torch.rand(6, 5000),
            torch.rand(6),
            [torch.rand(5000)] * 6,
            [[0.5] * 5000] * 6,
            [0.5] * 6,
            np.random.default_rng(0).random((6, 5000)),
        ],
    )
    def test_soft_labels_are_refused_in_one_line(self, pool, images, soft):
        with pytest.raises(SchemaError, match="before MixUp, CutMix and one-hot encoding") as caught:
            GANReplace(pool)(images, soft)
        assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)

    def test_two_images_need_a_getter(self, pool, images):
        with pytest.raises(SchemaError, match="labels_getter="):
            GANReplace(pool)(images, images, LABELS)

    def test_check_inputs_is_the_hook(self, pool, images):
        class Strict(GANReplace):
            def check_inputs(self, flat_inputs):
                raise TypeError(f"{len(flat_inputs)} leaves")

        with pytest.raises(TypeError, match="3 leaves"):
            Strict(pool)(images, LABELS, torch.arange(6))
