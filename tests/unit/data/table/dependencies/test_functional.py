import numpy as np
import pandas as pd

from ganaug.data.table.dependencies.functional import find_functional

RNG = np.random.default_rng(0)
CITY = pd.Series(RNG.choice(["Oslo", "Bergen", "Lima"], 300))
COUNTRY = CITY.map({"Oslo": "Norway", "Bergen": "Norway", "Lima": "Peru"})


def test_the_column_with_more_levels_determines_the_other():
    [found] = find_functional([COUNTRY, CITY], set())
    assert (found.column, found.by) == (0, 1)
    assert dict(zip(found.levels, found.values, strict=True)) == {"Oslo": "Norway", "Bergen": "Norway", "Lima": "Peru"}


def test_a_column_that_is_taken_or_varies_is_not_determined():
    assert find_functional([COUNTRY, CITY], {1}) == []
    assert find_functional([pd.Series(RNG.permutation(COUNTRY)), CITY], set()) == []


def test_few_exceptions_are_errors_of_the_data():
    spoilt = COUNTRY.copy()
    spoilt[0] = "Peru" if COUNTRY[0] == "Norway" else "Norway"
    assert len(find_functional([spoilt, CITY], set())) == 1
    spoilt[:30] = "Peru"
    assert find_functional([spoilt, CITY], set()) == []


def test_what_is_taken_out_comes_back():
    [found] = find_functional([COUNTRY, CITY], set())
    series = [COUNTRY, CITY]
    found.derive(series)
    assert series[0] is None and series[1] is CITY
    decoded = [np.full(300, None), CITY.to_numpy(object)]
    found.restore(decoded)
    assert decoded[0].tolist() == COUNTRY.tolist()


def test_numbers_that_determine_are_moved_to_those_that_were_observed():
    code = pd.Series(RNG.choice([10, 20, 30], 300))
    [found] = find_functional([code, code.map({10: "a", 20: "b", 30: "b"})], set())
    decoded = [np.array([11, 29, 16]), np.full(3, None)]
    found.restore(decoded)
    assert decoded[0].tolist() == [10, 30, 20] and decoded[1].tolist() == ["a", "b", "b"]
