import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers import read


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n"])
def test_separators(tmp_path, separator, before, table):
    rows = [("size", "kind", "label"), ("1.5", "a", "x"), ("2.5", "b", "y")]
    path = table(tmp_path / "d.csv", before + "".join(separator.join(row) + "\n" for row in rows))
    dataset = read(path)
    assert dataset.X["size"].tolist() == [1.5, 2.5]
    assert dataset.X["kind"].tolist() == ["a", "b"]
    assert dataset.y.name == "label"
    assert dataset.y.tolist() == ["x", "y"]


def test_tsv_is_split_at_tabs_alone(tmp_path, table):
    dataset = read(table(tmp_path / "d.tsv", "a,b,c,d\tlabel\n1,u\tx\n3,v\ty\n"))
    assert dataset.X["a,b,c,d"].tolist() == ["1,u", "3,v"]


def test_target_by_name_keeps_the_order_of_the_others(tmp_path, table):
    dataset = read(table(tmp_path / "d.csv", "a,fraud,b\n1,no,2\n3,yes,4\n"), target="fraud")
    assert list(dataset.X.columns) == ["a", "b"]
    assert dataset.y.tolist() == ["no", "yes"]
    assert "'fraud'" in dataset.source


def test_dtypes(tmp_path, table):
    text = "i,f,s,b,m,label\n1,1.5,u,True,,0\n2,2.5,v,False,3,1\n"
    dataset = read(table(tmp_path / "d.csv", text))
    assert [str(dtype) for dtype in dataset.X.dtypes] == ["int64", "float64", "str", "bool", "float64"]
    assert dataset.X["m"].isna().tolist() == [True, False]
    assert dataset.y.dtype == np.int64


def test_quoted_separator_quote_and_newline(tmp_path):
    frame = pd.DataFrame({"text": ["one\ntwo", 'say "a, b"'], "label": ["x", "y"]})
    frame.to_csv(tmp_path / "d.csv", index=False)
    assert read(tmp_path / "d.csv").X["text"].tolist() == frame["text"].tolist()


def test_missing_labels(tmp_path, table):
    with pytest.raises(SchemaError, match="'label' of .* has 2 missing labels"):
        read(table(tmp_path / "d.csv", "a,label\n1,x\n2,\n3,NA\n"))


def test_unknown_target_is_answered_with_a_guess(tmp_path, table):
    with pytest.raises(SchemaError, match="no column 'lable'; did you mean 'label'"):
        read(table(tmp_path / "d.csv", "a,label\n1,x\n"), target="lable")


@pytest.mark.parametrize("text", ["", "\n\n", "a,label\n", "alone\n1\n2\n"])
def test_no_table(tmp_path, text, table):
    with pytest.raises(SchemaError, match=r"d\.csv"):
        read(table(tmp_path / "d.csv", text))


@pytest.mark.parametrize("text", ["a,label\n1,x\n2,y,z\n", 'a,label\n1,"x\n2,y\n'])
def test_broken_table(tmp_path, text, table):
    with pytest.raises(SchemaError, match="cannot read .* as a table"):
        read(table(tmp_path / "d.csv", text))
