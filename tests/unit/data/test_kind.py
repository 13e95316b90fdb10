import numpy as np
import pandas as pd
import pytest

pytest.importorskip("PIL")

from PIL import Image
from scipy import sparse

from ganaug.core.errors import PluginNotFoundError, SchemaError
from ganaug.core.registry import lookup, names, register, unregister
from ganaug.data.image.codec import ImageCodec
from ganaug.data.kind import Kind, fit_codec, kind_named, kind_of
from ganaug.data.table.codec import TableCodec
from ganaug.data.table.kind import TABLE

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


def test_a_kind_may_be_named_and_unknown_names_are_answered():
    assert kind_of(np.zeros((3, 8, 8)), "image") is kind_named("image")
    assert kind_of(np.zeros(3), TABLE) is TABLE
    with pytest.raises(PluginNotFoundError, match="no kind is registered as 'imag'; did you mean 'image'"):
        kind_of(np.eye(3), "imag")


def test_what_several_kinds_take_is_a_question_to_the_user():
    register("kinds", "greedy", Kind("greedy", "things", lambda X: True, TableCodec, "mlp"))
    try:
        with pytest.raises(SchemaError, match=r"shape \(3, 3\) may be of several kinds.*kind='greedy' or kind='table'"):
            kind_of(np.eye(3))
    finally:
        unregister("kinds", "greedy")


def test_what_a_kind_does_not_say_has_a_default_that_fits_any_encoding():
    kind = Kind("plain", "things", lambda X: True, TableCodec, "mlp")
    codec = TableCodec.fit(np.eye(3))
    assert kind.default_shares(codec) == {"gan": 1.0}
    [(name, form)] = kind.disguises(np.zeros((2, 3, 4)))
    assert (name, form.shape) == ("as it is", (2, 12))
    assert np.array_equal(kind.show(codec, codec.encode(np.eye(3))), np.eye(3))


@pytest.mark.parametrize("kind", [kind_named(name) for name in names("kinds")], ids=lambda kind: kind.name)
def test_what_a_kind_names_is_registered(kind):
    for group, wanted in (("metrics", kind.metrics), ("sources", kind.sources), ("writers", [kind.writer])):
        for name in wanted:
            assert callable(lookup(group, name))
