import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers import npz, read


@pytest.mark.parametrize("samples", ["images", "X", "x", "data"])
@pytest.mark.parametrize("labels", ["labels", "y", "target"])
def test_names(tmp_path, samples, labels):
    X, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 1, 0])
    np.savez(tmp_path / "d.npz", **{samples: X, labels: y, "other": np.zeros(2)})
    dataset = read(tmp_path / "d.npz")
    np.testing.assert_array_equal(dataset.X, X)
    np.testing.assert_array_equal(dataset.y, y)
    assert dataset.X.dtype == X.dtype


def test_class_names_name_integer_labels(tmp_path):
    np.savez(tmp_path / "d.npz", X=np.eye(3), y=[1, 0, 1], class_names=np.array(["cat", "dog"]))
    assert read(tmp_path / "d.npz").y.tolist() == ["dog", "cat", "dog"]


@pytest.mark.parametrize("y", [[1, 2, 1], [-1, 0, 1]])
def test_class_names_that_do_not_fit_the_labels_are_not_used(tmp_path, y):
    np.savez(tmp_path / "d.npz", X=np.eye(3), y=y, class_names=np.array(["cat", "dog"]))
    assert read(tmp_path / "d.npz").y.tolist() == y


def test_pickled_objects_are_refused(tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    np.savez(tmp_path / "d.npz", X=np.eye(1), y=np.array([Bomb()], dtype=object))
    with pytest.raises(SchemaError, match="plain arrays"):
        read(tmp_path / "d.npz")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_truncated(tmp_path, share):
    np.savez_compressed(tmp_path / "d.npz", X=np.random.default_rng(0).normal(size=(50, 4)), y=np.zeros(50))
    whole = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SchemaError, match="d.npz"):
        read(tmp_path / "d.npz")


def test_any_damaged_byte_is_a_schema_error_or_harmless(tmp_path):
    np.savez_compressed(tmp_path / "d.npz", X=np.eye(3), y=[0, 1, 1])
    whole = (tmp_path / "d.npz").read_bytes()
    refused = 0
    for i in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[i] ^= 0x21
        (tmp_path / "d.npz").write_bytes(damaged)
        try:
            read(tmp_path / "d.npz")
        except SchemaError:
            refused += 1
    assert refused > 20


def test_single_array_under_the_wrong_suffix(tmp_path):
    with (tmp_path / "d.npz").open("wb") as handle:
        np.save(handle, np.eye(3))
    with pytest.raises(SchemaError, match="not a whole .npz"):
        read(tmp_path / "d.npz")


@pytest.mark.parametrize(("arrays", "missing"), [({"y": [0]}, "images, X"), ({"X": [[0]]}, "labels, y"), ({}, "")])
def test_missing_arrays_are_named(tmp_path, arrays, missing):
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(SchemaError, match=f"none of the arrays {missing}.*it has {''.join(arrays) or 'nothing'}"):
        read(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.eye(3), np.zeros(2)),
        (np.eye(3), np.zeros((3, 1))),
        (np.array(3), np.zeros(1)),
        (np.zeros((0, 8, 8)), np.zeros(0, dtype=int)),
    ],
)
def test_samples_and_labels_that_do_not_pair(tmp_path, X, y):
    np.savez(tmp_path / "d.npz", X=X, y=y, class_names=np.array(["cat"]))
    with pytest.raises(SchemaError, match="expected one label a sample"):
        read(tmp_path / "d.npz")


def test_missing_labels(tmp_path):
    np.savez(tmp_path / "d.npz", X=np.eye(3), y=[0, np.nan, 1])
    with pytest.raises(SchemaError, match="1 missing labels"):
        read(tmp_path / "d.npz")


def _archive(path, shape, n_bytes, labels, dtype="u1"):
    """Write an archive whose samples are zeros, as many as it says or fewer."""
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("images.npy", "w") as member:
            np.lib.format.write_array_header_1_0(member, header)
            for _ in range(n_bytes // 2**20):
                member.write(bytes(2**20))
        with archive.open("labels.npy", "w") as member:
            np.lib.format.write_array(member, np.asarray(labels))
    return path


class TestBombs:
    """What cannot be used is not unpacked."""

    @pytest.fixture(autouse=True)
    def small(self):
        tracemalloc.start()
        yield
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20e6

    def test_lengths_that_differ(self, tmp_path):
        path = _archive(tmp_path / "d.npz", (2**20, 64), 2**26, [0] * 10)
        with pytest.raises(SchemaError, match="one label a sample"):
            read(path)

    def test_a_shape_that_asks_for_more_than_is_there(self, tmp_path):
        path = _archive(tmp_path / "d.npz", (10, 10**12), 2**20, [0] * 10)
        with pytest.raises(SchemaError, match="is cut"):
            read(path)

    def test_more_than_the_free_memory(self, tmp_path, monkeypatch):
        monkeypatch.setattr(npz, "free_memory", lambda: 2**25)
        path = _archive(tmp_path / "d.npz", (16, 2**22), 2**26, [0, 1] * 8)
        with pytest.raises(SchemaError, match=r"unpacks to 0\.1 GB; 0\.0 GB of memory are free"):
            read(path)
