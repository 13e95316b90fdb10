import sys
from dataclasses import replace

import pandas as pd

from ganaug.evaluation.result import Evaluation
from ganaug.report.page import render


def test_the_global_settings_of_matplotlib_are_left_alone(of_rows):
    import matplotlib

    before = dict(matplotlib.rcParams)
    render(of_rows)
    assert dict(matplotlib.rcParams) == before


def test_umap_is_used_where_it_is_installed(of_images, monkeypatch):
    from types import SimpleNamespace

    from ganaug.report import figures

    seen = {}

    class UMAP:
        def __init__(self, **settings):
            seen.update(settings)

        def fit_transform(self, features):
            seen["shape"] = features.shape
            return features[:, :2] * 2

    drawn = of_images["fidelity"].drawn["projection"].assign(**{"component 3": 0.5})
    monkeypatch.setitem(sys.modules, "umap", None)
    assert figures.projection(drawn, list("0123456789"))["method"] == "two principal components"
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=UMAP))
    found = figures.projection(drawn, list("0123456789"))
    assert found["method"] == "UMAP" and found["legend"][-1][0] == "4 more classes"
    assert seen["random_state"] == 0 and seen["shape"] == (6 * 90 + 240 + 120, 3)
    assert found["svg"].count("<use") == 6 * 90 + 240 + 120


def test_correlations_are_a_heat_map_of_what_differs(of_rows):
    pairs = [("yes", "kind", "amount", 0.5, -0.25, -0.75), ("yes", "kind", "score", 0.1, 0.2, 0.1)]
    frame = pd.DataFrame(pairs, columns=["subject", "first", "second", "real", "made", "difference"])
    fidelity = replace(of_rows["fidelity"], drawn={**of_rows["fidelity"].drawn, "correlations": frame})
    html = render(Evaluation({"fidelity": fidelity}, of_rows.described, of_rows.gallery))
    assert "Most: kind and amount, -0.75" in html and "−0.75" in html or "-0.75" in html
