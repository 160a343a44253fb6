"""A take whose footage was moved, and copies of takes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from take_samples import append_frames, assert_same_take, create, still_of

from mien.core.errors import TakeBusy, TakeDamaged, TakeError, TakeExists, TakeMissing
from mien.core.takes import copy_take, delete_take, read_stills, read_take, set_footage_path


@pytest.fixture
def folder(tmp_path):
    """A complete take of six frames with two stills."""
    with create(tmp_path / "a.take") as writer:
        append_frames(writer, range(6))
        writer.set_stills([still_of(1), still_of(3, face=1)])
        writer.finish()
    return tmp_path / "a.take"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_footage_gets_another_path_and_nothing_else_changes(folder):
    before, files = read_take(folder), contents(folder)
    set_footage_path(folder, "/elsewhere/größe.mov")
    after = read_take(folder)
    assert after.footage.path == "/elsewhere/größe.mov"
    assert after.provenance == before.provenance and after.is_complete
    changed = {name for name, content in contents(folder).items() if files.get(name) != content}
    assert changed == {"take.json"}


def test_a_take_that_is_being_written_is_left_alone(folder, tmp_path):
    with create(tmp_path / "b.take") as writer:
        append_frames(writer, range(2))
        with pytest.raises(TakeBusy, match="being written"):
            set_footage_path(tmp_path / "b.take", "/elsewhere")


def test_a_missing_take_is_told_and_no_folder_is_made(tmp_path):
    with pytest.raises(TakeMissing):
        set_footage_path(tmp_path / "none.take", "/elsewhere")
    assert not list(tmp_path.iterdir())


def test_a_copy_is_the_same_take(folder, tmp_path):
    copy_take(folder, tmp_path / "b.take")
    assert_same_take(read_take(tmp_path / "b.take"), read_take(folder))
    assert [still.image.tobytes() for still in read_stills(tmp_path / "b.take")] == [
        still.image.tobytes() for still in read_stills(folder)
    ]
    set_footage_path(tmp_path / "b.take", "/elsewhere")
    assert read_take(folder).footage.path != "/elsewhere"


def test_a_copy_takes_the_place_of_nothing(folder, tmp_path):
    copy_take(folder, tmp_path / "b.take")
    with pytest.raises(TakeExists):
        copy_take(folder, tmp_path / "b.take")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TakeError, match="a folder of that name is there"):
        copy_take(folder, tmp_path / "empty")


def test_nothing_is_left_of_a_copy_that_failed(folder, tmp_path, monkeypatch):
    def fail(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", fail)
    with pytest.raises(TakeError, match="No space left on device"):
        copy_take(folder, tmp_path / "b.take")
    assert {path.name for path in tmp_path.iterdir()} == {"a.take"}


def test_a_damaged_take_is_not_copied(folder, tmp_path):
    (folder / "time_s.f64").write_bytes(b"")
    with pytest.raises(TakeDamaged):
        copy_take(folder, tmp_path / "b.take")
    assert not (tmp_path / "b.take").exists()


def test_a_take_is_deleted_with_its_folder(folder):
    delete_take(folder)
    assert not folder.exists()


def test_a_take_that_is_being_written_is_not_deleted(tmp_path):
    with create(tmp_path / "b.take") as writer:
        append_frames(writer, range(2))
        with pytest.raises(TakeBusy):
            delete_take(tmp_path / "b.take")
        writer.finish()
    assert read_take(tmp_path / "b.take").n_frames == 2
