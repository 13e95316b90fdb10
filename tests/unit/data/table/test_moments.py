import datetime
import json

import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.moments import read_moments


def through_json(codec):
    schema = json.loads(json.dumps(codec.schema.model_dump()))
    return TableCodec.from_json(schema, json.loads(json.dumps(codec.to_json())))


def noise(codec, n=50, size=5.0):
    return np.float32(size) * np.random.default_rng(0).standard_normal((n, *codec.sample_shape), dtype=np.float32)


def decoded(codec, encoded):
    return codec.decode(encoded, np.random.default_rng(1))


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-31", "2024-02-29", None, "1999-12-31"],
        ["2024-01-31 08:30", "2024-02-29 23:59", "1999-12-31 00:00"],
        ["2024-01-31T08:30:01Z", "2024-02-29T23:59:59Z", "1999-12-31T00:00:00Z"],
        ["2024-01-31 08:30:01.125+02:00", "2024-02-29 23:59:59.000+02:00", "1999-12-31 00:00:00.500+02:00"],
        ["2024-01-31 08:30:01.1234567", "2024-02-29 23:59:59.0000001", "1999-12-31 00:00:00.5000000"],
        [datetime.date(2024, 1, 31), None, datetime.date(9999, 12, 31), datetime.date(1, 1, 1)],
    ],
)
@pytest.mark.parametrize("container", ["object", "str", "array"])
def test_dates_that_are_text_or_objects_are_learnt_as_dates(values, container):
    if container == "str" and not isinstance(values[0], str):
        return
    values = values * 15
    frame = pd.DataFrame({"x": pd.Series(values, dtype="str" if container == "str" else object)})
    X = frame if container != "array" else frame.to_numpy()
    codec = through_json(TableCodec.fit(X))
    assert codec.schema.columns[0].kind == "datetime"
    back = decoded(codec, codec.encode(X))
    if container == "array":
        assert [None if pd.isna(value) else value for value in back[:, 0]] == values
    else:
        pd.testing.assert_frame_equal(back, frame)
    made = decoded(codec, noise(codec, size=0.3))
    shown = made["x"] if container != "array" else pd.Series(made[:, 0])
    assert {type(value) for value in shown.dropna()} == {type(values[0])}
    assert shown.dropna().map(lambda value: len(str(value))).nunique() == 1


def test_dates_between_those_that_were_seen_are_made():
    days = pd.date_range("2024-01-01", periods=365).strftime("%Y-%m-%d").to_series()
    codec = TableCodec.fit(pd.DataFrame({"day": days[::3].to_numpy()}))
    made = decoded(codec, noise(codec, n=500, size=1))["day"]
    assert made.isin(days).all() and made.between(days.iloc[0], days.iloc[-1]).all()
    assert not made.isin(days[::3]).all() or (len(days[::3]) and codec.columns[0].unit > 1)


@pytest.mark.parametrize(
    "values", [["2024-02-30"], ["2024-01-31", "31.01.2024"], ["2024-01-31", "2024-01-31 10:00"], ["0000-00-00"]]
)
def test_text_that_only_resembles_dates_stays_text(values):
    codec = TableCodec.fit(pd.DataFrame({"x": [*values, "2024-01-01"] * 3}))
    assert codec.schema.columns[0].kind == "category"


def test_a_date_written_otherwise_than_in_training_is_refused():
    codec = TableCodec.fit(pd.DataFrame({"x": ["2024-01-31", "2024-02-01", "2024-02-03"]}))
    with pytest.raises(SchemaError, match="column 'x' holds dates that are not all written as in training"):
        codec.encode(pd.DataFrame({"x": ["31.01.2024"]}))


def test_two_frames_are_compared_by_moments_where_both_write_them_alike():
    real = pd.DataFrame({"a": ["2024-01-31", None], "b": ["2024-01-31", "2024-02-01"], "c": [1, 2]})
    made = pd.DataFrame({"a": ["2024-02-29", "2024-02-01"], "b": ["31.01.2024", "?"], "c": [1, 2]})
    kinds = [[column.dtype.kind for _, column in frame.items()] for frame in read_moments(real, made)]
    assert [kind[0] for kind in kinds] == ["M", "M"] and [kind[2] for kind in kinds] == ["i", "i"]
    assert all(kind[1] in "OU" or kind[1] != "M" for kind in kinds)
    assert real["a"][0] == "2024-01-31"
