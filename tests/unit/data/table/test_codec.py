import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.columns import MAX_LEVELS

quick = settings(max_examples=40, deadline=None, derandomize=True)
SMALL = 60


def through_json(codec):
    schema = json.loads(json.dumps(codec.schema.model_dump()))
    return TableCodec.from_json(schema, json.loads(json.dumps(codec.to_json())))


def noise(codec, n=50, size=5.0):
    return np.float32(size) * np.random.default_rng(0).standard_normal((n, *codec.sample_shape), dtype=np.float32)


def decoded(codec, encoded):
    return codec.decode(encoded, np.random.default_rng(1))


def count(series):
    """Dates, durations and integers as exact Python integers; floats as they are; missing values dropped."""
    known = series.dropna()
    if known.dtype.kind == "m":
        return pd.TimedeltaIndex(known).asi8.tolist()
    if known.dtype.kind == "M":
        return pd.DatetimeIndex(known).asi8.tolist()
    return known.tolist()


def check_numbers(series):
    """Round trip of one numeric, date or duration column: exact dtype and missing values, numbers to float32."""
    frame = pd.DataFrame({"x": series})
    codec = TableCodec.fit(frame)
    encoded = codec.encode(frame)
    back = decoded(codec, encoded)["x"]
    assert np.isfinite(encoded).all()
    assert back.dtype == series.dtype
    assert (back.isna().to_numpy() == series.isna().to_numpy()).all()
    given, got = count(series), count(back)
    span = max(given, default=0) - min(given, default=0)
    assert all(abs(a - b) <= 1e-6 * span for a, b in zip(given, got, strict=True))
    check_noise(codec, series)
    assert decoded(through_json(codec), encoded)["x"].equals(back)


def check_noise(codec, series):
    """Whatever a generator makes is decoded to what training could have shown."""
    observed = count(series)
    for size in (1.0, 1e30):
        made = decoded(codec, noise(codec, size=size))["x"]
        assert made.dtype == series.dtype
        assert series.isna().any() or not made.isna().any()
        values = count(made)
        assert all(min(observed) <= value <= max(observed) for value in values)
        if len(set(observed)) <= 50:
            assert set(values) <= set(observed)


def check_levels(series):
    """Round trip of a column of few levels: exact, and noise gives observed levels only."""
    frame = pd.DataFrame({"x": series})
    codec = TableCodec.fit(frame)
    encoded = codec.encode(frame)
    back = decoded(codec, encoded)
    pd.testing.assert_frame_equal(back, frame)
    made = decoded(codec, noise(codec))["x"]
    assert made.dtype == series.dtype
    assert series.isna().any() or not made.isna().any()
    assert set(made.dropna()) <= set(series.dropna())
    pd.testing.assert_frame_equal(decoded(through_json(codec), encoded), back)


def columns_of(elements, **options):
    return st.lists(elements, min_size=1, max_size=SMALL, **options)


@quick
@given(st.data(), st.sampled_from(["float16", "float32", "float64", "Float32", "Float64"]))
def test_floats(data, dtype):
    width = int(dtype[-2:])
    limit = {16: 65024.0, 32: float(np.float32(1e38)), 64: 1e300}[width]
    floats = st.floats(-limit, limit, width=width)
    values = data.draw(columns_of(floats | st.none()))
    check_numbers(pd.Series([np.nan if v is None else v for v in values], dtype=dtype))


INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@quick
@given(st.data(), st.sampled_from(INTEGERS))
def test_integers_up_to_their_limits(data, dtype):
    limits = np.iinfo(dtype)
    values = data.draw(columns_of(st.integers(int(limits.min), int(limits.max))))
    check_numbers(pd.Series(values, dtype=dtype))


@quick
@given(st.data(), st.sampled_from(INTEGERS))
def test_nullable_integers(data, dtype):
    limits = np.iinfo(dtype)
    values = data.draw(columns_of(st.integers(int(limits.min), int(limits.max)) | st.none()))
    check_numbers(pd.Series(values, dtype=dtype.replace("i", "I").replace("u", "U")))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("n_distinct", [20, 400])
def test_neighbours_of_the_largest_integer_are_exact(dtype, n_distinct):
    top = np.iinfo(dtype).max
    check_numbers(pd.Series([top - i for i in range(n_distinct)], dtype=dtype))
    frame = pd.DataFrame({"x": pd.Series([top - i for i in range(n_distinct)], dtype=dtype)})
    codec = TableCodec.fit(frame)
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)


def test_long_identifiers_are_only_ever_observed_ones():
    ids = 10**17 + np.random.default_rng(0).integers(0, 10**17, 30)
    codec = TableCodec.fit(pd.DataFrame({"x": ids}))
    assert set(decoded(codec, noise(codec, 500, 1.0))["x"]) <= set(ids.tolist())


def test_zero_stays_zero_in_a_wide_zero_inflated_integer_column():
    values = np.r_[np.zeros(60, dtype=np.int64), np.random.default_rng(0).integers(-(10**17), 10**17, 90)]
    codec = TableCodec.fit(pd.DataFrame({"x": values}))
    back = decoded(codec, codec.encode(pd.DataFrame({"x": values})))["x"]
    assert ((back == 0) == (values == 0)).all()


@quick
@given(st.data(), st.sampled_from(["s", "ms", "us", "ns"]), st.sampled_from([None, "UTC", "Europe/Berlin"]))
def test_dates(data, unit, zone):
    limit = {"s": 2**35, "ms": 2**45, "us": 2**55, "ns": 2**62}[unit]
    step = data.draw(st.sampled_from([1, 60, 86_400]))
    values = data.draw(columns_of(st.integers(-limit // step, limit // step) | st.none()))
    raw = np.array(["NaT" if v is None else v * step for v in values], dtype=f"M8[{unit}]")
    series = pd.Series(raw)
    check_numbers(series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone))


@quick
@given(columns_of(st.integers(-(2**62), 2**62) | st.none()), st.sampled_from(["s", "ms", "us", "ns"]))
def test_durations(values, unit):
    limit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    raw = np.array(["NaT" if v is None else v // limit for v in values], dtype=f"m8[{unit}]")
    check_numbers(pd.Series(raw))


def test_whole_days_stay_whole_days():
    days = pd.date_range("2020-01-01", periods=200, freq="D").as_unit("ns")
    codec = TableCodec.fit(pd.DataFrame({"x": days}))
    made = decoded(codec, noise(codec, 200, 1.0))["x"]
    assert (made == made.dt.normalize()).all()
    assert made.nunique() > 50


@quick
@given(columns_of(st.text(max_size=5) | st.none()), st.sampled_from(["str", "string", "object"]))
def test_strings(values, dtype):
    check_levels(pd.Series(values, dtype=dtype))


@quick
@given(columns_of(st.booleans() | st.none()), st.sampled_from(["bool", "boolean", "object"]))
def test_booleans(values, dtype):
    known = [value for value in values if value is not None] or [True]
    check_levels(pd.Series(known if dtype == "bool" else values, dtype=dtype))


@quick
@given(
    columns_of(st.none() | st.integers(0, 5)),
    st.sampled_from(
        [
            ["a", "b", "c", "d", "e", "unused"],
            [10, 20, 30, 40, 50, 60],
            [0.5, 1.5, 2.5, 3.5, 4.5, 5.5],
            np.arange(6, dtype=np.int8),
            pd.array(list("abcdef"), dtype="string"),
        ]
    ),
    st.booleans(),
)
def test_declared_categories_keep_their_order_and_dtype(codes, categories, ordered):
    codes = [-1 if code is None else code for code in codes]
    dtype = pd.CategoricalDtype(categories, ordered=ordered)
    series = pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))
    check_levels(series)
    codec = TableCodec.fit(pd.DataFrame({"x": series}))
    assert decoded(codec, noise(codec))["x"].cat.categories.dtype == dtype.categories.dtype


@quick
@given(columns_of(st.integers(-3, 3).map(str) | st.integers(-3, 3) | st.none()))
def test_objects_of_several_types(values):
    series = pd.Series(values, dtype=object)
    codec = TableCodec.fit(pd.DataFrame({"x": series}))
    back = decoded(codec, codec.encode(pd.DataFrame({"x": series})))["x"]
    assert back.dtype == object
    assert [v if not pd.isna(v) else None for v in back] == values
    assert {type(v) for v in back.dropna()} == {type(v) for v in series.dropna()}


@quick
@given(st.data(), st.sampled_from([("float64", 0.0), ("float64", np.nan), ("int64", 0), ("int64", 3), ("bool", False)]))
def test_sparse_columns_of_a_frame(data, kind):
    dtype, fill = kind
    elements = st.booleans() if dtype == "bool" else st.integers(-3, 30)
    values = data.draw(columns_of(elements))
    series = pd.Series(pd.arrays.SparseArray(np.array(values, dtype=dtype), fill_value=fill))
    frame = pd.DataFrame({"x": series})
    codec = TableCodec.fit(frame)
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)
    made = decoded(codec, noise(codec))["x"]
    assert made.dtype == series.dtype
    assert set(made.sparse.to_dense()) <= set(values)
    assert decoded(through_json(codec), codec.encode(frame))["x"].dtype == series.dtype


ONES = [1.0, 2.0, 4.0, 3.0, 1.0, 2.0]
ARRAYS = [np.array([ONES, ONES[::-1], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]]).T.astype(d) for d in ("f2", "f4", "f8")]
ARRAYS += [np.array([ONES, ONES[::-1]]).T.astype(d) for d in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")]
ARRAYS += [
    np.array([["a", "xyz"], ["bb", "x"], ["a", "x"]]),
    np.array([["a", 1, np.nan], ["b", 2, 3.5], ["a", 3, 4.5], ["c", 5, 1.0]], dtype=object),
    np.array([["2020-01-01", "2021-01-01"], ["2020-01-02", "NaT"], ["2020-05-01", "2021-01-02"]], dtype="M8[D]"),
    np.array([[1, 5], [2, 5], [7, 5]], dtype="m8[ns]"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: a.dtype.str)
def test_arrays_keep_dtype_and_values(array):
    codec = TableCodec.fit(array)
    for back in (decoded(codec, codec.encode(array)), decoded(through_json(codec), codec.encode(array))):
        assert type(back) is np.ndarray
        assert back.dtype == array.dtype
        pd.testing.assert_frame_equal(pd.DataFrame(back), pd.DataFrame(array))
    assert decoded(codec, noise(codec)).dtype == array.dtype
    assert decoded(codec, noise(codec)).shape == (50, array.shape[1])


@pytest.mark.parametrize("rows", [[[1, 2], [3, 4], [5, 9]], [[1.5, 2], [3.0, 4], [0, 0]], [["a", "b"], ["c", "b"]]])
def test_lists_stay_lists_of_python_values(rows):
    codec = TableCodec.fit(rows)
    back = decoded(codec, codec.encode(rows))
    assert back == rows
    assert {type(value) for row in back for value in row} == {type(np.array(rows).tolist()[0][0])}


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "?"])
def test_sparse_matrices_keep_format_dtype_and_values(container, dtype):
    dense = np.random.default_rng(0).integers(0, 4, (30, 4)) * np.random.default_rng(1).integers(0, 2, (30, 4))
    matrix = container(dense.astype(dtype))
    codec = TableCodec.fit(matrix)
    back = decoded(through_json(codec), codec.encode(matrix))
    assert type(back) is container
    assert back.dtype == matrix.dtype
    assert back.nnz == matrix.nnz
    assert (back.toarray() == matrix.toarray()).all()


@pytest.fixture
def mixed():
    rng = np.random.default_rng(0)
    n = 80
    return pd.DataFrame(
        {
            "price": rng.integers(100, 900, n) / 100,
            "age": rng.integers(18, 90, n).astype(np.int8),
            "visits": pd.array([None, *rng.integers(0, 500, n - 1)], dtype="Int64"),
            "member": rng.random(n) < 0.5,
            "country": pd.Categorical(rng.choice(["de", "fr"], n), categories=["fr", "de", "it"]),
            "note": rng.choice(["x", "y", None], n),
            "since": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "same": 7,
            "spent": np.where(rng.random(n) < 0.5, 0.0, rng.lognormal(size=n)),
            3: rng.normal(size=n).astype(np.float32),
        }
    )


def test_frame_of_everything(mixed):
    codec = TableCodec.fit(mixed)
    made = decoded(codec, noise(codec, 500, 1.0))
    assert made.columns.tolist() == mixed.columns.tolist()
    assert made.dtypes.tolist() == mixed.dtypes.tolist()
    assert made.index.tolist() == list(range(500))
    assert (made["same"] == 7).all()
    assert np.allclose(made["price"] * 100, (made["price"] * 100).round(), atol=1e-9)
    assert (made["price"].min(), made["price"].max()) == (mixed["price"].min(), mixed["price"].max())
    assert 0 < made["visits"].isna().mean() < 1
    assert (made["spent"] == 0).mean() > 0.2
    assert made["spent"].nunique() > 20
    kinds = [column.kind for column in codec.schema.columns]
    assert kinds == "numeric numeric numeric category category category datetime constant numeric numeric".split()


def test_spans_tile_the_row_and_one_hot_parts_are_one_hot(mixed):
    codec = TableCodec.fit(mixed)
    encoded = codec.encode(mixed)
    assert encoded.dtype == np.float32
    assert encoded.shape == (len(mixed), *codec.sample_shape)
    assert [span.start for span in codec.spans] == [0, *np.cumsum([span.dim for span in codec.spans])[:-1]]
    assert sum(span.dim for span in codec.spans) == codec.sample_shape[0]
    for start, dim, activation, _ in codec.spans:
        part = encoded[:, start : start + dim]
        if activation == "softmax":
            assert set(np.unique(part)) == {0, 1}
            assert (part.sum(1) == 1).all()
        else:
            assert dim == 1
            assert abs(part.mean()) < 3
            assert part.std() < 3


def test_rows_can_be_encoded_by_themselves(mixed):
    codec = TableCodec.fit(mixed)
    assert np.array_equal(codec.encode(mixed.iloc[5:9]), codec.encode(mixed)[5:9])


def test_repeated_column_names_are_kept():
    frame = pd.DataFrame([[1, 2.5], [3, 4.5], [5, 6.5]], columns=["a", "a"])
    codec = TableCodec.fit(frame)
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)


CONSTANTS = {
    "number": [1.5] * 4,
    "big": np.array([2**63 - 1] * 4),
    "text": ["x"] * 4,
    "bool": [True] * 4,
    "date": pd.to_datetime(["2020-02-03"] * 4),
    "zoned": pd.to_datetime(["2020-02-03"] * 4).tz_localize("Europe/Berlin"),
    "duration": pd.to_timedelta([5] * 4, unit="ns"),
    "category": pd.Categorical(["x"] * 4, categories=["x", "y"]),
    "nothing": [None] * 4,
    "nan": [np.nan] * 4,
    "nat": pd.to_datetime([None] * 4),
    "no duration": pd.to_timedelta([None] * 4),
    "zoned nat": pd.to_datetime([None] * 4).tz_localize("Europe/Berlin"),
    "na": pd.array([None] * 4, dtype="Int64"),
    "no category": pd.Categorical([None] * 4),
    "no string": pd.array([None] * 4, dtype="string"),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constant_and_all_missing_columns_take_no_room_and_come_back(name):
    frame = pd.DataFrame({"x": CONSTANTS[name]})
    for codec in (TableCodec.fit(frame), through_json(TableCodec.fit(frame))):
        assert codec.sample_shape == (0,)
        assert codec.schema.columns[0].kind == "constant"
        pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)


def test_dominant_value_is_a_state_of_its_own():
    values = np.r_[np.zeros(60), np.random.default_rng(0).lognormal(size=60)]
    codec = TableCodec.fit(values[:, None])
    assert [(span.dim, span.activation) for span in codec.spans] == [(1, "identity"), (2, "softmax")]
    back = decoded(codec, codec.encode(values[:, None]))[:, 0]
    assert ((back == 0) == (values == 0)).all()


def test_rare_levels_share_a_place_and_come_back_by_frequency():
    common = [f"c{i}" for i in range(MAX_LEVELS - 1)] * 10
    frame = pd.DataFrame({"x": [*common, *["rare"] * 6, *["rarer"] * 2, *[f"single{i}" for i in range(2)]]})
    codec = TableCodec.fit(frame)
    assert codec.sample_shape == (MAX_LEVELS,)
    back = decoded(codec, codec.encode(frame))["x"]
    is_common = frame["x"].isin(common)
    assert (back[is_common] == frame["x"][is_common]).all()
    assert set(back[~is_common]) <= set(frame["x"][~is_common])
    last = np.zeros((4000, MAX_LEVELS), dtype=np.float32)
    last[:, -1] = 1
    shares = decoded(codec, last)["x"].value_counts(normalize=True)
    assert shares["rare"] == pytest.approx(0.6, abs=0.05)
    assert shares["single1"] == pytest.approx(0.1, abs=0.03)
    assert decoded(through_json(codec), last)["x"].equals(decoded(codec, last)["x"])


def test_exactly_the_most_levels_have_a_place_each():
    frame = pd.DataFrame({"x": [f"l{i}" for i in range(MAX_LEVELS)]})
    codec = TableCodec.fit(frame)
    assert codec.sample_shape == (MAX_LEVELS,)
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)


def test_decode_is_repeatable_and_leaves_global_randomness_alone():
    frame = pd.DataFrame({"x": [f"l{i}" for i in range(150)]})
    codec = TableCodec.fit(frame)
    before = np.random.get_state()[1].copy()
    assert decoded(codec, noise(codec)).equals(decoded(codec, noise(codec)))
    assert np.array_equal(before, np.random.get_state()[1])


ERRORS = {
    "infinity": (np.array([[1.0], [np.inf], [2.0]]), "infinity in column 0"),
    "infinity in a frame": (pd.DataFrame({"a": [1.0, -np.inf, 2.0]}), "infinity in column 'a'"),
    "complex": (np.array([[1 + 2j], [3.0]]), "Complex data not supported: column 0"),
    "ragged": ([[1, 2], [3]], "ragged"),
    "one axis": (np.arange(3.0), "shape .n_samples, n_features.*got shape .3,"),
    "no rows": (np.empty((0, 3)), "got shape .0, 3"),
    "no columns": (np.empty((3, 0)), "got shape .3, 0"),
    "empty frame": (pd.DataFrame({"a": []}), "frame of shape .0, 1"),
    "lists in cells": (pd.DataFrame({"a": [[1], [2]]}), "column 'a' holds values that cannot be compared"),
    "dicts in cells": (pd.DataFrame({"a": [{}, {"x": 1}]}), "column 'a' holds values that cannot be compared"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_data_that_cannot_be_learnt_are_refused(name):
    X, message = ERRORS[name]
    with pytest.raises(SchemaError, match=message):
        TableCodec.fit(X)


@pytest.mark.parametrize(
    ("fitted", "other", "message"),
    [
        (["a", "b", "a"], ["a", "c", "a"], "column 'x' has a value that was not seen in training: 'c'"),
        (["a", "b", "a"], ["a", None, "a"], "column 'x' has a value that was not seen in training"),
        ([1.0, 2.0, 3.0], [1.0, np.nan, 3.0], "column 'x' has missing values, but had none in training"),
        ([1.0, 2.0, 3.0], [1.0, np.inf, 3.0], "infinity in column 'x'"),
    ],
)
def test_values_that_training_did_not_show_are_refused(fitted, other, message):
    codec = TableCodec.fit(pd.DataFrame({"x": fitted}))
    with pytest.raises(SchemaError, match=message):
        codec.encode(pd.DataFrame({"x": other}))


def test_another_number_of_columns_is_refused():
    codec = TableCodec.fit(np.eye(3))
    with pytest.raises(SchemaError, match="expected 3 columns, got 2"):
        codec.encode(np.eye(2))


@pytest.mark.parametrize(
    "values",
    [
        pd.Categorical([pd.Interval(0, 1), pd.Interval(1, 2)] * 2),
        pd.Series([pd.Timestamp("2020"), "x"] * 2, dtype=object),
        pd.Series([b"a", b"b"] * 2, dtype=object),
    ],
)
def test_levels_that_json_cannot_hold_work_but_are_not_saved(values):
    frame = pd.DataFrame({"x": values})
    codec = TableCodec.fit(frame)
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)
    with pytest.raises(SchemaError, match="column 'x' has values of type .*use strings"):
        codec.to_json()


def test_dtypes_of_pyarrow():
    pa = pytest.importorskip("pyarrow")
    n = 40
    prices = [Decimal(k).scaleb(-2) for k in range(n)]
    frame = pd.DataFrame(
        {
            "price": pd.Series(prices, dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
            "kind": pd.Series(["a", "b"] * 20, dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))),
            "wait": pd.Series(pd.to_timedelta(range(n), unit="s"), dtype=pd.ArrowDtype(pa.duration("s"))),
            "day": pd.Series(pd.date_range("2024", periods=n).date, dtype=pd.ArrowDtype(pa.date32())),
        }
    )
    codec = through_json(TableCodec.fit(frame))
    pd.testing.assert_frame_equal(decoded(codec, codec.encode(frame)), frame)
    assert decoded(codec, noise(codec)).dtypes.tolist() == frame.dtypes.tolist()
    nested = (pa.list_(pa.int64()), [[1], [2]] * 20), (pa.struct([("a", pa.int64())]), [{"a": 1}, {"a": 2}] * 20)
    for dtype, values in nested:
        with pytest.raises(SchemaError, match="column 'x' has the dtype .* cannot be learnt and given back"):
            TableCodec.fit(pd.DataFrame({"x": pd.Series(values, dtype=pd.ArrowDtype(dtype))}))


def test_missing_texts_of_a_newer_pandas_stay_missing():
    X = pd.DataFrame({"a": ["x", None, "y", "x"] * 5, "b": range(20)})
    codec = TableCodec.fit(X)
    schema = codec.schema.model_dump()
    schema["columns"][0]["dtype"] = "str"  # as pandas 3 calls it; earlier ones turn None into "None" by that name
    back = TableCodec.from_json(schema, codec.to_json()).decode(codec.encode(X), np.random.default_rng(0))
    assert back["a"].isna().tolist() == X["a"].isna().tolist()
    assert back["a"].dropna().tolist() == X["a"].dropna().tolist()
