import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.encoded import check_target, encode


@pytest.fixture
def data(digit_images):
    return encode(*digit_images)


def test_images_of_bytes_stay_bytes_until_floats_are_asked_for(data, digit_images):
    assert data.x.dtype == np.uint8
    assert data.floats().dtype == np.float32
    assert np.array_equal(data.floats([3, 1]), data.codec.encode(digit_images[0][[3, 1]]))
    assert len(data.of_class(1)) == 30 and np.array_equal(data.of_class(1), data.floats()[data.c == 1])
    assert data.kind.name == "image"


def test_a_part_has_the_classes_that_are_in_it_with_their_counts(mixed_frame):
    data = encode(*mixed_frame)
    part = data.take(np.flatnonzero(data.c == 1)[:7])
    assert part.classes.labels.tolist() == ["usual"] and part.classes.counts == [7]
    assert part.classes.target == "outcome"
    assert part.c.tolist() == [0] * 7
    assert np.array_equal(part.x, data.x[data.c == 1][:7])


def test_samples_and_labels_have_to_pair():
    with pytest.raises(SchemaError, match="X has 4 samples, y has 2 labels"):
        encode(np.eye(4), [0, 1])


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.eye(3), r"one label for each sample; got shape \(3, 3\)"),
        ([0, None, 1], "y has 1 missing labels"),
        ([0.5, 0.25, 0.75], "y must hold class labels"),
    ],
)
def test_what_is_no_target_is_refused(y, says):
    with pytest.raises(SchemaError, match=says):
        check_target(y)


def test_a_column_of_labels_is_a_target():
    assert check_target(pd.DataFrame({"y": ["a", "b"]})).tolist() == ["a", "b"]
