import json

import pytest

from ganaug.core.schema import Column, ImageSchema, TableSchema


def test_table_describes_itself():
    columns = (
        Column(name="a", kind="numeric", dtype="float64"),
        Column(name=1, kind="category", dtype="str"),
        Column(name="c", kind="numeric", dtype="int8"),
    )
    schema = TableSchema(container="frame", dtype=None, columns=columns)
    assert schema.describe() == "table of 3 columns (2 numeric, 1 category)"
    assert TableSchema(**json.loads(json.dumps(schema.model_dump()))) == schema


@pytest.mark.parametrize(
    ("channels", "dtype", "said"),
    [(1, "|u1", "gray, uint8"), (3, "<f4", "RGB, float32"), (4, "<u2", "RGBA, uint16"), (2, "|b1", "2 channels, bool")],
)
def test_images_describe_themselves(channels, dtype, said):
    schema = ImageSchema(container="array", layout="NHWC", height=8, width=6, channels=channels, dtype=dtype)
    assert schema.describe() == f"images of 8 × 6, {said}"
    assert schema.shape == (channels, 8, 6)
