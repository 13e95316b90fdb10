import numpy as np
import pytest

pytest.importorskip("PIL")

from PIL import Image

import ganaug
from ganaug.core import checkpoint

FAST = ("--max-steps", "2", "--quiet")


@pytest.fixture
def finetune(ok, data, models):
    def run(*arguments, source="images.npz", model="images"):
        return ok("finetune", data / source, "--from", models / f"{model}.safetensors", "-o", "m", *FAST, *arguments)

    return run


@pytest.fixture
def colour(elsewhere):
    """Larger images in colour, with one class that the model knows."""
    rng = np.random.default_rng(0)
    for i in range(12):
        name = ("cat", "owl")[i % 2]
        (elsewhere / "mine" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(elsewhere / "mine" / name / f"{i}.png")
    return elsewhere / "mine"


def test_images_of_other_classes_size_and_colour(ok, models, colour):
    result, err = ok("finetune", colour, "--from", models / "images.safetensors", "-o", "m", "--json", *FAST)
    assert err == ""
    assert result["steps"] == 2
    assert result["classes"] == {"cat": 6, "owl": 6}
    assert result["transfer"]["parts"]["classes"] == {"kept": ["cat"], "new": ["owl"], "dropped": ["dog", "teardrop"]}
    assert result["sha256"] == checkpoint.read_header(colour.parent / "m")["sha256"]
    assert ganaug.load("m").sample(1, label="owl").shape == (1, 12, 12, 3)
    assert ok("synth", "--model", "m", "-n", 2, "--json")[0]["counts"] == {"cat": 2, "owl": 2}


def test_a_table(finetune):
    result, _ = finetune("--json", source="orders.csv", model="orders")
    assert set(result["transfer"]["tensors"].values()) == {"kept"}


def test_it_says_what_it_took_over(ok, data, models):
    model = models / "images.safetensors"
    out, err = ok("finetune", data / "images.npz", "--from", model, "-o", "m", "--max-steps", "2")
    assert "fine-tuning on " in err
    assert "Trained 2 steps" in out
    assert "Classes: kept cat, dog, teardrop." in out
    assert "Method: full, new classes: fresh." in out
    assert "next: ganaug synth --model m" in out


@pytest.mark.parametrize("method", ["full", "freeze-d", "scale-shift", "ewc"])
def test_method(finetune, method):
    finetune("--method", method, "--embeddings", "mixture", "--ewc-weight", "2")
    assert (ganaug.load("m").transfer.method, ganaug.load("m").transfer.embeddings) == (method, "mixture")


def test_the_network_is_the_source_s_and_settings_win(ok, data, finetune):
    ok("train", data / "images.npz", "-o", "slim", "--set", "width=4", *FAST)
    ok("finetune", data / "images.npz", "--from", "slim", "-o", "m", "--set", "batch_size=4", *FAST)
    assert (ganaug.load("m").config.width, ganaug.load("m").config.batch_size) == (4, 4)


def test_seed_decides_the_model(ok, data, models):
    digests = {
        seed: ok(
            *("finetune", data / "images.npz", "--from", models / "images.safetensors"),
            *("-o", f"m{i}", "--seed", seed, "--json", *FAST),
        )[0]["sha256"]
        for i, seed in enumerate((1, 1, 2))
    }
    assert digests[1] != digests[2]
    assert ganaug.load("m0").sha256 == ganaug.load("m1").sha256


def test_provenance_is_kept_and_shown(ok, data):
    said = ("--licence", "CC BY 4.0", "--source", "https://example.org/letters")
    ok("train", data / "images.npz", "-o", "a", *said, *FAST)
    ok("finetune", data / "images.npz", "--from", "a", "-o", "b", "--licence", "CC0", *FAST)
    out, _ = ok("info", "b")
    parent = ganaug.load("a").sha256
    for line in (
        "transfer: From images of 8 × 8",
        "data: images.npz",
        "licence: CC0",
        f"fine-tuned from: {parent}",
        "  classes: cat (10), dog (8), teardrop (6)",
        "  licence: CC BY 4.0",
        "  source: https://example.org/letters",
    ):
        assert any(shown.startswith(line) for shown in out.splitlines()), line
    header, _ = ok("info", "b", "--json")
    assert header["provenance"]["parent"]["sha256"] == parent
    assert ganaug.load("b").provenance.parent.provenance.licence == "CC BY 4.0"


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        (2, ["DATA", "--from", "gone", "-o", "m"], "there is no file gone"),
        (2, ["DATA", "-o", "m"], "Missing option '--from'"),
        (2, ["DATA", "--from", "MODEL"], "Missing option '--out'"),
        (2, ["gone", "--from", "MODEL", "-o", "m"], "there is no file or folder gone"),
        (2, ["DATA", "--from", "MODEL", "-o", "m", "--method", "freeze"], "method = 'freeze'"),
        (2, ["DATA", "--from", "MODEL", "-o", "m", "--embeddings", "zero"], "embeddings = 'zero'"),
        (2, ["DATA", "--from", "MODEL", "-o", "m", "--set", "widht=3"], "did you mean 'width'"),
        (1, ["DATA", "--from", "TABLE", "-o", "m"], "the source makes table of 3 columns"),
        (1, ["DATA", "--from", "DATA", "-o", "m"], "which ganaug never loads"),
        (1, ["DATA", "--from", "MODEL", "-o", "."], ". exists already"),
    ],
)
def test_wrong_usage(fails, data, models, code, arguments, says):
    real = {"DATA": data / "images.npz", "MODEL": models / "images.safetensors", "TABLE": models / "orders.safetensors"}
    fails(code, "finetune", *(real.get(argument, argument) for argument in arguments), "--quiet", says=says)
