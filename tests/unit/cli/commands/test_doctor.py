import sys
from importlib.metadata import version

import pytest


def test_healthy_installation(ok):
    report, err = ok("doctor", "--json")
    assert report["problems"] == []
    assert report["versions"]["torch"] == version("torch")
    assert report["machine"]["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert report["devices"]["cpu"]
    assert report["cache"]["writable"] is True
    assert report["trial"]["training"].startswith("works, on ")


def test_for_people(ok, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    out, _ = ok("doctor")
    assert all(word in out for word in ("torch", "threads", "GB free", "Nothing is broken."))
    assert str(tmp_path) not in out  # the user's name is in it
    assert "  folder: ~/cache" in out


@pytest.mark.parametrize("module", ["torchvision", "imblearn", "torch"])
def test_package_that_cannot_be_imported(cli, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = cli("doctor")
    name = {"imblearn": "imbalanced-learn"}.get(module, module)
    assert code == 1
    assert f"problem: {name} cannot be imported (ModuleNotFoundError" in out
    assert "install it again" in out
    assert "Traceback" not in err


def test_missing_extra_is_a_remark(ok, monkeypatch):
    from importlib import metadata

    real = metadata.version

    def without(name):
        if name == "pyarrow":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", without)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    report, _ = ok("doctor", "--json")
    assert report["problems"] == []
    assert "pip install 'ganaug[parquet]'" in report["remarks"][0]


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/ganaug"])
def test_cache_that_cannot_be_written(ok, monkeypatch, elsewhere, place):
    (elsewhere / "file").touch()
    monkeypatch.setenv("GANAUG_CACHE_DIR", place)
    report, _ = ok("doctor", "--json")
    assert report["cache"]["writable"] is False
    assert "set GANAUG_CACHE_DIR to another folder" in report["remarks"][0]


def test_training_that_fails(cli, no_training):
    code, out, _ = cli("doctor")
    assert code == 1
    assert "problem: a training of three steps fails (AssertionError: trained)" in out


def test_cache_folder_counts_its_models(ok, tmp_path):
    (tmp_path / "cache" / "models").mkdir(parents=True)
    (tmp_path / "cache" / "models" / "a.safetensors").write_bytes(bytes(2_000_000))
    assert "models: 1, 2.0 MB" in ok("doctor")[0]
