import pytest

import ganaug
from ganaug.core.errors import ManifestError


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_parts_become_the_whole(gan, images, tmp_path):
    settings = {"shard_size": 2, "preview": images}
    whole = ganaug.synthesize(gan, 7, tmp_path / "whole", **settings)
    parts = [ganaug.synthesize(gan, 7, tmp_path / f"{k}", shard=(k, 3), **settings).path for k in range(3)]
    merged = ganaug.merge(parts, tmp_path / "merged", move=True)
    assert merged.counts == whole.counts
    assert tree(merged.path) == tree(whole.path)
    assert not any(part.exists() for part in parts)


def test_parts_of_other_encoders_are_refused(gan, tmp_path, monkeypatch):
    first = ganaug.synthesize(gan, 3, tmp_path / "0", shard=(0, 2), shard_size=1).path
    monkeypatch.setattr("cv2.__version__", "1.0")
    second = ganaug.synthesize(gan, 3, tmp_path / "1", shard=(1, 2), shard_size=1).path
    with pytest.raises(ManifestError, match="has other settings than .*versions is"):
        ganaug.merge([first, second], tmp_path / "merged")


def test_nothing_to_merge(tmp_path):
    with pytest.raises(ManifestError, match="no folders to merge"):
        ganaug.merge([], tmp_path / "merged")
