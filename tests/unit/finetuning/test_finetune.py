import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

import ganaug
from ganaug.core import checkpoint
from ganaug.core.config import TransferConfig
from ganaug.core.provenance import ADAPTED, KEPT, NEW
from ganaug.models.layout import anatomy
from ganaug.training.callbacks import Callback

FAST = {"max_steps": 2, "batch_size": 8, "random_state": 0}
PARTS = ("generator", "discriminator")


def images(side, labels="abc", channels=None, seed=0):
    rng = np.random.default_rng(seed)
    shape = (12 * len(labels), side, side) + (() if channels is None else (channels,))
    return rng.integers(0, 256, shape).astype(np.uint8), np.repeat(list(labels), 12)


def table(seed=0, **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"amount": rng.normal(size=40), "kind": rng.choice(["shop", "web", "post"], 40), "age": rng.integers(0, 90, 40)}
    )
    return frame.assign(**columns), np.repeat(["no", "yes"], 20)


class Start(Callback):
    """Remembers every weight before the first step."""

    def on_train_start(self, trainer):
        self.weights = {part: copied(getattr(trainer.gan, part)) for part in (*PARTS, "generator_ema")}


def copied(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def all_weights(gan):
    return {part: copied(getattr(gan, part)) for part in (*PARTS, "generator_ema")}


def equal(one, other):
    return all(torch.equal(one[part][name], other[part][name]) for part in one for name in one[part])


def tuned(source, X, y, **settings):
    start = Start()
    gan = ganaug.finetune(source, X, y, callbacks=[start], **{**FAST, **settings})
    return gan, start.weights


@pytest.fixture(scope="module")
def source():
    return ganaug.train(*images(8), **FAST, width=4)


@pytest.fixture(scope="module")
def rows():
    return ganaug.train(*table(), **FAST, width=16)


class TestWhatIsKept:
    def test_the_same_data_start_from_the_very_same_weights(self, source):
        gan, start = tuned(source, *images(8))
        assert set(gan.transfer.tensors.values()) == {KEPT}
        assert equal(start, all_weights(source))
        assert gan.transfer.parts["classes"] == {"kept": ["a", "b", "c"], "dropped": []}

    @pytest.mark.parametrize("side", [8, 12, 16, 28, 32])
    @pytest.mark.parametrize("channels", [None, 3, 4])
    def test_every_tensor_is_accounted_for_and_kept_ones_are_the_source_s(self, source, side, channels):
        gan, start = tuned(source, *images(side, "bcde", channels), max_steps=1)
        report = gan.transfer
        assert report.tensors.keys() == {f"{part}.{name}" for part in PARTS for name in getattr(gan, part).state_dict()}
        for part in PARTS:
            network = getattr(source, part)
            old = {anatomy(network)[name].key: tensor for name, tensor in network.state_dict().items()}
            for name, place in anatomy(getattr(gan, part)).items():
                if report.tensors[f"{part}.{name}"] == KEPT:
                    assert torch.equal(start[part][name], old[place.key]), name
        assert sum(report.parameters.values()) == sum(
            p.numel() for part in PARTS for p in getattr(gan, part).parameters()
        )
        assert gan.sample(2, label="e").shape == (2, side, side) + (() if channels is None else (channels,))
        assert report.parts["classes"] == {"kept": ["b", "c"], "new": ["d", "e"], "dropped": ["a"]}

    def test_a_class_keeps_its_embedding_wherever_it_stands(self, source):
        gan, start = tuned(source, *images(8, "Abc"))
        assert gan.classes_.tolist() == ["A", "b", "c"]
        for name in ("embedding.weight", "first_norm.scale.weight", "norms.0.shift.weight"):
            old, new = source.generator.state_dict()[name], start["generator"][name]
            assert torch.equal(new[1:], old[1:])
            assert gan.transfer.tensors[f"generator.{name}"] == ADAPTED
            if "scale" not in name and "shift" not in name:
                assert not torch.equal(new[0], old[0])
        assert torch.equal(
            start["discriminator"]["head.embedding.weight"][1:], source.discriminator.head.embedding.weight[1:]
        )

    def test_classes_all_new_leave_nothing_of_the_old_embeddings(self, source):
        report = tuned(source, *images(8, "xyz"))[0].transfer
        assert {name for name, status in report.tensors.items() if status == NEW} == {
            "generator.embedding.weight",
            "generator.first_norm.scale.weight",
            "generator.first_norm.shift.weight",
            "generator.norms.0.scale.weight",
            "generator.norms.0.shift.weight",
            "generator.refine_norm.scale.weight",
            "generator.refine_norm.shift.weight",
            "discriminator.head.embedding.weight",
        }
        assert "Classes: new x, y, z; dropped a, b, c." in str(report)

    def test_a_larger_map_is_the_interpolated_one(self, source):
        gan, start = tuned(source, *images(16))
        assert gan.config.depth == source.config.depth
        assert gan.transfer.tensors["generator.linear.weight"] == ADAPTED
        old = source.generator.linear.weight.view(8, 4, 4, -1)
        new = start["generator"]["linear.weight"].view(8, 8, 8, -1)
        torch.testing.assert_close(new.mean((1, 2)), old.mean((1, 2)), rtol=1e-4, atol=1e-5)
        flat = [
            weights.view(128, 8, -1).sum(2)
            for weights in (start["discriminator"]["body.5.weight"], source.discriminator.body[5].weight)
        ]
        torch.testing.assert_close(flat[0], flat[1], rtol=1e-4, atol=1e-4)
        assert gan.transfer.parts["resolutions"] == {"kept": ["16 × 16"], "adapted": ["8 × 8"]}

    def test_blocks_meet_at_full_resolution_when_there_are_more_of_them(self, source):
        gan, start = tuned(source, *images(28))
        assert (source.config.depth, gan.config.depth) == (1, 2)
        assert torch.equal(start["generator"]["ups.1.weight"], source.generator.ups[0].weight)
        assert torch.equal(start["discriminator"]["body.0.weight"], source.discriminator.body[0].weight)
        assert gan.transfer.tensors["generator.ups.0.weight"] == NEW
        assert gan.transfer.parts["resolutions"] == {"kept": ["28 × 28"], "new": ["14 × 14", "7 × 7"]}

    def test_fewer_blocks(self):
        big = ganaug.train(*images(28), **FAST, width=4)
        gan, start = tuned(big, *images(8))
        assert (big.config.depth, gan.config.depth) == (2, 1)
        assert torch.equal(start["generator"]["ups.0.weight"], big.generator.ups[1].weight)

    def test_gray_and_colour(self, source):
        gan, start = tuned(source, *images(8, channels=3))
        first, last = start["discriminator"]["body.0.weight"], start["generator"]["out.weight"]
        torch.testing.assert_close(first, source.discriminator.body[0].weight.detach().expand_as(first) / 3)
        torch.testing.assert_close(last, source.generator.out.weight.detach().expand_as(last) / 10)
        back, start = tuned(gan, *images(8))
        torch.testing.assert_close(
            start["discriminator"]["body.0.weight"], gan.discriminator.body[0].weight.sum(1, keepdim=True)
        )
        torch.testing.assert_close(start["generator"]["out.bias"], gan.generator.out.bias.mean(0, keepdim=True))

    def test_transparency_is_new(self, source):
        _, start = tuned(source, *images(8, channels=4))
        first = start["discriminator"]["body.0.weight"]
        old = source.discriminator.body[0].weight.detach()
        torch.testing.assert_close(first[:, :3], old.expand(-1, 3, -1, -1) / 3)
        assert not torch.allclose(first[:, 3], first[:, 0])

    @pytest.mark.parametrize(
        "settings", [{"attention": True}, {"objective": "hinge"}, {"attention": True, "spectral_norm": True}]
    )
    def test_attention_and_spectral_normalisation_travel(self, settings):
        special = ganaug.train(*images(8), **FAST, width=8, **settings)
        gan, start = tuned(special, *images(8))
        assert {name: getattr(gan.config, name) for name in settings} == settings
        assert set(gan.transfer.tensors.values()) == {KEPT}
        assert equal({"generator": start["generator"]}, all_weights(special) | {})
        layer = gan.discriminator.body[0]
        if gan.config.spectral_norm:
            assert torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2) == pytest.approx(1, abs=0.05)

    def test_a_network_without_an_anatomy_is_matched_by_name_and_shape(self, source, monkeypatch):
        for network in (source.generator, source.discriminator):
            monkeypatch.delattr(type(network), "anatomy")
        report = tuned(source, *images(12, "abcd"))[0].transfer
        assert report.tensors["generator.ups.0.weight"] == KEPT
        assert report.tensors["generator.linear.weight"] == NEW


class TestTables:
    def test_columns_are_matched_by_name(self, rows):
        X, y = table(income=np.arange(40) * 1.5)
        gan, start = tuned(rows, X[["age", "income", "kind"]], y)
        spans = {gan.codec.schema.columns[span.column].name: span for span in gan.codec.spans}
        old = {rows.codec.schema.columns[span.column].name: span for span in rows.codec.spans}
        first, before = start["discriminator"]["body.0.weight"], rows.discriminator.body[0].weight
        last, after = start["generator"]["body.4.weight"], rows.generator.body[4].weight
        for name in ("age", "kind"):
            here, there = (slice(span.start, span.start + span.dim) for span in (spans[name], old[name]))
            if name == "age":
                assert torch.equal(first[:, here], before[:, there])
                assert torch.equal(last[here], after[there])
        assert gan.transfer.parts["columns"] == {"kept": ["age", "kind"], "new": ["income"], "dropped": ["amount"]}
        assert gan.sample(3, label="yes").columns.tolist() == ["age", "income", "kind"]

    def test_levels_are_matched_by_value(self, rows):
        X, y = table(kind=np.resize(["web", "fax", "shop"], 40))
        gan, start = tuned(rows, X, y)
        place = {entry: i for i, entry in enumerate(gan.codec.entries)}
        was = {entry: i for i, entry in enumerate(rows.codec.entries)}
        bias, old = start["generator"]["body.4.bias"], rows.generator.body[4].bias
        for level in ("web", "shop"):
            entry = ("kind", "category", ("level", level))
            assert bias[place[entry]] == old[was[entry]]
        assert gan.transfer.parts["columns"]["adapted"] == ["kind"]

    def test_a_column_of_another_type_is_new(self, rows):
        X, y = table(amount=np.resize(["much", "little"], 40))
        report = tuned(rows, X, y)[0].transfer
        assert report.parts["columns"]["new"] == ["amount"]
        assert report.parts["columns"]["kept"] == ["kind", "age"]

    def test_arrays_are_matched_by_position(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(40, 3)), np.repeat([0, 1], 20)
        report = tuned(ganaug.train(X, y, **FAST), rng.normal(size=(40, 4)), y)[0].transfer
        assert report.parts["columns"] == {"kept": ["0", "1", "2"], "new": ["3"], "dropped": []}

    def test_nothing_in_common_still_keeps_the_hidden_layers(self, rows):
        X, y = table()
        report = tuned(rows, X.add_prefix("other_"), y)[0].transfer
        assert report.parts["columns"]["new"] == ["other_amount", "other_kind", "other_age"]
        assert report.tensors["generator.body.2.weight"] == KEPT
        assert report.tensors["generator.body.4.weight"] == NEW


class TestMethods:
    def changed(self, source, method, **settings):
        gan, start = tuned(source, *images(8, "abx"), method=method, **settings)
        end = all_weights(gan)
        return {
            f"{part}.{name}"
            for part in PARTS
            for name, _ in getattr(gan, part).named_parameters()
            if not torch.equal(start[part][name], end[part][name])
        }

    def weights(self, source):
        """Return all weights but the one that relativistic pairs cancel."""
        names = {f"{part}.{name}" for part in PARTS for name, _ in getattr(source, part).named_parameters()}
        return names - {"discriminator.head.linear.bias"}

    def test_full_changes_everything(self, source):
        assert self.changed(source, "full") == self.changed(source, "auto") == self.weights(source)

    def test_freeze_d_leaves_the_lower_layers_of_d(self, source):
        frozen = self.weights(source) - self.changed(source, "freeze-d")
        assert frozen == {f"discriminator.body.{i}.{name}" for i in (0, 2) for name in ("weight", "bias")}

    def test_scale_shift_leaves_all_of_g_but_what_belongs_to_classes(self, source):
        changed = self.changed(source, "scale-shift")
        own = {name for name in self.weights(source) if any(word in name for word in ("embedding", "scale", "shift"))}
        assert {name for name in changed if name.startswith("generator.")} == {
            name for name in own if name.startswith("generator.")
        }
        assert {name for name in self.weights(source) if name.startswith("discriminator.")} <= changed

    def test_scale_shift_trains_what_is_not_the_source_s(self, source):
        gan, start = tuned(source, *images(12), method="scale-shift")
        assert not torch.equal(start["generator"]["linear.weight"], gan.generator.linear.weight)
        assert torch.equal(start["generator"]["ups.0.weight"], gan.generator.ups[0].weight)

    def test_ewc_keeps_the_generator_at_the_source(self, source):
        moved = {}
        for weight in (1e-9, 1e6):
            gan, start = tuned(source, *images(8), method="ewc", ewc_weight=weight, max_steps=30)
            moved[weight] = sum(
                (gan.generator.state_dict()[name] - start["generator"][name]).abs().sum()
                for name in ("ups.0.weight", "out.weight")
            )
        assert moved[1e6] < moved[1e-9] / 3

    def test_a_fine_tuned_model_trains_on_as_any_other(self, source):
        for method in ("freeze-d", "scale-shift"):
            gan = tuned(source, *images(8), method=method)[0]
            assert all(weight.requires_grad for part in PARTS for weight in getattr(gan, part).parameters())

    def test_freeze_d_under_clipping(self):
        clipped = ganaug.train(*images(8), **FAST, objective="wgan", width=4)
        with torch.no_grad():
            clipped.discriminator.body[0].weight.fill_(0.5)
        gan = tuned(clipped, *images(8), method="freeze-d")[0]
        assert (gan.discriminator.body[0].weight == 0.5).all()

    def largest_change(self, source, X, y, of_classes):
        """Return the largest change of a generator's weights in one step of Adam, which moves each by its rate."""
        gan, start = tuned(source, X, y, max_steps=1, learning_rate=1e-3)
        end = all_weights(gan)["generator"]
        words = ("embedding", "scale", "shift")
        return max(
            float((end[name] - start["generator"][name]).abs().max())
            for name, _ in gan.generator.named_parameters()
            if any(word in name for word in words) == of_classes
        )

    def test_what_belongs_to_classes_learns_faster_in_images(self, source):
        data = images(8, "abx")
        assert self.largest_change(source, *data, of_classes=True) == pytest.approx(4e-3, rel=0.01)
        assert self.largest_change(source, *data, of_classes=False) == pytest.approx(1e-3, rel=0.01)

    def test_in_rows_everything_learns_alike(self, rows):
        assert self.largest_change(rows, *table(), of_classes=True) < 1.1e-3


class TestNewClasses:
    def start(self, source, embeddings, X=None):
        gan, start = tuned(source, *(images(8, "axy") if X is None else X), embeddings=embeddings)
        return gan, start["generator"]["embedding.weight"], source.generator.embedding.weight.detach()

    def test_mean(self, source):
        _, new, old = self.start(source, "mean")
        torch.testing.assert_close(new[1:], old.mean(0).expand(2, -1))
        assert torch.equal(new[0], old[0])

    def test_mixture_lies_among_the_source_s_classes(self, source):
        gan, new, old = self.start(source, "mixture")
        shares = torch.linalg.lstsq(old.T, new[1:].T).solution
        torch.testing.assert_close(shares.sum(0), torch.ones(2), rtol=1e-3, atol=1e-3)
        assert shares.min() > -1e-3
        assert gan.transfer.embeddings == "mixture"

    @pytest.mark.filterwarnings("ignore:.*told every sample right")
    def test_mixture_finds_the_class_that_only_has_another_name(self):
        X, y = np.zeros((40, 8, 8), np.uint8), np.repeat(list("ab"), 20)
        X[:20, :, :4] = 255
        X[20:, :, 4:] = 255
        source = ganaug.train(X, y, random_state=0, width=8, max_steps=60)
        _, new, old = self.start(source, "mixture", (X, np.where(y == "a", "z", "q")))
        closest = torch.cdist(new, old).argmin(1)
        assert closest.tolist() == [1, 0]  # q was b, z was a

    def test_shared_classes_alone_need_no_mixture(self, source):
        gan, start = tuned(source, *images(8), embeddings="mixture")
        assert set(gan.transfer.tensors.values()) == {KEPT}


class TestSettings:
    def test_the_network_is_the_source_s_unless_it_is_given(self, source):
        gan = tuned(source, *images(8))[0]
        assert (gan.config.width, gan.config.latent_dim) == (4, 64)
        assert tuned(source, *images(8), latent_dim=16)[0].transfer.tensors["generator.hidden.weight"] == NEW

    def test_fewer_steps_than_from_scratch(self, source, rows):
        from ganaug.data.encoded import encode
        from ganaug.finetuning.finetune import _resolve

        data = encode(*images(8))
        assert _resolve(source, data, {}).max_steps == 750
        assert _resolve(rows, encode(*table()), {}).max_steps == 667
        assert _resolve(source, data, {"max_steps": 7}).max_steps == 7

    def test_another_objective_brings_its_own_spectral_norm(self, source):
        gan = tuned(source, *images(8), objective="hinge")[0]
        assert gan.config.spectral_norm is True
        assert gan.transfer.tensors["discriminator.body.0.parametrizations.weight.original"] == KEPT


class TestPromises:
    def test_the_source_stays_as_it_is(self, source):
        before = all_weights(source), source.step, source.transfer, len(source.history)
        modes = [network.training for network in (source.generator, source.discriminator)]
        for settings in ({"method": "ewc"}, {"embeddings": "mixture"}, {"method": "freeze-d"}):
            tuned(source, *images(12, "bcd"), **settings)
        assert equal(before[0], all_weights(source))
        assert (source.step, source.transfer, len(source.history)) == before[1:]
        assert [network.training for network in (source.generator, source.discriminator)] == modes

    @pytest.mark.parametrize("settings", [{}, {"method": "ewc"}, {"embeddings": "mixture"}])
    def test_same_seed_same_model_and_global_generators_are_left_alone(self, source, settings):
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        first, second = (tuned(source, *images(8, "bcd"), **settings)[0] for _ in range(2))
        assert equal(all_weights(first), all_weights(second))
        assert torch.equal(before[0], torch.get_rng_state())
        np.testing.assert_array_equal(before[1], np.random.get_state()[1])

    def test_saved_and_loaded(self, source, tmp_path):
        digest = source.save(tmp_path / "source.safetensors", data="letters", licence="CC0", source="nowhere")
        gan = ganaug.finetune(tmp_path / "source.safetensors", *images(12, "bcd"), **FAST)
        gan.save(tmp_path / "gan.safetensors", licence="MIT")
        loaded = ganaug.load(tmp_path / "gan.safetensors")
        assert loaded.transfer == gan.transfer
        assert str(loaded.transfer) == str(gan.transfer)
        assert loaded.provenance == gan.provenance
        assert loaded.provenance.licence == "MIT"
        assert loaded.provenance.parent.sha256 == digest
        assert loaded.provenance.parent.classes == {"a": 12, "b": 12, "c": 12}
        assert loaded.provenance.parent.provenance.licence == "CC0"
        again = ganaug.finetune(loaded, *images(12, "bcd"), **FAST)
        assert again.provenance.parent.provenance.parent.sha256 == digest

    def test_a_checkpoint_from_before_there_was_a_report(self, source, tmp_path):
        source.save(tmp_path / "new")
        header, tensors = checkpoint.read(tmp_path / "new")
        old = {name: value for name, value in header.items() if name not in ("transfer", "provenance", "sha256")}
        digest = checkpoint.write(tmp_path / "old", old, tensors, overwrite=False)
        gan = ganaug.load(tmp_path / "old")
        assert (gan.transfer, gan.provenance, gan.sha256) == (None, ganaug.Provenance(), digest)
        assert ganaug.finetune(gan, *images(8), **FAST).provenance.parent.sha256 == digest

    def test_it_pickles_with_its_report(self, source):
        import pickle

        gan = tuned(source, *images(8, "bcd"))[0]
        again = pickle.loads(pickle.dumps(gan))
        assert again.transfer == gan.transfer and again.provenance == gan.provenance

    def test_a_report_cannot_be_changed(self, source):
        report = tuned(source, *images(8))[0].transfer
        with pytest.raises((AttributeError, ValidationError)):
            report.method = "other"


class TestErrors:
    def test_rows_and_images(self, source, rows):
        with pytest.raises(
            ganaug.TransferError, match="the source makes images of 8 × 8.* it cannot start a model of rows"
        ):
            ganaug.finetune(source, *table())
        with pytest.raises(ganaug.TransferError, match="cannot start a model of images"):
            ganaug.finetune(rows, *images(8))

    def test_another_network(self, source):
        with pytest.raises(ganaug.TransferError, match="the source's network is 'conv'; got network='mlp'"):
            ganaug.finetune(source, *images(8), network="mlp")

    def test_nothing_fits(self, rows):
        X, y = table()
        with pytest.raises(ganaug.TransferError, match="no weight of the source's .* fits"):
            ganaug.finetune(rows, X.add_prefix("other_"), np.where(y == "no", "n", "y"), width=8, latent_dim=3)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"method": "freezed"}, "method = 'freezed'"),
            ({"embeddings": "median"}, "embeddings = 'median'"),
            ({"ewc_weight": 0}, "ewc_weight = 0"),
            ({"max_stepz": 3}, "did you mean 'max_steps'"),
        ],
    )
    def test_wrong_options(self, source, settings, message):
        with pytest.raises(ganaug.ConfigError, match=message):
            ganaug.finetune(source, *images(8), **settings)

    def test_scale_shift_needs_images(self, rows):
        with pytest.raises(ganaug.ConfigError, match="scale-shift' needs scales and shifts of classes"):
            ganaug.finetune(rows, *table(), method="scale-shift")

    def test_no_checkpoint(self, tmp_path):
        with pytest.raises(ganaug.CheckpointError, match="cannot read"):
            ganaug.finetune(tmp_path / "gone", *images(8))


def test_the_config_has_the_defaults_of_the_function():
    import inspect

    parameters = inspect.signature(ganaug.finetune).parameters
    assert {name: parameters[name].default for name in TransferConfig.model_fields} == TransferConfig().model_dump()
