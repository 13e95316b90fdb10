"""The fast part of the tests of plugins/ganaug-text: over-sampling and files."""

import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.data.readers import read


@pytest.fixture(autouse=True)
def text(plugged_in):
    with plugged_in("ganaug-text"):
        yield


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    names, places = "Ann Bob Cem Dov Eva Fay".split(), "Rome Oslo Lima Kyiv Bern Riga".split()
    where = [f"Where is {rng.choice(places)} , my friend {rng.choice(names)} ?" for _ in range(60)]
    who = [f"Who knows that {rng.choice(names)} met {rng.choice(names)} in {rng.choice(places)} ?" for _ in range(20)]
    return where + who, np.repeat(["place", "person"], [60, 20])


@pytest.mark.parametrize("contain", [list, np.array, lambda X: pd.Series(X, name="question")])
def test_new_texts_are_readable_and_in_the_same_container(data, contain):
    X, y = contain(data[0]), data[1]
    sources = {"text-edits": 0.4, "span-mix": 0.3, "ngrams": 0.3}
    X_new, y_new = ganaug.GANOverSampler(kind="text", sources=sources, random_state=0).fit_resample(X, y)
    assert type(X_new) is type(X) and list(X_new[:80]) == data[0] and (y_new[80:] == "person").all()
    words = {word for text in data[0] for word in text.split()}
    made = list(X_new[80:])
    assert np.mean([set(text.split()) <= words for text in made]) > 0.8
    assert np.mean([text in data[0] for text in made]) < 0.5
    assert np.mean(["Who" in text or "met" in text for text in made]) > 0.9


def test_tables_are_read_with_their_column_of_texts(data, tmp_path):
    frame = pd.DataFrame({"id": range(80), "body": data[0], "label": data[1]})
    frame.to_csv(tmp_path / "x.csv", index=False)
    found = read(tmp_path / "x.csv", kind="text", column="body", target="label")
    assert found.X.tolist() == data[0] and found.kind == "text"
