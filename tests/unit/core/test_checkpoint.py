import json
import pickle
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from ganaug.core import checkpoint
from ganaug.core.errors import CheckpointError, OutputError

HEADER = {"name": "Zellen é", "classes": [1, 2.5, None, True], "nested": {"b": [], "a": {}}}
TENSORS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([True, False]),
    "steps": np.array(3),
    "half": np.float16([0.5]),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.write(path, HEADER, TENSORS, overwrite=False)
    return path


def crafted(path, table, data=b""):
    raw = table if isinstance(table, bytes) else json.dumps(table).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
    return path


def metadata(**header):
    return {"__metadata__": {"ganaug": json.dumps(header)}}


def test_arrays_and_header_come_back_exactly(path):
    header, tensors = checkpoint.read(path)
    assert {name: header[name] for name in HEADER} == HEADER
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        assert np.array_equal(tensors[name], array)
        assert tensors[name].shape == array.shape


def test_non_contiguous_arrays_keep_their_order(tmp_path):
    array = np.arange(12.0).reshape(3, 4).T
    checkpoint.write(tmp_path / "t", {}, {"a": array}, overwrite=False)
    assert np.array_equal(checkpoint.read(tmp_path / "t")[1]["a"], array)


def test_header_alone_equals_the_header_of_the_whole(path):
    assert checkpoint.read_header(path) == checkpoint.read(path)[0]


def test_the_same_content_gives_the_same_bytes_and_digest(path, tmp_path):
    again = tmp_path / "again.safetensors"
    digest = checkpoint.write(again, dict(reversed(HEADER.items())), dict(reversed(TENSORS.items())), overwrite=False)
    assert again.read_bytes() == path.read_bytes()
    assert checkpoint.read_header(path)["sha256"] == digest


@pytest.mark.parametrize("change", ["header", "value", "shape", "dtype", "name"])
def test_digest_tells_different_content_apart(path, tmp_path, change):
    header, tensors = dict(HEADER), dict(TENSORS)
    if change == "header":
        header["name"] = "other"
    if change == "value":
        tensors["w"] = tensors["w"] + 1
    if change == "shape":
        tensors["w"] = tensors["w"].reshape(3, 2)
    if change == "dtype":
        tensors["w"] = tensors["w"].view(np.int32)
    if change == "name":
        tensors["v"] = tensors.pop("w")
    digest = checkpoint.write(tmp_path / "other", header, tensors, overwrite=False)
    assert digest != checkpoint.read_header(path)["sha256"]


@pytest.mark.parametrize("extra", range(0, 300, 8))
def test_every_length_of_header_can_be_read(tmp_path, extra):
    path = tmp_path / "t.safetensors"
    checkpoint.write(path, {"name": "x" * extra}, TENSORS, overwrite=False)
    assert checkpoint.read(path)[0]["name"] == "x" * extra


def test_missing_file(tmp_path):
    with pytest.raises(CheckpointError, match="cannot read .*nothing.*No such file"):
        checkpoint.read(tmp_path / "nothing")


def test_folder_instead_of_file(tmp_path):
    with pytest.raises(CheckpointError, match="directory"):
        checkpoint.read(tmp_path)


def test_empty_file(tmp_path):
    (tmp_path / "e").touch()
    with pytest.raises(CheckpointError, match="is empty"):
        checkpoint.read(tmp_path / "e")


@pytest.mark.parametrize("share", [0.001, 0.01, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999])
def test_truncated_file_is_refused(path, share):
    raw = path.read_bytes()
    path.write_bytes(raw[: max(1, int(len(raw) * share))])
    with pytest.raises(CheckpointError):
        checkpoint.read(path)


def test_file_cut_in_its_weights_says_truncated(path):
    raw = path.read_bytes()
    path.write_bytes(raw[:-1])
    for read in (checkpoint.read, checkpoint.read_header):
        with pytest.raises(CheckpointError, match=f"truncated: {len(raw) - 1} of {len(raw)} bytes"):
            read(path)


def test_file_cut_in_its_header_says_so(path):
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="header is cut"):
        checkpoint.read_header(path)


def test_bytes_after_the_end_are_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.read(path)


def test_every_flipped_bit_is_noticed(path):
    raw = path.read_bytes()
    loaded = []
    for bit in range(0, 8 * len(raw), 3):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            checkpoint.read(path)
        except CheckpointError:
            continue
        loaded.append(bit)
    assert loaded == []


class Bomb:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_never_opened(tmp_path, protocol):
    path, marker = tmp_path / "bomb", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Bomb(marker), protocol))
    with pytest.raises(CheckpointError, match="never loads" if protocol > 1 else "no ganaug checkpoint"):
        checkpoint.read(path)
    assert not marker.exists()


def test_torch_save_is_never_opened(tmp_path):
    path, marker = tmp_path / "bomb.pt", tmp_path / "marker"
    torch.save({"weights": torch.ones(2), "bomb": Bomb(marker)}, path)
    with pytest.raises(CheckpointError, match="torch.save"):
        checkpoint.read(path)
    assert not marker.exists()


def test_newer_format_asks_for_an_upgrade(tmp_path):
    path = crafted(tmp_path / "new", metadata(format=checkpoint.FORMAT + 1, sha256=""))
    for read in (checkpoint.read, checkpoint.read_header):
        with pytest.raises(CheckpointError, match=f"has format {checkpoint.FORMAT + 1}.*upgrade"):
            read(path)


def test_safetensors_of_another_program_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file(TENSORS, tmp_path / "other", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="no ganaug checkpoint"):
        checkpoint.read(tmp_path / "other")


FORMAT_ONE = metadata(format=1, sha256="0" * 64)


@pytest.mark.parametrize(
    "table",
    [
        [],
        [1, 2],
        "text",
        5,
        None,
        {},
        {"__metadata__": 5},
        {"__metadata__": {"ganaug": 5}},
        {"__metadata__": {"ganaug": "{"}},
        {"__metadata__": {"ganaug": "[]"}},
        metadata(),
        metadata(format="1"),
        metadata(format=None),
        FORMAT_ONE,
        {"a": 5, **FORMAT_ONE},
        {"a": {}, **FORMAT_ONE},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": ["0", "x"]}, **FORMAT_ONE},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, None]}, **FORMAT_ONE},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}, **FORMAT_ONE},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, -4]}, **FORMAT_ONE},
        {"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}, **FORMAT_ONE},
        {"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}, **FORMAT_ONE},
        {"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}, **FORMAT_ONE},
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_well_formed_headers_that_are_not_ours(tmp_path, table):
    with pytest.raises(CheckpointError):
        checkpoint.read(crafted(tmp_path / "t", table, b"\0" * 4))


@pytest.mark.parametrize("length", [0, 1, 10**6, 2**31, 2**63, 2**64 - 1])
def test_header_that_claims_another_length(path, length):
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    with pytest.raises(CheckpointError):
        checkpoint.read(path)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_refused(tmp_path_factory, content, framed):
    path = tmp_path_factory.getbasetemp() / "random.bin"
    if framed:
        crafted(path, content, b"\0" * 8)
    else:
        path.write_bytes(content)
    with pytest.raises(CheckpointError):
        checkpoint.read(path)


def test_existing_file_is_not_replaced_unasked(path):
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        checkpoint.write(path, {}, {}, overwrite=False)
    assert path.read_bytes() == before
    checkpoint.write(path, {"name": "new"}, {}, overwrite=True)
    assert checkpoint.read(path)[0]["name"] == "new"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_signed_weights_that_are_not_finite_are_refused(tmp_path, value):
    checkpoint.write(tmp_path / "m", HEADER, {"w": np.array([1.0, value], np.float32)}, overwrite=False)
    with pytest.raises(CheckpointError, match="w holds NaN or infinity; train the model anew"):
        checkpoint.read(tmp_path / "m")
    checkpoint.write(tmp_path / "s", HEADER, {"run.best": np.array([value])}, overwrite=False)
    assert "run.best" in checkpoint.read(tmp_path / "s")[1]  # of a snapshot: no weight
