"""Faults of files and of the machine, really injected: a clear line, nothing run, nothing lost."""

import errno
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from children import Child

from ganaug.core import checkpoint

GANAUG = [sys.executable, "-c", "from ganaug.cli import main; main()"]
FAST = ("--max-steps", "3", "--quiet")


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def pickled(path):
    return pickle.dumps(Bomb(path))


def torch_file(path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(path))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def npz(path):
    buffer = io.BytesIO()
    np.savez(buffer, X=np.array([[Bomb(path)]] * 2), y=np.array([Bomb(path)] * 2), images=np.array([Bomb(path)]))
    return buffer.getvalue()


@pytest.fixture
def exploded(tmp_path):
    """Where the bombs leave their trace; the test checks that they can."""
    path = tmp_path / "exploded"
    pickle.loads(pickled(path))
    assert path.exists()
    path.unlink()
    yield path
    assert not path.exists()


class TestBombs:
    @pytest.mark.parametrize("content", [pickled, torch_file, npz])
    @pytest.mark.parametrize("suffix", ["npz", "csv", "tsv", "parquet"])
    def test_as_data(self, fails, elsewhere, exploded, content, suffix):
        (elsewhere / f"d.{suffix}").write_bytes(content(exploded))
        fails(1, "train", f"d.{suffix}", "-o", "m", says=f"d.{suffix}")

    @pytest.mark.parametrize("content", [pickled, torch_file, npz])
    def test_as_model(self, fails, data, elsewhere, exploded, content):
        (elsewhere / "m.safetensors").write_bytes(content(exploded))
        fails(1, "info", "m.safetensors", says="m.safetensors")
        fails(1, "synth", "--model", "m.safetensors", says="m.safetensors")
        fails(1, "pool", "m.safetensors", "-o", "p", says="m.safetensors")
        fails(1, "finetune", data / "orders.csv", "--from", "m.safetensors", "-o", "o", says="m.safetensors")

    def test_as_settings(self, fails, data, elsewhere, exploded):
        (elsewhere / "c.toml").write_bytes(pickled(exploded))
        fails(2, "train", data / "orders.csv", "-o", "m", "--config", "c.toml", says="no TOML file")

    def test_archive_larger_than_the_memory(self, fails, elsewhere):
        """An archive of a megabyte whose header promises zeros by the terabyte."""
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (2**42, 1)})
        with zipfile.ZipFile("d.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("X.npy", buffer.getvalue() + bytes(10**6))
            archive.writestr("y.npy", b"")
        fails(1, "train", "d.npz", "-o", "m", says="d.npz")


class TestModels:
    @pytest.fixture
    def bent(self, models, elsewhere):
        def bend(change):
            whole = (models / "orders.safetensors").read_bytes()
            (elsewhere / "m").write_bytes(change(whole))

        return bend

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
    def test_one_flipped_bit_is_noticed(self, fails, bent, share):
        bent(lambda whole: _flipped(whole, int(len(whole) * share)))
        fails(1, "synth", "--model", "m", says="m ")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
    def test_truncated(self, fails, bent, share):
        bent(lambda whole: whole[: int(len(whole) * share)])
        fails(1, "synth", "--model", "m", says="truncated")

    def test_format_of_the_future(self, fails, models, elsewhere):
        header, arrays = checkpoint.read(models / "orders.safetensors")
        checkpoint.write(elsewhere / "m", {**header, "format": checkpoint.FORMAT + 1}, arrays, overwrite=False)
        for arguments in (["info", "m"], ["synth", "--model", "m"]):
            fails(1, *arguments, says=f"m has format {checkpoint.FORMAT + 1}, this ganaug reads up to")

    @pytest.mark.parametrize(
        ("key", "lie"),
        [
            ("classes", []),
            ("classes", [{"label": "no", "count": 1, "dtype": "<U2"}] * 2),
            ("classes", [{"label": label, "count": 1, "dtype": []} for label in ("no", "yes")]),
            ("target", []),
            ("config", {}),
            ("codec", {"columns": [], "categories": {"0": [[], False, "nonsense"]}}),
            ("schema", {}),
        ],
    )
    def test_header_that_lies_under_a_valid_digest(self, fails, models, elsewhere, key, lie):
        header, arrays = checkpoint.read(models / "orders.safetensors")
        checkpoint.write(elsewhere / "m", {**header, key: lie}, arrays, overwrite=False)
        fails(1, "synth", "--model", "m", says="m cannot be used: its header does not describe a model")

    def test_model_that_needs_a_plugin(self, fails, models, elsewhere):
        header, arrays = checkpoint.read(models / "orders.safetensors")
        checkpoint.write(elsewhere / "m", {**header, "schema": {"kind": "nonsense"}}, arrays, overwrite=False)
        fails(2, "synth", "--model", "m", says="no kind is registered as 'nonsense'")

    @pytest.mark.parametrize("lie", [{}, []])
    def test_level_that_lies_under_a_valid_digest(self, fails, models, elsewhere, lie):
        header, arrays = checkpoint.read(models / "orders.safetensors")
        header["codec"]["columns"][2]["levels"][0] = lie
        checkpoint.write(elsewhere / "m", header, arrays, overwrite=False)
        fails(1, "synth", "--model", "m", says="m cannot be used: its header does not describe a model")

    @pytest.mark.parametrize("lie", [{"observed": [[], 3]}, {"scale": [0, False]}, {"observed": [3, 2]}])
    def test_pixel_scale_that_lies_under_a_valid_digest(self, fails, models, elsewhere, lie):
        header, arrays = checkpoint.read(models / "images.safetensors")
        codec = {**header["codec"], **lie}
        checkpoint.write(elsewhere / "m", {**header, "codec": codec}, arrays, overwrite=False)
        fails(1, "synth", "--model", "m", says="m cannot be used")


def _flipped(whole, i):
    return whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :]


class TestCache:
    def synth(self, data, folder, cache, *, steps=3, **faults):
        folder.mkdir()
        arguments = ("synth", "--data", data / "orders.csv", "-n", "2", "--max-steps", steps, "--json", "--out", "out")
        return Child(folder, *arguments, environment={"GANAUG_CACHE_DIR": str(cache)}, **faults)

    def test_a_full_disk_costs_the_cache_only(self, data, elsewhere, tmp_path):
        code, lines = self.synth(data, elsewhere / "a", tmp_path / "cache", limit=2**16).end()
        assert code == 0, lines
        warning = [line for line in lines if line.startswith("warning: the model is not kept for the next time: ")]
        assert len(warning) == 1 and "cannot write" in warning[0] and "File too large" in warning[0]
        assert json.loads((elsewhere / "a" / "out.txt").read_text())["counts"] == {"no": 2, "yes": 2}
        assert not list((tmp_path / "cache").rglob("*.safetensors*"))

    @pytest.mark.filterwarnings("default")
    @pytest.mark.parametrize("place", ["/proc/nowhere", "file", "file/below"])
    def test_unwritable_cache(self, ok, data, elsewhere, monkeypatch, place):
        (elsewhere / "file").touch()
        monkeypatch.delenv("GANAUG_CACHE_DIR")
        monkeypatch.setenv("XDG_CACHE_HOME", str(elsewhere / place))
        _, err = ok("synth", "--data", data / "orders.csv", "-n", 2, *FAST)
        assert "warning: the model is not kept for the next time: " in err
        assert list((elsewhere / "synthetic").rglob("*.csv"))

    @pytest.mark.filterwarnings("default")
    def test_user_without_a_home(self, ok, fails, data, elsewhere, monkeypatch):
        def unknown(uid):
            raise KeyError(uid)

        monkeypatch.setattr("pwd.getpwuid", unknown)
        for name in ("HOME", "XDG_CACHE_HOME", "GANAUG_CACHE_DIR"):
            monkeypatch.delenv(name, raising=False)
        _, err = ok("synth", "--data", data / "orders.csv", "-n", 2, *FAST)
        assert "warning: the model is not kept for the next time: there is no home folder to keep models in" in err
        fails(1, "cache", "list", says="there is no home folder to keep models in; set GANAUG_CACHE_DIR to a folder")
        assert "synth keeps no models: there is no home folder" in ok("doctor", "--json")[0]["remarks"][0]

    def test_two_processes_train_a_model_once(self, data, elsewhere, tmp_path):
        folders = [elsewhere / "a", elsewhere / "b"]
        children = [self.synth(data, folder, tmp_path / "cache", steps=150) for folder in folders]
        codes, said = zip(*(child.end() for child in children), strict=True)
        assert codes == (0, 0), said
        assert len(list((tmp_path / "cache" / "models").iterdir())) == 1
        assert sum("using the model trained before" in line for lines in said for line in lines) == 1
        first, second = (sorted(path.read_bytes() for path in folder.rglob("*.csv")) for folder in folders)
        assert first and first == second

    @pytest.mark.slow
    def test_lock_of_a_killed_process_is_free(self, data, elsewhere, tmp_path):
        cache = tmp_path / "cache"
        child = self.synth(data, elsewhere / "a", cache, steps=300)
        while not list(cache.rglob("*.lock")):
            assert child.process.is_alive()
            time.sleep(0.05)
        child.process.kill()
        child.end()
        code, lines = self.synth(data, elsewhere / "b", cache, steps=300).end()
        assert code == 0, lines
        assert not any("waiting" in line for line in lines)


class TestFolders:
    def test_missing(self, fails):
        fails(2, "train", "gone", "-o", "m", says="there is no file or folder gone")

    @pytest.mark.parametrize("command", ["train", "synth"])
    def test_folder_that_is_read_only(self, fails, data, elsewhere, command, no_training, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: path != elsewhere.resolve())  # root may write anywhere
        source = [data / "orders.csv"] if command == "train" else ["--data", data / "orders.csv"]
        fails(1, command, *source, "-o", "m", says="no permission to write in")

    def test_names_that_would_paint_the_terminal(self, fails, elsewhere):
        line = fails(2, "info", "\x1b[31mred", says=r"\x1b[31mred")
        assert "\x1b" not in line

    def test_name_that_is_not_utf8(self, ok, models, elsewhere):
        (elsewhere / "caf\udce9").write_bytes((models / "orders.safetensors").read_bytes())
        assert r"caf\udce9: table of" in ok("info", "caf\udce9")[0]

    @pytest.mark.parametrize("command", ["synth", "pool", "train", "info", "verify", "merge"])
    @pytest.mark.parametrize("suffix", ["", ".csv"])
    def test_name_of_300_letters(self, fails, data, models, elsewhere, command, suffix):
        long = "n" * 300 + suffix
        model, rows = models / "images.safetensors", data / "orders.csv"
        written = {"synth": ["--model", model], "pool": [model], "train": [rows, "--max-steps", "2"]}
        arguments = (
            [*written[command], "-q", "-o", long]
            if command in written
            else [long, *["-o", "m"][: 2 * (command == "merge")]]
        )
        fails(1, command, *arguments, says="File name too long")

    @pytest.mark.parametrize("kind", ["pipe", "device"])
    def test_data_that_is_no_file(self, fails, elsewhere, kind):
        if kind == "pipe":
            os.mkfifo("d.csv")
        else:
            os.symlink("/dev/zero", "d.csv")
        code, lines = Child(elsewhere, "train", "d.csv", "-o", "m").end()
        assert code == 1
        assert "not a file" in lines[-1]


class TestWhatIsRead:
    """``--overwrite`` is no reason to lose what a command reads, or what is no output of ganaug."""

    def test_is_not_written_over(self, fails, data, models, elsewhere, no_training):
        shutil.copy(data / "orders.csv", "d.csv")
        shutil.copy(models / "images.safetensors", "m.safetensors")
        says = "it is what is read; choose another name"
        fails(1, "train", "d.csv", "-o", "../work/d.csv", "--overwrite", says=says)
        fails(1, "synth", "--data", "d.csv", "-o", "d.csv", "--overwrite", says=says)
        fails(1, "synth", "--balance", "d.csv", "-o", "d.csv", "--overwrite", says=says)
        fails(1, "pool", "m.safetensors", "-o", "m.safetensors", "--overwrite", says=says)

    def test_a_file_that_is_no_output_stays(self, fails, models, elsewhere):
        (elsewhere / "thesis.txt").write_text("irreplaceable")
        command = ("synth", models / "orders.safetensors", "-n", 3, "-o", "thesis.txt", "--overwrite")
        fails(1, *command, says="was not written by ganaug synth")


class TestFullDisk:
    @pytest.mark.parametrize("call", ["mkdir", "write_text"])
    @pytest.mark.parametrize("out", ["o", "o.csv", "o.npz"])
    def test_at_the_start_of_synth(self, fails, models, monkeypatch, call, out):
        real = getattr(Path, call)

        def full(path, *args, **options):
            if ".partial" in str(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return real(path, *args, **options)

        monkeypatch.setattr(Path, call, full)
        said = fails(1, "synth", models / "numbers.safetensors", "-n", 3, "-o", out, "-q", says=f"cannot write {out}")
        assert "No space left on device" in said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("command", ["train", "synth", "pool"])
def test_sigterm_ends_with_a_word_and_leaves_nothing(data, models, elsewhere, command):
    arguments = {
        "train": ["train", data / "orders.csv", "-o", "m", "--max-steps", "1000000000", "--snapshot-every", "never"],
        "synth": ["synth", models / "orders.safetensors", "-n", "1000000000", "--shard-size", "1000000000", "-o", "o.csv"],
        "pool": ["pool", models / "images.safetensors", "-n", "1000000", "-o", "p.pool"],
    }
    process = subprocess.Popen([*GANAUG, *map(str, arguments[command]), "-q"], stderr=subprocess.PIPE, text=True)
    try:
        patience = time.monotonic() + 120
        while not any(
            name.startswith(".") for name in os.listdir(elsewhere)
        ):  # a lock, or a file that is being written
            assert process.poll() is None and time.monotonic() < patience
            time.sleep(0.05)
        time.sleep(0.5)
        process.terminate()
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err.splitlines()[-1]) == (143, "terminated; nothing was written")
    assert "Traceback" not in err
    assert os.listdir(elsewhere) == []


class TestStdout:
    def test_full(self, models):
        with open("/dev/full", "w") as full:
            command = [*GANAUG, "info", models / "orders.safetensors"]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "error: the result cannot be printed: No space left on device\n")

    def test_reader_that_has_gone(self, models):
        reader, writer = os.pipe()
        os.close(reader)
        command = [*GANAUG, "info", models / "orders.safetensors", "--json"]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, "error: the result cannot be printed: Broken pipe\n")


class TestSkipped:
    @pytest.mark.filterwarnings("default")
    def test_files_left_out_are_listed(self, ok, data, elsewhere):
        shutil.copytree(data / "images", "images")
        (elsewhere / "images" / "cat" / "bad.png").write_bytes(b"no image")
        result, err = ok("train", "images", "-o", "m", "--json", *FAST)
        assert result["skipped"] == {"cat/bad.png": err.split("cat/bad.png (")[1].rsplit(")", 1)[0]}
        assert "warning: left out 1 unreadable of 25 images" in err

    def test_strict(self, fails, data, elsewhere, no_training):
        shutil.copytree(data / "images", "images")
        (elsewhere / "images" / "cat" / "bad.png").write_bytes(b"no image")
        fails(1, "train", "images", "-o", "m", "--strict", says="1 files of images cannot be read: cat/bad.png")
