import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTEN, SMOTENC
from sklearn.naive_bayes import GaussianNB

from ganaug.evaluation.comparison.remedies import list_remedies


def test_smote_suits_the_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40), "b": rng.choice(["x", "y"], 40), "c": rng.random(40) < 0.5})
    chosen = {}
    for name, X in (("mixed", frame), ("levels", frame[["b", "c"]]), ("numbers", frame[["a"]])):
        remedies, _ = list_remedies(GaussianNB(), X, None, {}, n_classes=2, n_fewest=4)
        steps = next(one for one in remedies if one.name == "SMOTE").build(()).steps
        chosen[name] = type(steps[0][1]).__name__, steps[0][1].k_neighbors
    assert chosen == {"mixed": (SMOTENC.__name__, 3), "levels": (SMOTEN.__name__, 3), "numbers": ("SMOTE", 3)}
