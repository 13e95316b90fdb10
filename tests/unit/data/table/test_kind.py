import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.core.classes import Classes
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.kind import TABLE, is_table


@pytest.mark.parametrize(
    ("X", "is_one"),
    [
        (np.eye(3), True),
        (pd.DataFrame({"a": [1]}), True),
        (sparse.csr_matrix(np.eye(3)), True),
        ([[1, 2]], True),
        ([np.array([1, 2])], True),
        (np.zeros((3, 8, 8)), False),
        ([np.zeros((8, 8))], False),
        (np.zeros(3), False),
    ],
)
def test_what_is_taken_for_a_table(X, is_one):
    assert is_table(X) is is_one


@pytest.mark.parametrize(("counts", "steps"), [([1000, 20], 300), ([1000, 400], 800), ([10**5, 10**4], 1000)])
def test_steps_of_the_over_sampler_follow_the_smallest_class(counts, steps):
    classes = Classes(np.arange(2), counts)
    assert TABLE.settings(TableCodec.fit(np.eye(3)), classes, "cpu", "oversampling")["max_steps"] == steps


def test_better_quality_takes_more_steps():
    codec, classes = TableCodec.fit(np.eye(3)), Classes(np.arange(2), [600, 300])
    steps = [TABLE.settings(codec, classes, "cpu", quality)["max_steps"] for quality in ("draft", "standard", "best")]
    assert steps == sorted(steps) and steps[2] == 4 * steps[1]


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, np.ndarray.tolist, pd.DataFrame])
def test_any_container_is_shown_as_a_frame(kind):
    X = np.arange(12.0).reshape(4, 3)
    codec = TableCodec.fit(kind(X))
    shown = TABLE.show(codec, codec.encode(kind(X)))
    assert isinstance(shown, pd.DataFrame)
    assert shown.to_numpy(dtype=float).tolist() == X.tolist()
