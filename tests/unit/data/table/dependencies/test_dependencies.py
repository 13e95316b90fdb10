import json

import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.core.errors import SchemaError
from ganaug.data.table import dependencies
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.dependencies.evidence import MAX_COLUMNS

N = 600


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 12, N)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, N), "D")
    end = pd.Series(start + pd.to_timedelta(rng.integers(0, 300, N), "D"))
    hot = np.eye(3, dtype=int)[rng.integers(0, 3, N)]
    low = rng.normal(50, 10, N).round(1)
    frame = pd.DataFrame(
        {
            "education": np.array([f"level {k}" for k in range(12)])[level],
            "education_num": level,
            "start": start,
            "end": end.where(rng.random(N) < 0.8),
            "red": hot[:, 0],
            "size": rng.normal(size=N).round(2),
            "green": hot[:, 1],
            "blue": hot[:, 2],
            "low": low,
            "high": (low + rng.exponential(5, N)).round(1),
        }
    )
    frame.loc[0, ["low", "high"]] = [60.0, 55.0]  # data have errors
    return frame


def shares_that_hold(made, frame):
    usual = dict(zip(frame.education, frame.education_num, strict=True))
    known = made.end.notna()
    return {
        "functional": (made.education.map(usual) == made.education_num).mean(),
        "one-hot": (made[["red", "green", "blue"]].sum(axis=1) == 1).mean(),
        "dates": (made.start <= made.end)[known].mean(),
        "numbers": (made.low <= made.high).mean(),
    }


@pytest.mark.parametrize("quantiles", [False, True])
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_whatever_is_decoded_keeps_them(frame, quantiles, size):
    codec = TableCodec.fit(frame, quantiles=quantiles, dependencies=True)
    noise = size * np.random.default_rng(1).normal(size=(500, *codec.sample_shape)).astype(np.float32)
    made = codec.decode(noise, np.random.default_rng(2))
    assert set(shares_that_hold(made, frame).values()) == {1.0}
    assert (made.dtypes == frame.dtypes).all()
    for name in ("start", "end", "low", "high", "education_num"):
        assert made[name].min() >= frame[name].min() and made[name].max() <= frame[name].max()


def test_without_looking_they_are_broken(frame):
    codec = TableCodec.fit(frame)
    noise = np.random.default_rng(1).normal(size=(500, *codec.sample_shape)).astype(np.float32)
    assert max(shares_that_hold(codec.decode(noise, np.random.default_rng(2)), frame).values()) < 0.9


@pytest.mark.parametrize("quantiles", [False, True])
def test_real_rows_come_back(frame, quantiles):
    codec = TableCodec.fit(frame, quantiles=quantiles, dependencies=True)
    state = json.loads(json.dumps([codec.schema.model_dump(), codec.to_json()]))
    again = TableCodec.from_json(*state)
    encoded = codec.encode(frame)
    back = again.decode(encoded, np.random.default_rng(0))
    pd.testing.assert_frame_equal(back.iloc[1:], frame.iloc[1:], rtol=1e-5)
    assert len(codec.entries) == encoded.shape[1]


def test_over_sampled_and_trained_rows_keep_them(frame):
    y = np.repeat([0, 1], [N - 60, 60])
    X, y_new = ganaug.GANOverSampler(random_state=0, config={"max_steps": 20}).fit_resample(frame, y)
    assert min(shares_that_hold(X.iloc[N:], frame).values()) == 1
    gan = ganaug.train(frame, y, max_steps=5, random_state=0)
    assert min(shares_that_hold(gan.sample(300, label=1, random_state=0), frame).values()) == 1


def found(frame):
    return dependencies.find_dependencies([frame[name] for name in frame])


def test_independent_columns_have_none():
    rng = np.random.default_rng(0)
    for n in (5, 30, 300):
        numbers = pd.DataFrame(rng.normal(size=(n, 5)).round(1))
        levels = pd.DataFrame(rng.choice(list("abcdefgh"), (n, 4)), columns=list("wxyz"))
        binary = pd.DataFrame((rng.random((n, 4)) < 0.1).astype(int), columns=list("stuv"))
        assert found(pd.concat([numbers, levels, binary], axis=1)) == []


def test_a_rare_flag_is_not_taken_for_determined():
    rng = np.random.default_rng(0)
    flag = np.zeros(2000, dtype=int)
    flag[:6] = 1  # 99.7 % of the rows agree with any other column
    assert found(pd.DataFrame({"city": rng.choice(list("abcd"), 2000), "flag": flag})) == []


def test_numbers_that_never_meet_are_left_alone():
    rng = np.random.default_rng(0)
    assert found(pd.DataFrame({"age": rng.normal(40, 5, 500), "income": rng.normal(30_000, 5_000, 500)})) == []


@pytest.fixture(scope="module")
def bills():
    rng = np.random.default_rng(0)
    married, male = rng.random(N) < 0.5, rng.random(N) < 0.6
    single = rng.choice(["own child", "not in family"], N)
    parts = rng.gamma(2, 50, (N, 3)).round(2)
    return pd.DataFrame(
        {
            "sex": np.where(male, "male", "female"),
            "relationship": np.where(married, np.where(male, "husband", "wife"), single),
            "status": pd.Categorical(np.where(married, "married", rng.choice(["never", "widowed"], N))),
            "net": parts[:, 0],
            "tax": parts[:, 1],
            "gross": parts[:, :2].sum(axis=1).round(2),
            "shipping": parts[:, 2],
            "total": parts.sum(axis=1).round(2),
            "n_a": rng.integers(0, 9, N),
            "n_b": rng.integers(0, 9, N),
        }
    ).assign(n=lambda d: d.n_a + d.n_b)


@pytest.mark.parametrize("quantiles", [False, True])
def test_sums_and_exclusions_hold_in_whatever_is_decoded(bills, quantiles):
    codec = TableCodec.fit(bills, quantiles=quantiles, dependencies=True)
    state = json.loads(json.dumps([codec.schema.model_dump(), codec.to_json()]))
    noise = np.random.default_rng(1).normal(size=(2000, *codec.sample_shape)).astype(np.float32)
    made = TableCodec.from_json(*state).decode(noise, np.random.default_rng(2))
    assert (made.dtypes == bills.dtypes).all()
    np.testing.assert_allclose(made.net + made.tax, made.gross, atol=0.011)
    np.testing.assert_allclose(made.net + made.tax + made.shipping, made.total, atol=0.021)
    assert (made.n_a + made.n_b == made.n).all()
    real = set(bills[["sex", "relationship", "status"]].itertuples(index=False, name=None))
    assert set(made[["sex", "relationship", "status"]].itertuples(index=False, name=None)) == real
    pd.testing.assert_frame_equal(codec.decode(codec.encode(bills), np.random.default_rng(0)), bills, rtol=1e-3)


def test_a_sum_of_columns_that_are_nearly_constant_is_not_one():
    rng = np.random.default_rng(0)
    rare = pd.DataFrame({name: np.where(np.arange(500) < 3, rng.integers(1, 9, 500), 0) for name in "ab"})
    assert found(rare.assign(c=rare.a + rare.b)) == []


def test_too_many_columns_are_said(caplog):
    X = np.random.default_rng(0).normal(size=(50, MAX_COLUMNS + 1))
    assert found(pd.DataFrame(X)) == []
    assert "not looked for" in caplog.text


@pytest.mark.parametrize("spoil", ["column", "by", "drop"])
def test_hostile_states_are_refused(frame, spoil):
    codec = TableCodec.fit(frame, dependencies=True)
    schema, state = json.loads(json.dumps([codec.schema.model_dump(), codec.to_json()]))
    functional = next(one for one in state["dependencies"] if one["kind"] == "functional")
    if spoil == "drop":
        state["dependencies"].remove(functional)
    else:
        functional[spoil] = 99
    with pytest.raises(SchemaError, match="do not fit"):
        TableCodec.from_json(schema, state)
