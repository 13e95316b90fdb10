"""What is found by looking; test_text.py reads whole tables."""

import codecs

import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers.dialect import dialect_of, encodings_of


@pytest.fixture
def file(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (b"a,b\n1,2\n", "utf-8"),
        (codecs.BOM_UTF8 + b"a,b\n", "utf-8-sig"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-16"),
        ("a,b\n1,2\n".encode("utf-32"), "utf-32"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-16-le"),
        ("a,b\n1,2\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_the_encoding_is_told_by_marks_and_zeros(file, content, first):
    assert encodings_of(file(content))[0] == first


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04...", "a zip archive or an Excel file; save it as CSV"),
        (b"PAR1...", r"a Parquet file; name it \*.parquet"),
        (b"a,b\n\0,2", "NUL bytes, so it is no text"),
    ],
)
def test_what_is_no_text_is_named(file, content, says):
    with pytest.raises(SchemaError, match=says):
        encodings_of(file(content))


@pytest.mark.parametrize(
    ("content", "separator", "quote", "decimal"),
    [
        ("a,b\n1.5,x\n2.5,y\n", ",", '"', "."),
        ("a;b\n1,5;x\n2,5;y\n", ";", '"', ","),
        ("a;b\n1,500;x\n2,250;y\n", ";", '"', "."),  # thousands
        ("a\tb\n1\tx\n2\ty\n", "\t", '"', "."),
        ("a|b\n1|x\n2|y\n", "|", '"', "."),
        ("'a x','b'\n'1,2','x'\n'3,4','y'\n", ",", "'", ","),
    ],
)
def test_separator_quote_and_decimal_sign(file, content, separator, quote, decimal):
    dialect = dialect_of(file(content), "utf-8")
    assert (dialect.separator, dialect.quote, dialect.decimal) == (separator, quote, decimal)
    assert not dialect.named_rows and dialect.first_line == 0


def test_excel_s_hint_and_names_of_rows(file):
    hinted = dialect_of(file("sep=;\na;b\n1;x\n2;y\n"), "utf-8")
    assert (hinted.first_line, hinted.separator) == (1, ";")
    assert dialect_of(file("a,b\nr1,1,x\nr2,2,y\n"), "utf-8").named_rows
