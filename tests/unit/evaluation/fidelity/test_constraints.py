import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.evaluation.fidelity.constraints import as_frame, find_broken_rules, find_new_levels

N = 400


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 10, N).round(2)
    paid, owed = rng.integers(0, 90, N), rng.integers(0, 90, N)
    city = rng.choice(["Oslo", "Bergen", "Lima", "Cusco"], N)
    return pd.DataFrame(
        {
            "start": start,
            "end": start + rng.exponential(2, N),
            "paid": paid,
            "owed": owed,
            "total": paid + owed,
            "city": city,
            "country": np.where(np.isin(city, ["Oslo", "Bergen"]), "Norway", "Peru"),
        }
    )


@pytest.mark.parametrize(
    ("column", "rule"),
    [("end", "start ≤ end"), ("total", "paid + owed = total"), ("country", "city determines country")],
)
def test_a_rule_that_real_rows_keep_is_found_where_synthetic_ones_break_it(frame, column, rule):
    made = frame.copy()
    made[column] = np.random.default_rng(1).permutation(made[column])
    broken = find_broken_rules(frame, made)
    assert rule in {found.text for found in broken}
    worst = broken[0]
    assert worst.made > 0.1 and worst.real <= 0.005


def test_real_rows_break_no_rules_and_few_rows_tell_none(frame):
    assert find_broken_rules(frame[: N // 2], frame[N // 2 :]) == []
    assert find_broken_rules(frame[:50], frame.sample(frac=1, random_state=0).assign(end=-1)) == []


def test_exactly_one_flag_of_a_group():
    levels = np.random.default_rng(0).integers(0, 3, N)
    real = pd.DataFrame(np.eye(3)[levels], columns=list("abc"))
    made = pd.DataFrame(np.random.default_rng(1).integers(0, 2, (N, 3)), columns=list("abc"))
    assert max(rule.made for rule in find_broken_rules(real, made)) == pytest.approx((made.sum(axis=1) != 1).mean())


def test_levels_and_gaps_that_no_real_row_has(frame):
    made = frame.copy()
    made.loc[:3, "city"] = "Atlantis"
    made.loc[:7, "start"] = np.nan
    found = {rule.text: rule.made for rule in find_new_levels(frame, made)}
    assert found == {"start is never missing": 8 / N, "city has no level 'Atlantis'": 4 / N}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, np.ndarray.tolist, pd.DataFrame])
def test_any_container_is_a_frame(container):
    frame = as_frame(container(np.eye(3)))
    assert frame.to_numpy().tolist() == np.eye(3).tolist() and frame.index.tolist() == [0, 1, 2]
