import json

import numpy as np
import pytest

from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError

TARGETS = {
    "int": np.array([3, 1, 1, 7, 3, 3]),
    "negative": np.array([-1, 1, -1]),
    "uint8": np.array([0, 255, 0], dtype=np.uint8),
    "float": np.array([0.0, 1.0, 1.0]),
    "bool": np.array([True, False, True]),
    "str": np.array(["b", "a", "ümlaut"]),
    "object": np.array(["b", "a", "b"], dtype=object),
}


@pytest.mark.parametrize("name", TARGETS)
def test_conditions_are_positions_in_the_sorted_labels(name):
    y = TARGETS[name]
    classes = Classes.from_target(y)
    c = classes.index(y)
    assert c.dtype == np.int64
    assert np.array_equal(classes.labels[c], y)
    assert classes.labels.tolist() == sorted(set(y.tolist()))
    assert classes.counts == np.bincount(c).tolist()
    assert len(classes) == len(set(y.tolist()))


@pytest.mark.parametrize("name", TARGETS)
def test_classes_survive_json(name):
    classes = Classes.from_target(TARGETS[name])
    again = Classes.from_json(json.loads(json.dumps(classes.to_json())), "label")
    assert again.labels.dtype == classes.labels.dtype
    assert again.labels.tolist() == classes.labels.tolist()
    assert again.counts == classes.counts
    assert again.target == "label"


def test_labels_can_be_a_list_or_an_iterator():
    classes = Classes.from_target(np.array(["a", "b"]))
    assert classes.index(["b", "a"]).tolist() == [1, 0]
    assert classes.index(iter(["b"])).tolist() == [1]


@pytest.mark.parametrize("unknown", ["teardrob", 5, None, [1], float("nan")])
def test_unknown_label_is_named(unknown):
    classes = Classes.from_target(np.array(["teardrop", "other"]))
    with pytest.raises(SchemaError, match="no class"):
        classes.index(["other", unknown])


def test_misspelt_label_is_answered():
    with pytest.raises(SchemaError, match="no class 'teardrob'; did you mean 'teardrop'"):
        Classes.from_target(np.array(["teardrop", "other"])).index(["teardrob"])


def test_class_is_found_by_its_text():
    assert Classes.from_target(np.array([1, 10, 3])).named("10") == 10
    assert Classes.from_target(np.array([True, False])).named("True") is True
    with pytest.raises(SchemaError, match="no class '4'; known: 1, 3, 10"):
        Classes.from_target(np.array([1, 10, 3])).named("4")


def test_labels_that_json_cannot_hold_are_refused():
    with pytest.raises(SchemaError, match="strings, numbers or booleans"):
        Classes(np.array([(1, 2), None], dtype=object), [1, 1]).to_json()
