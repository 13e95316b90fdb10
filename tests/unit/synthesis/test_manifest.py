import json

import pytest

from ganaug.core.errors import ManifestError
from ganaug.synthesis import manifest
from ganaug.synthesis.plan import ClassPlan, Plan

PLAN = Plan(
    output="csv",
    classes=(ClassPlan(label="ä", folder="ä", index=0, n=5),),
    target="y",
    seed=3,
    shard_size=2,
    versions={"ganaug": "0.1.0"},
)


@pytest.mark.parametrize("files", [{}, {"ä/00000.csv": "ab", 'odd "name".csv': "cd"}])
def test_a_manifest_is_plain_json_that_reads_back(tmp_path, files):
    manifest.write(tmp_path / "manifest.json", PLAN, files.items())
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["files"] == files
    assert manifest.read(tmp_path) == (PLAN, files, tmp_path)


def test_that_of_a_file_lies_beside_it(tmp_path):
    (tmp_path / "o.csv").touch()
    assert manifest.beside(tmp_path / "o.csv") == tmp_path / "o.csv.manifest.json"
    assert manifest.beside(tmp_path) == tmp_path / "manifest.json"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_paths_that_lead_outside_are_refused(tmp_path, name):
    manifest.write(tmp_path / "manifest.json", PLAN, [(name, "ab")])
    with pytest.raises(ManifestError, match="which is outside"):
        manifest.read(tmp_path)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert manifest.digest_of(tmp_path / "f").startswith("ba7816bf8f01cfea")  # of FIPS 180-2
