from ganaug.core.container import CHECKPOINT, POOL, canonical, is_named


def test_equal_values_give_the_same_text():
    assert canonical({"b": [1, 2.5], "a": "é"}) == canonical({"a": "é", "b": [1, 2.5]}) == '{"a":"é","b":[1,2.5]}'


def test_a_container_is_told_by_its_name_and_other_files_are_none(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b'12345678{"__metadata__":{"ganaug":"{}"}}')
    assert is_named(path, CHECKPOINT)
    assert not is_named(path, POOL)
    path.write_bytes(b"")
    assert not is_named(path, CHECKPOINT)
    assert not is_named(tmp_path / "missing", CHECKPOINT)
    assert not is_named(tmp_path, CHECKPOINT)
