import datetime
import decimal
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers import read

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402


@pytest.fixture
def write(tmp_path):
    def write(columns, **options):
        path = tmp_path / "d.parquet"
        parquet.write_table(pa.table(columns), path, **options)
        return path

    return write


LABELS = ["x", "y", "y"]


def test_frame_comes_back_with_its_dtypes(tmp_path, mixed_frame):
    X, y = mixed_frame
    X = X.drop(columns="note")  # strings as objects come back as strings
    X.assign(outcome=y).to_parquet(tmp_path / "d.parquet")
    dataset = read(tmp_path / "d.parquet")
    pd.testing.assert_frame_equal(dataset.X, X)
    assert dataset.y.tolist() == y.tolist()
    assert dataset.y.name == "outcome"
    assert "'outcome'" in dataset.source


def test_target_by_name(write):
    dataset = read(write({"label": LABELS, "a": [1, 2, 3]}), target="label")
    assert dataset.y.tolist() == LABELS
    assert list(dataset.X.columns) == ["a"]


@pytest.mark.parametrize(
    ("values", "dtype", "first"),
    [
        (pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.25")]), "float64", 1.5),
        (pa.array([datetime.date(2024, 2, 1)] * 3), "datetime64[ms]", pd.Timestamp("2024-02-01")),
        (pa.array(["u", "v", None]).dictionary_encode(), "category", "u"),
        (pa.array([1, None, 3]), "float64", 1.0),
        (pa.array([True, False, True]), "bool", True),
    ],
)
def test_types(write, values, dtype, first):
    column = read(write({"a": values, "label": LABELS})).X["a"]
    assert column.dtype == dtype
    assert column.iloc[0] == first


def test_stored_index_is_left_out_and_said(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "label": LABELS}, index=pd.Index([7, 8, 9], name="id"))
    frame.to_parquet(tmp_path / "d.parquet")
    dataset = read(tmp_path / "d.parquet")
    assert list(dataset.X.columns) == ["a"]
    assert list(dataset.X.index) == [0, 1, 2]
    assert "the index that pandas had stored ('id') is left out" in dataset.remarks


@pytest.mark.parametrize("values", [[[1], [2, 3], []], [{"u": 1}] * 3, [b"1", b"2", b"3"]])
def test_columns_that_are_no_plain_values(write, values):
    with pytest.raises(SchemaError, match="column 'tags' of .* holds .*split it into plain columns"):
        read(write({"tags": values, "label": LABELS}))


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (pa.array(["x", None, "y"]), "1 missing labels"),
        (pa.array([0.5, 1.5, 2.5]), "measured numbers"),
        (pa.array([datetime.datetime(2024, 2, i) for i in (1, 2, 3)]), "dates"),
        (pa.array(["x"] * 3), "one class only"),
    ],
)
def test_targets_that_are_no_classes(write, labels, says):
    with pytest.raises(SchemaError, match=says):
        read(write({"a": [1, 2, 3], "label": labels}))


def test_category_as_target(write):
    assert read(write({"a": [1, 2, 3], "label": pa.array(LABELS).dictionary_encode()})).y.tolist() == LABELS


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
def test_truncated(write, share):
    path = write({"a": np.arange(2000.0), "label": ["x", "y"] * 1000})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SchemaError, match="not a whole Parquet file"):
        read(path)


@pytest.mark.filterwarnings("ignore:.*PyExtensionType:Warning")  # what early versions say of it
def test_pickle_in_the_metadata_is_not_run(tmp_path):
    """Arrow's Python extension types once unpickled what the file's schema carries."""

    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    field = pa.field(
        "a",
        pa.int64(),
        metadata={
            b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": pickle.dumps(Bomb()),
        },
    )
    schema = pa.schema([field, ("label", pa.string())])
    parquet.write_table(pa.table([[1, 2, 3], LABELS], schema=schema), tmp_path / "d.parquet")
    stored = parquet.read_schema(tmp_path / "d.parquet").field("a")
    if isinstance(stored.type, pa.BaseExtensionType):  # early versions know it, and refuse to unpickle
        with pytest.raises(SchemaError, match="cannot read"):
            read(tmp_path / "d.parquet")
    else:
        assert stored.metadata == field.metadata
        assert read(tmp_path / "d.parquet").X["a"].tolist() == [1, 2, 3]
    assert not (tmp_path / "exploded").exists()


def test_without_pyarrow_the_extra_is_named(write):
    path = write({"a": [1, 2, 3], "label": LABELS})
    code = (
        "import sys; sys.modules['pyarrow'] = None; from pathlib import Path; from ganaug.data.readers import read\n"
        "try: read(Path(sys.argv[1]))\nexcept ValueError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True).stdout
    assert "pip install 'ganaug[parquet]'" in said
