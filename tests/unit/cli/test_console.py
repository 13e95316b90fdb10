import json
import os

import pytest

pytest.importorskip("typer")

from ganaug.cli.console import counts_by_name, result, say
from ganaug.core.errors import OutputError


def test_what_is_said_is_one_printable_line_on_stderr(capsys):
    say("first\n  second\x1b[31m \ud800")
    assert capsys.readouterr() == ("", "first second\\x1b[31m \\ud800\n")


@pytest.mark.parametrize(("as_json", "printed"), [(False, "one\ntwo\\x07\n"), (True, '{"n": 2}\n')])
def test_a_result_is_lines_or_one_json_object_on_stdout(capsys, as_json, printed):
    result(["one", "two\a"], {"n": 2}, as_json)
    assert capsys.readouterr() == (printed, "")


def test_counts_go_by_the_text_of_labels():
    assert json.loads(json.dumps(counts_by_name({True: 2, 3.5: 1}))) == {"True": 2, "3.5": 1}


def test_a_stdout_that_takes_nothing_is_an_error_of_ours(monkeypatch):
    def full(text):
        raise OSError(28, os.strerror(28))

    kept = os.dup(1)
    monkeypatch.setattr("typer.echo", full)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    try:
        with pytest.raises(OutputError, match="the result cannot be printed: No space left on device"):
            result(["x"], {}, False)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
