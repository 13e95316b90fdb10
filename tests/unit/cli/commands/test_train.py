import numpy as np
import pytest

import ganaug
from ganaug.core import checkpoint

FAST = ("--max-steps", "3", "--quiet")


@pytest.mark.parametrize(
    ("source", "classes"),
    [
        ("images", {"cat": 10, "dog": 8, "teardrop": 6}),
        ("images.npz", {"cat": 10, "dog": 8, "teardrop": 6}),
        ("orders.csv", {"no": 30, "yes": 10}),
    ],
)
def test_train_then_synth(ok, data, elsewhere, source, classes):
    result, err = ok("train", data / source, "--out", "m.safetensors", "--json", *FAST)
    assert err == ""
    assert result["out"] == "m.safetensors"
    assert result["steps"] == 3
    assert result["classes"] == classes
    assert result["sha256"] == checkpoint.read_header(elsewhere / "m.safetensors")["sha256"]
    assert ganaug.load("m.safetensors").classes_.tolist() == list(classes)
    made, _ = ok("synth", "--model", "m.safetensors", "-n", 2, "--json")
    assert made["counts"] == dict.fromkeys(classes, 2)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["m.safetensors", "synthetic"]


def test_it_says_what_it_trains_on_and_what_comes_next(ok, data):
    out, err = ok("train", data / "orders.csv", "-o", "my models/m.safetensors", "--max-steps", "3")
    assert f"training on {data / 'orders.csv'}, target column 'fraud'" in err
    assert "Trained 3 steps" in out
    assert "table of 3 columns" in out
    assert "next: ganaug synth --model 'my models/m.safetensors' --class yes --n 1000" in out


def test_target_option(ok, data):
    result, _ = ok("train", data / "orders.csv", "--target", "kind", "-o", "m", "--json", *FAST)
    assert result["classes"].keys() == {"shop", "web"}


def test_image_size(ok, data):
    ok("train", data / "images", "--image-size", "12", "-o", "m", *FAST)
    assert ganaug.load("m").sample(1, label="cat").shape == (1, 12, 12)


def test_seed_decides_the_model(ok, data):
    digests = [
        ok("train", data / "orders.csv", "-o", name, "--seed", seed, "--json", *FAST)[0]["sha256"]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    weights = [ganaug.load(name).generator.state_dict() for name in "abc"]
    assert all((weights[0][key] == weights[1][key]).all() for key in weights[0])
    assert digests[0] != digests[2]
    assert any((weights[0][key] != weights[2][key]).any() for key in weights[0])


class TestSettings:
    @pytest.fixture
    def trained(self, ok, data, elsewhere):
        def train(*arguments):
            ok("train", data / "orders.csv", "-o", "m", "--overwrite", "--quiet", *arguments)
            return ganaug.load("m").config

        return train

    def test_flag_wins_over_set_over_file_over_default(self, trained, elsewhere):
        (elsewhere / "c.toml").write_text('max_steps = 2\nwidth = 8\ndepth = 1\nobjective = "hinge"\n')
        config = trained("--config", "c.toml", "--set", "width=16", "--set", "max-steps=3", "--max-steps", "4")
        assert (config.max_steps, config.width, config.depth, config.objective) == (4, 16, 1, "hinge")
        assert config.instance_noise == 0

    def test_order_on_the_command_line_does_not_matter(self, trained, elsewhere):
        (elsewhere / "c.toml").write_text("max_steps = 2\n")
        assert trained("--max-steps", "4", "--set", "max_steps=3", "--config", "c.toml").max_steps == 4

    def test_later_set_wins(self, trained):
        assert trained("--set", "width=16", "--set", "width=24", *FAST).width == 24

    def test_values_are_read_as_toml_or_text(self, trained):
        config = trained(
            *("--set", "objective=lsgan", "--set", "betas=[0.1, 0.9]", "--set", "spectral_norm=true"),
            *("--set", "clip_grad_norm=none", "--set", "label_smoothing = 0.1", *FAST),
        )
        assert config.objective == "lsgan"
        assert config.betas == (0.1, 0.9)
        assert config.spectral_norm is True
        assert config.clip_grad_norm is None
        assert config.label_smoothing == 0.1

    @pytest.mark.parametrize(
        ("option", "name", "value"),
        [
            (["--objective", "vanilla"], "objective", "vanilla"),
            (["--batch-size", "16"], "batch_size", 16),
            (["--learning-rate", "0.01"], "learning_rate", 0.01),
            (["--device", "cpu"], "device", "cpu"),
            (["--precision", "bfloat16"], "precision", "bfloat16"),
            (["--max-seconds", "9"], "max_seconds", 9.0),
        ],
    )
    def test_flags(self, trained, option, name, value):
        assert getattr(trained(*option, *FAST), name) == value

    def test_max_seconds_ends_training(self, ok, data):
        result, _ = ok("train", data / "orders.csv", "-o", "m", "--max-seconds", "0.2", "--json", "--quiet")
        assert 1 <= result["steps"] < 300
        assert result["seconds"] < 5

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("widht = 3", "did you mean 'width'"),
            ("width = ", "cannot read c.toml"),
            ("width = 'wide'", "width = 'wide'"),
            ("[train]\nwidth = 3", "unknown setting 'train'"),
            ("width = [8, 16]", "width = [8, 16]"),
            ("spectral_norm = 3", "spectral_norm = 3"),
            ("x = " + "[" * 3000, "nested too deeply"),
            ("width = " + "9" * 5000, "cannot read c.toml"),
            ("\0", "cannot read c.toml as TOML"),
        ],
    )
    def test_unusable_file(self, fails, data, elsewhere, text, says):
        (elsewhere / "c.toml").write_text(text)
        fails(2, "train", data / "orders.csv", "-o", "m", "--config", "c.toml", says=says)

    def test_unknown_setting_in_the_file_of_any_command(self, fails, data, models, elsewhere):
        (elsewhere / "c.toml").write_text("widht = 3")
        start = ("finetune", data / "orders.csv", "--from", models / "orders.safetensors")
        for arguments in (start, ("synth", "--data", data / "orders.csv")):
            fails(2, *arguments, "-o", "m", "--config", "c.toml", says="did you mean 'width'")

    def test_file_that_is_not_there_or_no_text(self, fails, data, elsewhere):
        (elsewhere / "c.toml").write_bytes(b"width = 3 # caf\xe9")
        (elsewhere / "d").mkdir()
        for name, says in (("c.toml", "it is not UTF-8 text"), ("d", "Is a directory"), ("gone", "No such file")):
            fails(2, "train", data / "orders.csv", "-o", "m", "--config", name, says=says)

    def test_file_with_a_byte_order_mark(self, trained, elsewhere):
        (elsewhere / "c.toml").write_text("width = 8", encoding="utf-8-sig")
        assert trained("--config", "c.toml", *FAST).width == 8

    def test_finetune_takes_its_own_settings_from_the_file(self, ok, data, models, elsewhere):
        (elsewhere / "c.toml").write_text('method = "ewc"\nmax_steps = 2\n')
        arguments = ("finetune", data / "orders.csv", "--from", models / "orders.safetensors", "--config", "c.toml")
        assert ok(*arguments, "-o", "m", "--json", "-q")[0]["transfer"]["method"] == "ewc"
        flagged = ok(*arguments, "-o", "n", "--method", "full", "--json", "-q")[0]
        assert (flagged["transfer"]["method"], flagged["steps"]) == ("full", 2)


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "Missing"),
            (["orders.csv"], "'--out'"),
            (["gone.csv", "-o", "m"], "there is no file or folder gone.csv"),
            (["gone.csv", "-o", "m", "--nope"], "No such option: --nope"),
        ],
    )
    def test_usage(self, fails, arguments, says):
        fails(2, "train", *arguments, says=says)

    @pytest.mark.parametrize(
        ("option", "says"),
        [
            (["--objective", "relativistc"], "did you mean 'relativistic'?"),
            (["--set", "attention=true"], "attention has no meaning"),
            (["--batch-size", "1"], "'--batch-size'"),
            (["--set", "=3"], "unknown setting ''"),
        ],
    )
    def test_unusable_settings(self, fails, data, option, says):
        fails(2, "train", data / "orders.csv", "-o", "m", *option, says=says)

    @pytest.mark.parametrize(
        ("name", "text", "says"),
        [
            ("d.csv", "", "cannot read d.csv as a table"),
            ("d.csv", "a,b\n1,x\n2,\n", "1 missing labels"),
            ("d.csv", "a,b\ninf,x\n2,y\n3,y\n4,x\n", "infinity"),
            ("d.csv", "a,b\n1,0.12\n2,0.34\n3,0.56\n", "class labels"),
            ("d.csv", "a,b\n1,x\n1,y\n", "constant"),
            ("d.xlsx", "", "expected one of .csv, folders, "),
            ("d.npz", "rubbish", "cannot read d.npz"),
        ],
    )
    def test_unusable_data(self, fails, elsewhere, name, text, says):
        (elsewhere / name).write_text(text)
        fails(1, "train", name, "-o", "m", says=says)

    def test_unknown_target(self, fails, data):
        fails(2, "train", data / "orders.csv", "-o", "m", "--target", "frauds", says="did you mean 'fraud'?")

    def test_option_of_another_format(self, fails, data):
        fails(1, "train", data / "orders.csv", "-o", "m", "--image-size", "8", says="image_size has no meaning")

    @pytest.mark.parametrize("size", ["²", "8x²", "3", "0x8", "8x8x8", "-8", "9" * 5000, "5000", ""])
    def test_unusable_image_size(self, fails, data, size):
        fails(2, "train", data / "images", "-o", "m", "--image-size", size, says="expected 4 to 4096 pixels")

    @pytest.mark.parametrize("dtype", [">f8", ">i4"])
    def test_bytes_in_the_other_order(self, ok, elsewhere, dtype):
        np.savez("d.npz", X=np.arange(40.0).reshape(20, 2).astype(dtype), y=np.repeat([0, 1], 10).astype(">i8"))
        ok("train", "d.npz", "-o", "m", *FAST)
        assert ganaug.load("m").sample(2, label=1).dtype == np.dtype(dtype).newbyteorder("=")

    def test_empty_folder(self, fails, elsewhere):
        (elsewhere / "d").mkdir()
        fails(1, "train", "d", "-o", "m", says="one subfolder per class")
