import numpy as np
import pytest

pytest.importorskip("torchvision")
pytest.importorskip("PIL")
from ganaug import SchemaError
from ganaug.core.classes import Classes
from ganaug.loops.labels import matched


class TestLabels:
    @pytest.mark.parametrize(
        ("known", "labels", "names", "expected"),
        [
            ([0, 1, 2], [2, 0], None, [2, 0]),
            (["cat", "dog"], [1, 0], ["dog", "cat"], [0, 1]),
            ([1, 2, 10], [0, 1, 2], ["1", "10", "2"], [0, 2, 1]),  # an image folder sorts digits as text
            ([0, 1], [1], ["0 - zero", "1 - one"], [1]),  # MNIST
            (["0", "1"], [1], ["0 - zero", "1 - one"], [1]),
            (["cat", "dog"], ["dog"], None, [1]),
        ],
    )
    def test_match(self, known, labels, names, expected):
        classes = Classes(np.array(known), [1] * len(known))
        assert list(matched(classes, labels, names).values()) == expected

    def test_no_match(self):
        classes = Classes(np.array(["cat", "dog"]), [1, 1])
        with pytest.raises(SchemaError, match="no class 0; known: cat, dog.*names=dataset.classes"):
            matched(classes, [0, 1], None)
        with pytest.raises(SchemaError, match="no class 'cta'; did you mean 'cat'"):
            matched(classes, [0, 1], ["cta", "dog"])
