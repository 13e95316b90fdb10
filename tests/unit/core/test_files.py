import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ganaug.core.errors import OutputError
from ganaug.core.files import locked, replacing


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
    with pytest.raises(OutputError, match="out exists already"), replacing(target):
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


def test_left_over_of_a_killed_process_is_written_over(tmp_path):
    target = tmp_path / "out.bin"
    code = f"""
import os, signal
from pathlib import Path
from ganaug.core.files import locked, replacing
with replacing(Path({str(target)!r})) as partial:
    partial.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert files(tmp_path) == [".out.bin.lock", ".out.bin.partial"]
    with replacing(target) as partial:
        assert not partial.exists()
        partial.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"
    assert files(tmp_path) == ["out.bin"]


def test_second_writer_is_refused_and_the_first_goes_on(tmp_path):
    target = tmp_path / "out.bin"
    with replacing(target) as partial:
        partial.write_bytes(b"first")
        with pytest.raises(OutputError, match="another process is writing .*out.bin"), replacing(target):
            pass
        assert partial.read_bytes() == b"first"
    assert target.read_bytes() == b"first"
    assert files(tmp_path) == ["out.bin"]


def test_lock_that_was_waited_for_in_vain_guards_again(tmp_path):
    target = tmp_path / "out"
    for _ in range(3):
        with locked(target), pytest.raises(OutputError), locked(target):
            pass
    assert files(tmp_path) == []
