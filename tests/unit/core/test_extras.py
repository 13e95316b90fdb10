import json
import sys

import pytest

from ganaug.core.errors import MissingExtraError
from ganaug.core.extras import require


def test_an_installed_module_is_imported():
    assert require("json", extra="report", purpose="It") is json


def test_a_missing_package_is_answered_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    message = r"A report needs jinja2.*, which is not installed; use: pip install 'ganaug\[report\]'"
    with pytest.raises(MissingExtraError, match=message):
        require("jinja2", extra="report", purpose="A report")


def test_a_package_that_is_there_but_broken_is_not_called_missing(monkeypatch, tmp_path):
    (tmp_path / "half_installed.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
        require("half_installed", extra="report", purpose="It")
    assert not isinstance(caught.value, MissingExtraError)
