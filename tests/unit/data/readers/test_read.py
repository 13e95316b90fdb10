import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers import bundled_digits, read


def test_unknown_suffix_lists_what_can_be_read(tmp_path):
    for name in ("d.xlsx", "none"):
        (tmp_path / name).touch()
        with pytest.raises(SchemaError, match=r"\.csv, folders, .*\.npz, .*\.parquet, .*\.tsv"):
            read(tmp_path / name)


def test_suffix_may_be_upper_case(tmp_path, table):
    assert read(table(tmp_path / "D.CSV", "a,label\n1,x\n2,y\n")).y.tolist() == ["x", "y"]


def test_missing_path(tmp_path):
    with pytest.raises(SchemaError, match="no file or folder .*gone"):
        read(tmp_path / "gone")


def test_option_of_another_format(tmp_path, folder, table):
    path = table(tmp_path / "d.csv", "a,label\n1,x\n")
    with pytest.raises(SchemaError, match="image_size has no meaning"):
        read(path, image_size=(8, 8))
    with pytest.raises(SchemaError, match="target has no meaning"):
        read(folder, target="label")


def test_bundled_digits():
    digits = bundled_digits()
    assert digits.X.shape == (1797, 8, 8)
    assert sorted(set(digits.y.tolist())) == list(range(10))
    assert "digits" in digits.source
