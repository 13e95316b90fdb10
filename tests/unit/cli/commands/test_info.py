import pytest


def test_images(ok, models):
    out, err = ok("info", models / "images.safetensors")
    assert "images of 8 × 8, gray, uint8" in out
    assert "classes: cat (10), dog (8), teardrop (6)" in out
    assert "3 steps, objective relativistic, network conv" in out
    assert err == ""


def test_table_as_json(ok, models):
    header, _ = ok("info", models / "orders.safetensors", "--json")
    assert [(entry["label"], entry["count"]) for entry in header["classes"]] == [("no", 30), ("yes", 10)]
    assert header["target"] == "fraud"
    assert [column["name"] for column in header["schema"]["columns"]] == ["amount", "items", "kind"]
    assert header["config"]["max_steps"] == 3
    assert len(header["sha256"]) == 64


@pytest.mark.parametrize(("arguments", "says"), [(["gone"], "there is no file gone"), ([], "Missing argument")])
def test_usage(fails, arguments, says):
    fails(2, "info", *arguments, says=says)


def test_folder(fails, elsewhere):
    (elsewhere / "d").mkdir()
    fails(1, "info", "d", says="cannot read d: Is a directory")


@pytest.mark.parametrize("content", [b"", b"\x10", b"PK\x03\x04", b"\x80\x04.", b"a,b\n1,2\n" * 20, b"\x00" * 100])
def test_other_files(fails, elsewhere, content):
    (elsewhere / "m").write_bytes(content)
    fails(1, "info", "m", says="m ")


def test_cut_anywhere(fails, models, elsewhere):
    whole = (models / "orders.safetensors").read_bytes()
    for share in (0.0005, 0.01, 0.5, 0.999):
        (elsewhere / "m").write_bytes(whole[: int(share * len(whole))])
        fails(1, "info", "m", says="truncated")


@pytest.mark.parametrize("word", [b"schema", b"classes", b"history", b"config", b"versions", b"container", b"label"])
def test_damaged_word_in_the_header(fails, models, elsewhere, word):
    whole = (models / "orders.safetensors").read_bytes()
    quoted = b'\\"' + word + b'\\"'
    assert quoted in whole
    (elsewhere / "m").write_bytes(whole.replace(quoted, b'\\"' + word[:-1] + b'_\\"', 1))
    fails(1, "info", "m", says="m is damaged: its header")


def test_kind_that_nothing_installed_knows_is_named(ok, models, tmp_path):
    from ganaug.core import checkpoint

    header, arrays = checkpoint.read(models / "orders.safetensors")
    header["schema"] = {"kind": "spectra", "bands": 24}
    checkpoint.write(tmp_path / "m", header, arrays, overwrite=False)
    out, _ = ok("info", tmp_path / "m")
    assert "data that nothing installed here knows (no kind is registered as 'spectra'" in out
    assert "classes: no (30), yes (10)" in out
