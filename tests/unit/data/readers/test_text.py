import tracemalloc

import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers import read, text
from ganaug.data.table.codec import TableCodec

TEXT = str(pd.Series(["a"]).dtype)  # object before pandas 3


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
    assert [str(dtype) for dtype in dataset.X.dtypes] == ["int64", "float64", TEXT, "bool", "float64"]
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


class TestDialect:
    @pytest.mark.parametrize(
        ("text", "columns"),
        [
            ("a;b;label\n1,5;2;x\n2,5;3;y\n", {"a": [1.5, 2.5], "b": [2, 3]}),
            ("a;b;label\n1.234,5;2;x\n2,5;3;y\n", {"a": ["1.234,5", "2,5"], "b": [2, 3]}),
            ("a;b;label\n1,5;2.5;x\n2,5;3.5;y\n", {"a": ["1,5", "2,5"], "b": [2.5, 3.5]}),
            ('a,b,label\n"1,5",2,x\n"2,25",3,y\n', {"a": [1.5, 2.25], "b": [2, 3]}),
            ('a,b,label\n"1,500",2,x\n"2,250",3,y\n', {"a": ["1,500", "2,250"], "b": [2, 3]}),
            ("a;b;label\n-0,125;2;x\n0,250;3;y\n", {"a": [-0.125, 0.25], "b": [2, 3]}),
            ("a\tb\tlabel\n1,5\t\tx\n2\t3\ty\n", {"a": [1.5, 2], "b": [None, 3]}),
            ("'a','b, c','label'\n'1','u, v','x'\n'2','w','y'\n", {"a": [1, 2], "b, c": ["u, v", "w"]}),
            ('a,b,label\n1,"O\'Brien, ""Bob""",x\n2,it\'s,y\n', {"a": [1, 2], "b": ['O\'Brien, "Bob"', "it's"]}),
            ("sep=;\na;b;label\n1;2;x\n3;4;y\n", {"a": [1, 3], "b": [2, 4]}),
            ("a,b,label\r\n1,u,x\r\n2,v,y\r\n", {"a": [1, 2], "b": ["u", "v"]}),
            ("a,b,label\r1,u,x\r2,v,y\r", {"a": [1, 2], "b": ["u", "v"]}),
            ("a,b,label,\n1,u,x,\n2,v,y,\n", None),
            ("a,b,label\n1,u,x,\n2,v,y,\n", {"a": [1, 2], "b": ["u", "v"]}),
            ("a,b,label\n1,u\u2028w,x\n2,v,y\n", {"a": [1, 2], "b": ["u\u2028w", "v"]}),
        ],
    )
    def test_cells(self, tmp_path, table, text, columns):
        path = table(tmp_path / "d.csv", text)
        if columns is None:  # a header that ends in a separator too: its last column is empty, and so are the labels
            with pytest.raises(SchemaError, match="2 missing labels"):
                read(path)
            return
        dataset = read(path)
        expected = pd.DataFrame(columns)
        pd.testing.assert_frame_equal(dataset.X, expected, check_dtype=False)
        assert dataset.y.tolist() == ["x", "y"]

    def test_decimal_commas_are_said(self, tmp_path, table):
        remarks = read(table(tmp_path / "d.csv", "a;label\n1,5;x\n2,5;y\n")).remarks
        assert "numbers are read with decimal commas" in remarks

    def test_numbers_that_are_read_as_text_are_said(self, tmp_path, table):
        rows = "".join(f"{i}.5,{i},{i % 2}\n" for i in range(40))
        dataset = read(table(tmp_path / "d.csv", "a,b,label\n?,1,0\n" + rows))
        assert dataset.X["a"].dtype == TEXT
        assert any("column 'a' is text because of values like '?'" in remark for remark in dataset.remarks)
        assert not any("'b'" in remark for remark in dataset.remarks)

    def test_row_names_are_left_out(self, tmp_path, table):
        """R's write.table gives the first column no name."""
        dataset = read(table(tmp_path / "d.csv", "a,label\nr1,1,x\nr2,2,y\nr3,3,y\n"))
        assert dataset.X["a"].tolist() == [1, 2, 3]
        assert list(dataset.X.index) == [0, 1, 2]
        assert dataset.y.tolist() == ["x", "y", "y"]
        assert "it names the rows and is left out" in dataset.remarks[0]

    @pytest.mark.parametrize(("first", "left_out"), [([0, 1, 2], True), ([1, 2, 3], True), ([5, 1, 2], False)])
    def test_row_numbers_are_left_out(self, tmp_path, first, left_out):
        frame = pd.DataFrame({"": first, "a": [1.5, 2.5, 3.5], "label": list("xyy")})
        frame.to_csv(tmp_path / "d.csv", index=False)
        dataset = read(tmp_path / "d.csv")
        assert list(dataset.X.columns) == (["a"] if left_out else ["Unnamed: 0", "a"])
        assert any("counts the rows" in remark for remark in dataset.remarks) == left_out

    @pytest.mark.parametrize("text", ["a,label\n1,x\n2,y,z\n", "a,label\n1,x,z\n2,y\n3,y\n", "a,label\n1,x,z\n"])
    def test_row_longer_than_the_header_is_never_cut(self, tmp_path, table, text):
        try:
            dataset = read(table(tmp_path / "d.csv", text))
        except SchemaError as error:
            assert "as a table" in str(error) or "one class" in str(error)
        else:
            assert any("names the rows" in remark for remark in dataset.remarks)


class TestEncoding:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_unicode_is_found_by_looking(self, tmp_path, table, encoding):
        path = table(tmp_path / "d.csv", "Größe,label\ncafé,x\nnaïve,y\n", encoding)
        if encoding == "utf-16-be":
            path.write_bytes("Größe,label\ncafé,x\nnaïve,y\n".encode("utf-16-be"))
        dataset = read(path)
        assert dataset.X["Größe"].tolist() == ["café", "naïve"]
        assert dataset.y.name == "label"
        assert not any("UTF-8" in remark for remark in dataset.remarks)

    @pytest.mark.parametrize(("encoding", "extra"), [("cp1252", "€"), ("latin-1", "\x81")])
    def test_western_ones_are_guessed_and_said(self, tmp_path, table, encoding, extra):
        dataset = read(table(tmp_path / "d.csv", f"name,label\ncafé{extra},x\nnaïve,y\n", encoding))
        assert dataset.X["name"].tolist() == [f"café{extra}", "naïve"]
        assert f"is not UTF-8; it is read as {encoding}" in dataset.remarks[0]

    def test_odd_byte_far_behind_the_start(self, tmp_path):
        rows = "".join(f"{i},word,{'xy'[i % 2]}\n" for i in range(60_000))
        (tmp_path / "d.csv").write_bytes(f"a,b,label\n{rows}".encode() + "7,café,x\n".encode("cp1252"))
        dataset = read(tmp_path / "d.csv")
        assert dataset.X["b"].iloc[-1] == "café"
        assert "read as cp1252" in dataset.remarks[0]

    def test_named_encoding_is_taken_at_its_word(self, tmp_path, table):
        path = table(tmp_path / "d.csv", "name,label\n東京,x\n京都,y\n", "shift_jis")
        dataset = read(path, encoding="shift_jis")
        assert dataset.X["name"].tolist() == ["東京", "京都"]
        with pytest.raises(SchemaError, match="cannot read .* as utf-8 text .*give --encoding"):
            read(path, encoding="utf-8")

    @pytest.mark.parametrize("encoding", ["nonsense", "base64", "rot13", "", "\0"])
    def test_unknown_encoding(self, tmp_path, table, encoding):
        with pytest.raises(SchemaError, match="there is no text encoding"):
            read(table(tmp_path / "d.csv", "a,label\n1,x\n2,y\n"), encoding=encoding)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"PK\x03\x04rest", "Excel file"),
            (b"\x1f\x8brest", "compressed with gzip"),
            (b"PAR1rest", "a Parquet file; name it"),
            (b"a,b\n\0\0\1,2\n", "NUL bytes"),
        ],
    )
    def test_files_that_are_no_text(self, tmp_path, content, says):
        (tmp_path / "d.csv").write_bytes(content)
        with pytest.raises(SchemaError, match=says):
            read(tmp_path / "d.csv")


class TestTarget:
    def test_default_is_said(self, tmp_path, table):
        remarks = read(table(tmp_path / "d.csv", "label,b\n0,x\n1,y\n")).remarks
        assert remarks == (
            "the labels are taken from the last column, 'b' (there is 'label' too); --target names another",
        )
        assert read(tmp_path / "d.csv", target="label").remarks == ()

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ([f"{i / 7:.3f}" for i in range(30)], r"measured numbers .0\.143, 0\.286"),
            (range(30), "30 different values in 30 rows"),
            ([f"id{i}" for i in range(30)], "30 different values in 30 rows"),
            (["x"] * 30, "has one class only .'x'.; --target names"),
        ],
    )
    def test_last_column_that_holds_no_classes(self, tmp_path, values, says):
        frame = pd.DataFrame({"kind": ["u", "v"] * 15, "a": np.arange(30.0), "last": values})
        frame.to_csv(tmp_path / "d.csv", index=False)
        with pytest.raises(SchemaError, match=f"{says}.*--target names|{says}"):
            read(tmp_path / "d.csv")
        assert read(tmp_path / "d.csv", target="kind").y.tolist() == ["u", "v"] * 15

    def test_one_class_that_was_asked_for_is_read_and_said(self, tmp_path, table):
        dataset = read(table(tmp_path / "d.csv", "a,label\n1,x\n2,x\n"), target="label")
        assert "one class only, 'x'" in dataset.remarks[-1]

    @pytest.mark.parametrize("label", ["x" * 300, "../../etc", "🦉", "a\nb", ""])
    def test_odd_labels(self, tmp_path, label):
        pd.DataFrame({"a": [1, 2, 3], "label": [label, "usual", "usual"]}).to_csv(tmp_path / "d.csv", index=False)
        if label:
            assert read(tmp_path / "d.csv").y.tolist() == [label, "usual", "usual"]
        else:
            with pytest.raises(SchemaError, match="1 missing labels"):
                read(tmp_path / "d.csv")


class TestChunks:
    """However the file is cut, the table is the one that is read in one go."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(text, "_CHUNK", 1)  # 100 rows, the least

    def columns(self):
        n = 450
        late = np.arange(n) > 320
        numbers = np.arange(n)
        return {
            "integers": numbers * 3,
            "floats": numbers / 8,
            "late gap": np.where(numbers == 400, np.nan, numbers),
            "late decimals": np.where(late, numbers / 8, numbers),
            "late text": np.where(late, "none of it", numbers.astype(str)),
            "leading zeros, late text": np.where(late, "x", np.char.zfill(numbers.astype(str), 4)),
            "late boolean": np.where(late, "True", numbers.astype(str)),
            "booleans": numbers % 3 == 0,
            "booleans, late gap": pd.Series(np.where(numbers == 400, None, numbers % 3 == 0)),
            "text, early gap": pd.Series(np.where(numbers < 150, None, "word")),
            "text": np.where(numbers % 2, "odd", "even"),
            "nothing": pd.Series([None] * n),
            "large, late": np.where(late, 2**63 + 5, numbers).astype(np.uint64),
            "label": np.where(numbers % 5, "usual", "rare"),
        }

    @pytest.mark.parametrize("named_rows", [False, True])
    def test_every_kind_of_column(self, tmp_path, named_rows):
        frame = pd.DataFrame(self.columns())
        content = frame.to_csv(index=named_rows, index_label=False if named_rows else None)
        (tmp_path / "d.csv").write_text(content)
        dataset = read(tmp_path / "d.csv")
        expected = pd.read_csv(tmp_path / "d.csv", low_memory=False).reset_index(drop=True)
        assert dataset.y.tolist() == expected.pop("label").tolist()
        pd.testing.assert_frame_equal(dataset.X, expected)

    def test_same_rows_whatever_the_separator_or_encoding(self, tmp_path):
        frame = pd.DataFrame(self.columns())
        frame.to_csv(tmp_path / "a.csv", index=False)
        frame.to_csv(tmp_path / "b.csv", index=False, sep=";", decimal=",", encoding="utf-16")
        pd.testing.assert_frame_equal(read(tmp_path / "a.csv").X, read(tmp_path / "b.csv").X)

    def test_memory_stays_near_the_table_s_own(self, tmp_path, monkeypatch):
        """The benchmark examples/benchmarks/reading.py measures 500 MB; this is the same in small."""
        monkeypatch.undo()
        monkeypatch.setattr(text, "_CHUNK", 2**18)
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(60_000, 10)).round(6)).add_prefix("n")
        frame.assign(label=rng.integers(0, 2, len(frame))).to_csv(tmp_path / "d.csv", index=False)
        read(tmp_path / "d.csv")
        tracemalloc.start()
        X = read(tmp_path / "d.csv").X
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1.7 * X.memory_usage().sum()


class TestHeader:
    IRIS = "5.1,3.5,setosa\n4.9,3.0,setosa\n6.3,3.3,virginica\n5.8,2.7,virginica\n"
    COUNTS = "30,64,1\n" * 2 + "31,59,2\n34,66,1\n"
    WORDS = "p,x,n\ne,x,y\ne,b,w\np,x,n\n"
    DATES = "2024-01-02,u,3\n2024-01-03,v,4\n2024-01-05,u,4\n2024-01-07,u,3\n"

    @pytest.mark.parametrize("text", [IRIS, COUNTS, WORDS, DATES])
    def test_a_first_line_that_looks_like_data_is_refused_with_the_remedy(self, tmp_path, table, text):
        path = table(tmp_path / "d.csv", text)
        with pytest.raises(SchemaError, match="the first line .* looks like data .*--no-header"):
            read(path)
        dataset = read(path, header=False)
        assert len(dataset.y) == text.count("\n")
        assert list(dataset.X.columns) == ["0", "1"] and dataset.y.name == "2"
        assert any("columns are called 0 to 2" in remark for remark in dataset.remarks)
        assert len(read(path, header=True, target=read(path, header=True).y.name).y) == text.count("\n") - 1

    @pytest.mark.parametrize(
        "names",
        ["a,b,label", "0,1,label", "0,1,2", "2015,2020,2025", "1,2,virginicus", ",x,label", "x1,3.5,label"],
    )
    def test_names_are_names(self, tmp_path, table, names):
        dataset = read(table(tmp_path / "d.csv", f"{names}\n{self.IRIS}"))
        assert len(dataset.y) == 4

    def test_has_no_meaning_elsewhere(self, tmp_path):
        np.savez(tmp_path / "d.npz", X=np.eye(4), y=[0, 0, 1, 1])
        with pytest.raises(SchemaError, match="header has no meaning"):
            read(tmp_path / "d.npz", header=False)


class TestCodes:
    @pytest.mark.parametrize("quote", ["", '"'])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_leading_zeros_are_kept(self, tmp_path, table, quote, encoding):
        rows = [f"{quote}{code}{quote};{size};x" for code, size in [("10115", 1), ("01067", 20), ("", 3)]]
        rows[0] = rows[0].replace("x", "y")
        dataset = read(table(tmp_path / "d.csv", "\n".join(["zip;size;label", *rows, ""]), encoding))
        assert dataset.X["zip"].tolist()[:2] == ["10115", "01067"] and dataset.X["zip"].isna()[2]
        assert dataset.X["size"].tolist() == [1, 20, 3]
        assert any("leading zeros: column 'zip'" in remark for remark in dataset.remarks)

    def test_one_far_down_counts(self, tmp_path, table, monkeypatch):
        monkeypatch.setattr(text, "_SCANNED", 1000)
        rows = "10115,x\n" * 900 + "01067,x\n" + "10115,y\n" * 900
        assert read(table(tmp_path / "d.csv", "zip,label\n" + rows)).X["zip"][900] == "01067"

    def test_numbers_dates_and_times_are_no_codes(self, tmp_path, table):
        dataset = read(table(tmp_path / "d.csv", "a,b,c,label\n0.5,00:30,0,x\n-0,08:15,10,y\n"))
        assert [str(dtype) for dtype in dataset.X.dtypes] == ["float64", "str", "int64"]


def test_more_columns_than_anyone_means_are_refused_at_once(tmp_path, table):
    tracemalloc.start()
    with pytest.raises(SchemaError, match="more than 100,000 cells"):
        read(table(tmp_path / "d.csv", ("," * 1_000_000 + "\n") * 2))
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


def test_numbers_of_400_digits_are_levels(tmp_path, table):
    dataset = read(table(tmp_path / "d.csv", f"a,label\n{'9' * 400},x\n{'8' * 400},y\n"))
    codec = TableCodec.fit(dataset.X)
    decoded = codec.decode(codec.encode(dataset.X), np.random.default_rng(0))
    assert decoded["a"].tolist() == dataset.X["a"].tolist()
