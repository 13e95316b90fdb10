"""What an output's folder keeps, and what it refuses."""

import pytest

import ganaug
from ganaug.core.errors import OutputError


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("resume", [False, True])
def test_a_users_own_files_are_never_deleted(table_gan, tmp_path, resume):
    out = ganaug.synthesize(table_gan, 3, tmp_path / "out").path
    (out / "1" / "notes.txt").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"did not write \(1/notes.txt\), so it stays: move them away"):
        ganaug.synthesize(table_gan, 4, out, overwrite=True, resume=resume)
    assert tree(tmp_path) == before


def test_a_users_file_that_comes_meanwhile_is_kept_and_the_run_goes_on(table_gan, tmp_path):
    out = ganaug.synthesize(table_gan, 3, tmp_path / "out").path
    note = out / "notes.txt"
    with pytest.raises(OutputError, match="move them away; 2 finished shards are kept: --resume goes on"):
        ganaug.synthesize(table_gan, 4, out, overwrite=True, progress=lambda n, total: note.write_text("mine"))
    assert note.read_text() == "mine"
    note.unlink()
    assert ganaug.synthesize(table_gan, 4, out, resume=True).counts == {0: 4, 1: 4}
    assert ganaug.verify(out).intact


def test_overwrite_and_resume_begin_other_settings_anew(table_gan, tmp_path):
    out = ganaug.synthesize(table_gan, 3, tmp_path / "out").path
    again = ganaug.synthesize(table_gan, 4, out, overwrite=True, resume=True)
    assert again.counts == {0: 4, 1: 4} and ganaug.verify(out).intact
    assert ganaug.synthesize(table_gan, 4, out, overwrite=True, resume=True).was_complete


def test_overwrite_and_resume_throw_an_interrupted_run_of_other_settings_away(table_gan, tmp_path):
    def stop(n, total):
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(BaseException, match="kept|^$"):
        ganaug.synthesize(table_gan, 30, out, shard_size=10, progress=stop)
    done = ganaug.synthesize(table_gan, 4, out, overwrite=True, resume=True)
    assert done.counts == {0: 4, 1: 4} and ganaug.verify(out).intact
