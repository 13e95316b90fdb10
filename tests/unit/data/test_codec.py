import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.data.codec import concatenate


def test_arrays_join_along_the_samples():
    joined = concatenate([np.zeros((2, 3), np.uint8), np.ones((1, 3), np.uint8)])
    assert joined.dtype == np.uint8
    assert joined.tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 1]]


def test_lists_join():
    assert concatenate([[[1], [2]], [[3]]]) == [[1], [2], [3]]


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix])
def test_sparse_matrices_keep_their_format(kind):
    joined = concatenate([kind(np.eye(2)), kind(np.eye(2))])
    assert type(joined) is kind
    assert joined.toarray().tolist() == [[1, 0], [0, 1]] * 2


def test_frames_keep_dtypes_and_are_counted_anew():
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": pd.array([1, None], dtype="Int64")}, index=[7, 8])
    joined = concatenate([frame, frame])
    assert joined.dtypes.tolist() == frame.dtypes.tolist()
    assert joined.index.tolist() == [0, 1, 2, 3]
