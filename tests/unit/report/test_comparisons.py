import pytest
from sklearn.datasets import load_wine
from sklearn.naive_bayes import GaussianNB

import ganaug

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def compared():
    X, y = load_wine(return_X_y=True)
    return ganaug.compare(GaussianNB(), X, y == 2, samplers={"GANOverSampler": None}, cv=2, repeats=1, random_state=0)


def test_a_comparison_has_a_page_of_its_own_and_a_card_beside_an_evaluation(compared, of_rows, tmp_path):
    alone = compared.report(tmp_path / "c.html").read_text(encoding="utf-8")
    both = of_rows.report(tmp_path / "both.html", comparison=compared).read_text(encoding="utf-8")
    for page in (alone, both):
        assert page.count("What should I do about rare classes?") == 2  # the card, and the section
        assert compared.answer.split(":")[0] in page
        assert all(name in page for name in compared.table.index)
        assert f"{compared.table['score'].iloc[0]:.3f}" in page
    assert both.count("Does it look real?") == 2 and "Does it look real?" not in alone
