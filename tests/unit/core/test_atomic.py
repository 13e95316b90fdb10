import errno
import os
from pathlib import Path

import pytest

from ganaug.core.atomic import replacing
from ganaug.core.errors import GANAugError, OutputError


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_new_file_appears_only_at_the_end(tmp_path):
    target = tmp_path / "a" / "b" / "out.bin"
    with replacing(target) as partial:
        partial.write_bytes(b"new")
        assert not target.exists()
        assert partial.parent == target.parent
    assert target.read_bytes() == b"new"
    assert files(tmp_path / "a" / "b") == ["out.bin"]


def test_old_file_stays_whole_until_the_end(tmp_path):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with replacing(target, overwrite=True) as partial:
        partial.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt()])
def test_failing_block_leaves_the_old_file_and_no_other(tmp_path, error):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(type(error)), replacing(target, overwrite=True) as partial:
        partial.write_bytes(b"half")
        raise error
    assert target.read_bytes() == b"old"
    assert files(tmp_path) == ["out.bin"]


@pytest.mark.parametrize("where", ["write_bytes", "replace", "fsync"])
def test_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, where):
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match="cannot write .*out.bin: No space left"):
        with replacing(target, overwrite=True) as partial:
            if where == "write_bytes":
                full()
            partial.write_bytes(b"new")
            monkeypatch.setattr(*((os, where) if where == "fsync" else (Path, where)), full)
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert files(tmp_path) == ["out.bin"]


@pytest.mark.parametrize("folder", [False, True])
def test_existing_target_is_refused_before_anything_is_written(tmp_path, folder):
    target = tmp_path / "out"
    target.mkdir() if folder else target.touch()
    entered = False
    with pytest.raises(OutputError, match="out exists already"), replacing(target, folder=folder):
        entered = True
    assert not entered


def test_dangling_link_is_refused(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists already"), replacing(tmp_path / "out"):
        pass


def test_file_that_appeared_meanwhile_is_kept(tmp_path):
    target = tmp_path / "out.bin"
    with pytest.raises(OutputError, match="exists already"), replacing(target) as partial:
        partial.write_bytes(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert files(tmp_path) == ["out.bin"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_parent_that_is_a_file(tmp_path, overwrite):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        with replacing(tmp_path / "file" / "out.bin", overwrite=overwrite) as partial:
            partial.write_bytes(b"")
    assert (tmp_path / "file").read_text() == "x"


def test_output_errors_are_ganaug_and_os_errors(tmp_path):
    with pytest.raises(GANAugError) as caught, replacing(tmp_path / "nothing-written"):
        pass
    assert isinstance(caught.value, OSError)


def test_folder_is_complete_or_absent(tmp_path):
    target = tmp_path / "out"
    with replacing(target, folder=True) as partial:
        (partial / "class").mkdir()
        (partial / "class" / "1.png").write_bytes(b"1")
        assert not target.exists()
    assert files(tmp_path) == ["out", "out/class", "out/class/1.png"]


def test_folder_replaces_an_old_folder_whole(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.png").touch()
    with replacing(target, folder=True, overwrite=True) as partial:
        (partial / "new.png").touch()
        assert files(target) == ["old.png"]
    assert files(tmp_path) == ["out", "out/new.png"]


def test_failing_folder_leaves_the_old_one(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.png").touch()
    with pytest.raises(RuntimeError), replacing(target, folder=True, overwrite=True) as partial:
        (partial / "new.png").touch()
        raise RuntimeError
    assert files(tmp_path) == ["out", "out/old.png"]


def test_folder_whose_rename_fails_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.png").touch()
    rename = Path.rename

    def refuse_partial(self, to):
        return full() if self.name.endswith(".partial") else rename(self, to)

    with pytest.raises(OutputError, match="No space"), replacing(target, folder=True, overwrite=True) as partial:
        (partial / "new.png").touch()
        monkeypatch.setattr(Path, "rename", refuse_partial)
    assert files(tmp_path) == ["out", "out/old.png"]
