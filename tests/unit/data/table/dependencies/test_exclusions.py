import numpy as np
import pandas as pd

from ganaug.data.table.dependencies.exclusions import find_exclusions

RNG = np.random.default_rng(0)
SEX = pd.Series(RNG.choice(["male", "female"], 400))
ROLE = pd.Series(np.where(RNG.random(400) < 0.5, np.where(SEX == "male", "husband", "wife"), "single"))
FREE = pd.Series(RNG.choice(["x", "y"], 400))


def test_levels_that_never_meet_are_found():
    [found] = find_exclusions([SEX, FREE, ROLE], set())
    assert found.columns == [0, 2] and found.pairs == [(0, 1)] and found.computed == []
    table = pd.DataFrame(found.counts[0], index=found.levels[0], columns=found.levels[1])
    assert {(a, b) for a in table.index for b in table.columns if table.loc[a, b] < 0} == {
        ("male", "wife"),
        ("female", "husband"),
    }


def test_independent_or_taken_columns_exclude_nothing():
    assert find_exclusions([FREE, SEX], set()) == []
    assert find_exclusions([SEX, ROLE], {1}) == []


def test_few_rows_may_miss_a_pair_by_chance():
    assert find_exclusions([SEX[:12], ROLE[:12]], set()) == []


def test_an_excluded_pair_is_mended_by_one_level_and_others_stay():
    [found] = find_exclusions([SEX, FREE, ROLE], set())
    sex, role = np.array(["male", "female", "male"], object), np.array(["wife", "husband", "single"], object)
    decoded = [sex.copy(), np.array(["x"] * 3, object), role.copy()]
    found.restore(decoded)
    real = set(zip(SEX, ROLE, strict=True))
    assert set(zip(decoded[0], decoded[2], strict=True)) <= real
    assert ((decoded[0] != sex).astype(int) + (decoded[2] != role)).tolist() == [1, 1, 0]
