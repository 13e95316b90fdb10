import numpy as np
import pandas as pd
import pytest

pytest.importorskip("PIL")

from PIL import Image
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.data.codec import concatenate
from ganaug.data.image.codec import ImageCodec
from ganaug.data.kind import fit_codec
from ganaug.data.table.codec import TableCodec

IMAGE = np.zeros((8, 8), dtype=np.uint8)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 8, 8)),
        np.zeros((3, 8, 8, 3)),
        [Image.fromarray(IMAGE)] * 3,
        (Image.fromarray(IMAGE),),
        [IMAGE, IMAGE],
    ],
)
def test_images_get_the_image_codec(X):
    assert isinstance(fit_codec(X), ImageCodec)


@pytest.mark.parametrize(
    "X",
    [
        np.eye(3),
        [[1, 2], [3, 4]],
        [np.array([1, 2]), np.array([3, 4])],
        pd.DataFrame({"a": [1, 2]}),
        sparse.csr_matrix(np.eye(3)),
    ],
)
def test_rows_get_the_table_codec(X):
    assert isinstance(fit_codec(X), TableCodec)


@pytest.mark.parametrize("X", [[], [1, 2, 3], np.zeros(3), 5, "text", None])
def test_anything_else_is_refused(X):
    with pytest.raises(SchemaError, match="expected a table|not clearly of any kind"):
        fit_codec(X)


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
