import json

import pytest

import ganaug
from ganaug.core.errors import ManifestError


@pytest.mark.parametrize("name", ["out", "out.csv", "out.npz", "out.parquet"])
def test_untouched_and_altered(table_gan, tmp_path, name):
    out = ganaug.synthesize(table_gan, 25, tmp_path / name, shard_size=10).path
    assert ganaug.verify(out).intact
    file = next(out.rglob("*.csv")) if out.is_dir() else out
    file.write_bytes(file.read_bytes() + b"\n")
    assert ganaug.verify(out).lines() == [f"altered {file.relative_to(out).as_posix() if out.is_dir() else name}"]


@pytest.mark.parametrize("changes", [{"n": 10**12}, {"n": 24}, {"n_real": 1}])
@pytest.mark.parametrize("name", ["images", "rows", "rows.csv", "rows.npz"])
def test_manifest_that_claims_other_numbers(gan, table_gan, tmp_path, name, changes):
    made = ganaug.synthesize(gan if name == "images" else table_gan, 25, tmp_path / name).path
    path = made / "manifest.json" if made.is_dir() else tmp_path / f"{name}.manifest.json"
    said = json.loads(path.read_text())
    said["classes"][0] |= changes
    path.write_text(json.dumps(said))
    with pytest.raises(ManifestError, match="the manifest of .* claims .* samples in .*; there are"):
        ganaug.verify(made)
