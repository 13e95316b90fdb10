"""Whatever is typed or read, the command line answers with a result or with one line, never with a traceback.

Every target runs a few cases in the default suite and thousands of new ones in the slow suite. Inputs are valid files
that were bent (bits flipped, cut, spliced, numbers replaced), lying headers with valid digests, and plain rubbish.
"""

import functools
import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

pytest.importorskip("typer")
pytest.importorskip("PIL")
from PIL import Image

from ganaug.cli.app import run
from ganaug.core import checkpoint
from ganaug.core.config import TrainConfig
from ganaug.core.errors import GANAugError

pytestmark = pytest.mark.filterwarnings("default")

FEW, MANY = 30, 2_500
COMMANDS = ["train", "finetune", "synth", "pool", "info", "plugins", "cache"]


class Stop(GANAugError):
    """Everything before the first step of training went well."""


def at_two_lengths(*strategies, few=FEW, many=MANY):
    """Make one fuzz target two tests: a short one that repeats, and a long one of the slow suite that does not."""

    def decorate(target):
        def bounded(n, repeats):
            options = settings(
                max_examples=n,
                deadline=None,
                database=None,
                derandomize=repeats,
                suppress_health_check=list(HealthCheck),
            )
            return options(given(*strategies)(target))

        def test(self, files, length):
            if length == "few":
                bounded(few, True)(self, files)
            else:
                bounded(many, False)(self, files)

        return pytest.mark.parametrize("length", ["few", pytest.param("many", marks=pytest.mark.slow)])(test)

    return decorate


@st.composite
def bends(draw):
    """Draw a function that damages bytes."""
    place = st.floats(0, 1)
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from("flip cut splice drop insert number zero".split()), place, place, st.binary(max_size=9)
            ),
            min_size=1,
            max_size=6,
        )
    )

    def bend(data):
        for kind, first, second, piece in steps:
            i, j = (int(share * len(data)) for share in (first, second))
            i, j = min(i, j), max(i, j)
            data = {
                "flip": lambda i, j, p, d: d[:i] + bytes(b ^ (1 << (j % 8)) for b in d[i : i + 1]) + d[i + 1 :],
                "cut": lambda i, j, p, d: d[:j],
                "splice": lambda i, j, p, d: d[:j] + d[i : i + 200] + d[j:],
                "drop": lambda i, j, p, d: d[:i] + d[min(j, i + 50) :],
                "insert": lambda i, j, p, d: d[:i] + p + d[i:],
                "number": lambda i, j, p, d: d[:i] + (b"\xff" * 4 if j % 2 else p[:4]) + d[i + 4 :],
                "zero": lambda i, j, p, d: d[:i] + bytes(min(j - i, 16)) + d[min(j, i + 16) :],
            }[kind](i, j, piece, data)
        return data

    return bend


def words(*known):
    """Text of any kind, and words that mean something."""
    return st.one_of(st.sampled_from(known), st.text(max_size=12))


@pytest.fixture(scope="module")
def prepared_only():
    """Do everything but the steps of training."""
    from ganaug.data import encoded
    from ganaug.training import train as trainer

    def train(X, y, *, random_state=None, callbacks=(), **settings):
        config = TrainConfig(**settings)
        data = encoded.encode(X, y)
        encoded.refuse_constant(data)
        data.codec.to_json()
        trainer.resolve(config, data.codec, data.classes)
        raise Stop("prepared")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "train", train)
        yield


@pytest.fixture
def files(tmp_path, prepared_only, monkeypatch, models):
    """An empty folder to be in; the user's own are out of reach."""
    for name in ("HOME", "GANAUG_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Files(models)


class Files:
    """Valid files by suffix, and a way to run a command on bent ones."""

    def __init__(self, models):
        self.models = models

    def check(self, *arguments):
        """Run; demand an exit code, and one line if it is not 0."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stderr", said)
            patch.setattr("sys.stdout", io.StringIO())
            code = run([str(argument) for argument in arguments])
        lines = said.getvalue().splitlines()
        assert code in (0, 1, 2), (code, lines)
        assert "Traceback" not in said.getvalue()
        assert code == 0 or (lines and lines[-1].startswith("error: ")), (code, lines)
        return code


def csv_files():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=30).round(2),
            "b": rng.integers(0, 9, 30),
            "c": rng.choice(["u", "ü, v", None], 30),
            "d": pd.date_range("2024-01-01", periods=30).astype(str),
            "label": np.repeat(["no", "yes"], 15),
        }
    )
    yield frame.to_csv(index=False).encode()
    yield frame.to_csv(index=False, sep=";", decimal=",").encode("utf-16")
    yield frame.to_csv(index=True, sep="\t", quoting=1).encode("cp1252")
    yield frame.to_csv(index=True, index_label=False).encode()
    yield b"a,label\n1e308,0\n-1e308,1\n1e-320,0\n0x10,1\n"
    yield b"a,label\n9223372036854775807,0\n-9223372036854775808,1\n18446744073709551615,0\n"


def npz_files():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 5)
    for arrays in (
        {"X": rng.normal(size=(10, 3)), "y": y},
        {"images": rng.integers(0, 255, (10, 4, 4), dtype=np.uint8), "labels": y, "class_names": np.array(["u", "v"])},
        {"X": rng.choice(["u", "v"], (10, 2)), "y": np.repeat(["u", "v"], 5).astype("S")},
        {"X": rng.normal(size=(10, 3)).astype("complex64"), "y": y.astype(bool)},
        {"X": np.zeros((10, 2), "M8[s]"), "y": y.astype(float)},
        {"X": np.zeros(10, [("u", int), ("v", float)]), "y": y},
        {"X": np.zeros((10, 0)), "y": y},
        {"X": np.zeros((10, 3, 3, 3, 3)), "y": y},
        {"X": rng.normal(size=(10, 2)).astype(">f2"), "y": y.astype(">u8")},
        {"X": rng.integers(0, 9, (10, 2)).astype("m8[D]"), "y": y},
    ):
        for save in (np.savez, np.savez_compressed):
            buffer = io.BytesIO()
            save(buffer, **arrays)
            yield buffer.getvalue()


@functools.cache
def parquet_files():
    return list(_parquet_files())


def _parquet_files():
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "a": np.arange(30) / 7,
            "b": pd.Categorical(["u", "v", None] * 10),
            "c": pd.date_range("2024-01-01", periods=30, tz="Europe/Oslo"),
            "d": pd.array([1, None, 3] * 10, dtype="Int64"),
            "label": np.repeat(["no", "yes"], 15),
        }
    )
    for compression in (None, "snappy", "gzip"):
        yield frame.to_parquet(compression=compression)
    yield frame.assign(a=pd.period_range("2020", periods=30, freq="D")).to_parquet()
    yield frame.assign(a=pd.interval_range(0, periods=30)).to_parquet()


def image_files():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for suffix, options in (
        ("png", {"exif": _turned()}),
        ("jpg", {"exif": _turned()}),
        ("gif", {"save_all": True, "append_images": [Image.fromarray(pixels.T.copy())]}),
        ("tif", {"compression": "tiff_lzw"}),
        ("webp", {}),
        ("bmp", {}),
        ("ppm", {}),
    ):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()), **options)
        yield suffix, buffer.getvalue()


def _turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


NAMES = (
    "--target --image-size --encoding --seed --max-steps --batch-size --class --n --out --from --model --data".split()
)
OPTIONS = [
    *NAMES,
    *"--strict --json --quiet --overwrite --set --config --device --precision --objective --learning-rate".split(),
    *"--max-seconds --method --embeddings --ewc-weight --licence --source --no-cache --no-preview --help".split(),
    *"--version --debug --no-load -c -n -o -q -h -- list clear".split(),
]
VALUES = [
    *"d.csv d.npz folder m.safetensors gone out . .. / ~ 0 1 -1 3 1e999 nan inf 32x32 8 0x0".split(),
    *"99999999999999999999 label nonsense max_steps=1 width=0 betas=[2,1] widht=3 =3 width=[[[[ cuda mps cpu".split(),
    *"cuda:99 bfloat16 float16 hinge wgan ewc mixture utf-16 c.toml ² ٣ 8x٣ latent_dim=1e400 focus=nan".split(),
    *"betas={a=1} network=mlp x=1979-05-27".split(),
    "",
    "\0",
    "\udce9",
    "a\nb",
    "x" * 5000,
    "depth=" + "9" * 5000,
    "width=" + "[" * 3000,
]
TOML = b"""max_steps = 5
objective = "hinge"
width = 16
betas = [0.5, 0.9]
spectral_norm = true
label_smoothing = 0.1
clip_grad_norm = 1.0
"""


class TestFuzz:
    @at_two_lengths(
        st.sampled_from(COMMANDS), st.lists(st.one_of(st.sampled_from(OPTIONS), words(*VALUES)), max_size=9)
    )
    def test_arguments(self, files, command, arguments):
        if not os.path.exists("d.csv"):
            Path("d.csv").write_bytes(next(csv_files()))
            Path("d.npz").write_bytes(next(npz_files()))
            Path("c.toml").write_bytes(TOML)
            os.makedirs("folder/cat", exist_ok=True)
            os.symlink(files.models / "orders.safetensors", "m.safetensors")
        if "--debug" in arguments[:1]:
            arguments = arguments[1:]
        files.check(command, *arguments)

    @at_two_lengths(st.sampled_from(list(csv_files())), bends(), st.sampled_from(["d.csv", "d.tsv"]))
    def test_bent_csv(self, files, content, bend, name):
        Path(name).write_bytes(bend(content))
        files.check("train", name, "-o", "m", "-q")

    @at_two_lengths(st.binary(max_size=300))
    def test_rubbish_csv(self, files, content):
        Path("d.csv").write_bytes(content)
        files.check("train", "d.csv", "-o", "m", "-q")

    @at_two_lengths(st.text(alphabet=",;\t|\"'\n\r\\ .-+0189eExyNaA\u00e9\u2028\ufeff", max_size=120))
    def test_rubbish_that_looks_like_csv(self, files, text):
        Path("d.csv").write_bytes(text.encode())
        files.check("train", "d.csv", "-o", "m")

    @at_two_lengths(st.sampled_from(list(npz_files())), bends())
    def test_bent_npz(self, files, content, bend):
        Path("d.npz").write_bytes(bend(content))
        files.check("train", "d.npz", "-o", "m", "-q")

    @pytest.mark.parametrize("content", npz_files())
    def test_whole_npz(self, files, content):
        Path("d.npz").write_bytes(content)
        files.check("train", "d.npz", "-o", "m", "-q")

    @at_two_lengths(st.integers(0, 4), bends())
    def test_bent_parquet(self, files, chosen, bend):
        Path("d.parquet").write_bytes(bend(parquet_files()[chosen]))
        files.check("train", "d.parquet", "-o", "m", "-q")

    @at_two_lengths(st.sampled_from(list(image_files())), bends())
    def test_bent_image(self, files, image, bend):
        suffix, content = image
        for name in ("cat", "dog"):
            os.makedirs(f"folder/{name}", exist_ok=True)
            Path(f"folder/{name}/good.{suffix}").write_bytes(content)
        Path(f"folder/cat/bent.{suffix}").write_bytes(bend(content))
        try:
            files.check("train", "folder", "-o", "m", "-q")
        finally:
            os.unlink(f"folder/cat/bent.{suffix}")
            for name in ("cat", "dog"):
                os.unlink(f"folder/{name}/good.{suffix}")

    @at_two_lengths(bends())
    def test_bent_settings(self, files, bend):
        Path("c.toml").write_bytes(bend(TOML))
        Path("d.csv").write_bytes(next(csv_files()))
        files.check("train", "d.csv", "-o", "m", "-q", "--config", "c.toml")

    @at_two_lengths(
        st.sampled_from(["orders.safetensors", "images.safetensors", "images.pool"]), bends(), st.booleans()
    )
    def test_bent_model(self, files, name, bend, used):
        Path("m").write_bytes(bend((files.models / name).read_bytes()))
        files.check("info", "m")
        if used:
            files.check("synth", "--model", "m", "-n", 1, "-o", "out", "-q", "--overwrite")

    @at_two_lengths(st.binary(max_size=200))
    def test_rubbish_model(self, files, content):
        Path("m").write_bytes(content)
        files.check("info", "m", "--json")
        files.check("synth", "--model", "m", "-n", 1, "-o", "out")

    @at_two_lengths(
        st.sampled_from(["orders.safetensors", "images.safetensors"]),
        st.lists(st.integers(0, 30), max_size=5),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=4,
        ),
    )
    def test_lying_header_with_a_valid_digest(self, files, name, path, lie):
        header, arrays = checkpoint.read(files.models / name)
        header = json.loads(
            json.dumps({key: value for key, value in header.items() if key not in ("format", "sha256")})
        )
        here, last, key = header, None, None
        for step in path or [0]:
            if not isinstance(here, (dict, list)) or not here:
                break
            key = sorted(here)[step % len(here)] if isinstance(here, dict) else step % len(here)
            last, here = here, here[key]
        last[key] = lie
        try:
            checkpoint.write(Path("m"), header, arrays, overwrite=True)
        except UnicodeEncodeError:
            return
        files.check("info", "m")
        files.check("synth", "--model", "m", "-n", 1, "-o", "out", "-q", "--overwrite")
