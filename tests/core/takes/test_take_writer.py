from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import (
    RangeError,
    ShapeError,
    TakeBusy,
    TakeError,
    TakeExists,
    TakeMissing,
)
from mien.core.records import Landmarks, Region
from mien.core.takes import TakeWriter, is_temporary_take, read_stills, read_take, remove_take
from mien.core.takes import take_writer as take_writer_module

sys.path.insert(0, str(Path(__file__).parent))
from take_samples import (
    FOOTAGE,
    N_LANDMARKS,
    PROVENANCE,
    append_frames,
    assert_same_take,
    create,
    faces_of,
    still_of,
)


def whole_take(folder, n_frames):
    with create(folder) as writer:
        append_frames(writer, range(n_frames))
        writer.finish()
    return read_take(folder)


def test_a_take_survives_write_and_read_bit_for_bit(tmp_path):
    with create(tmp_path / "take") as writer:
        append_frames(writer, range(9))
        writer.add_warning("The clip ends early.")
        writer.add_warning("The clip ends early.")
        writer.finish()
    take = read_take(tmp_path / "take")
    assert (take.footage, take.provenance) == (FOOTAGE, PROVENANCE)
    assert take.is_complete and take.warnings == ("The clip ends early.",)
    assert take.folder == str(tmp_path / "take")
    assert take.frame_index.tolist() == list(range(9))
    assert take.time_s.tolist() == [index / 29.97 for index in range(9)]
    for index in range(9):
        for track, face in zip(take.faces, faces_of(index), strict=True):
            if face is None:
                assert track.presence[index] == 0
                assert (
                    np.isnan(track.landmarks_px[index]).all()
                    and np.isnan(track.regions[index]).all()
                )
            else:
                assert track.presence[index] == face.presence
                assert track.landmarks_px[index].tobytes() == face.points_px.tobytes()
                assert track.regions[index].tobytes() == face.region.as_array().tobytes()


def test_a_finished_take_leaves_no_lock_and_nothing_half_written(tmp_path):
    whole_take(tmp_path / "take", 3)
    names = {
        path.relative_to(tmp_path / "take").as_posix() for path in (tmp_path / "take").rglob("*")
    }
    assert names == {"take.json", "time_s.f64", "frame_index.i32", "shot.i32", "face0", "face1"} | {
        f"face{face}/{name}"
        for face in (0, 1)
        for name in ("presence.f32", "landmarks_px.f32", "regions.f32", "followed_regions.f32")
    }


def test_a_presence_that_rounds_to_zero_is_a_lost_face(tmp_path):
    face = Landmarks(np.ones((N_LANDMARKS, 3), np.float32), 0.0, Region(1, 1, 1, 0))
    with create(tmp_path / "take", n_faces=1) as writer:
        writer.append(0, 0.0, faces=[face])
        writer.finish()
    assert np.isnan(read_take(tmp_path / "take").faces[0].landmarks_px).all()


def test_an_exception_leaves_an_incomplete_take_with_all_frames(tmp_path):
    with pytest.raises(ZeroDivisionError), create(tmp_path / "take") as writer:
        append_frames(writer, range(7))
        writer.add_warning("Stopped.")
        1 / 0  # noqa: B018
    take = read_take(tmp_path / "take")
    assert (take.n_frames, take.is_complete, take.warnings) == (7, False, ("Stopped.",))


def test_a_resumed_take_equals_an_uninterrupted_one(tmp_path):
    wanted = whole_take(tmp_path / "whole", 12)
    with create(tmp_path / "take") as writer:
        append_frames(writer, range(5))
    with TakeWriter.resume(tmp_path / "take") as writer:
        assert writer.n_frames == 5 and writer.take_so_far.frame_index.tolist() == [0, 1, 2, 3, 4]
        append_frames(writer, range(5, 12))
        writer.finish()
    assert_same_take(read_take(tmp_path / "take"), wanted)


def test_resuming_a_complete_take_leaves_it_complete_until_a_frame_is_added(tmp_path):
    wanted = whole_take(tmp_path / "take", 4)
    with TakeWriter.resume(tmp_path / "take"):
        pass
    assert_same_take(read_take(tmp_path / "take"), wanted)
    with TakeWriter.resume(tmp_path / "take") as writer:
        append_frames(writer, [4])
        assert not read_take(tmp_path / "take").is_complete
    assert read_take(tmp_path / "take").n_frames == 5


def test_arrays_of_unequal_length_are_cut_to_the_shortest_whole_frame_on_resume(tmp_path):
    wanted = whole_take(tmp_path / "whole", 8)
    with create(tmp_path / "take") as writer:
        append_frames(writer, range(4))
        for file, n_bytes in zip(writer._files, (8, 4, 4, 4, 7, 16, 3, 3, 0, 5, 0), strict=True):
            file.write(b"\1" * n_bytes)
        writer._files, files = [], writer._files  # as if the process had died
    for file in files:
        file.close()
    writer._lock.release()
    assert read_take(tmp_path / "take").n_frames == 4
    with TakeWriter.resume(tmp_path / "take") as writer:
        append_frames(writer, range(4, 8))
        writer.finish()
    assert_same_take(read_take(tmp_path / "take"), wanted)


WRITE_FOR_EVER = """
import itertools, sys
sys.path.insert(0, sys.argv[1])
from take_samples import append_frames, create, still_of
with create(sys.argv[2]) as writer:
    for index in itertools.count():
        append_frames(writer, [index])
        if index % 100 == 0:
            writer.set_stills([still_of(index)])
            writer.sync()
        if index == 250:
            print("running", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_capture_loses_no_whole_frame_and_goes_on_as_if_it_had_not_been_killed(tmp_path):
    folder = tmp_path / "take"
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(Path(__file__).parent), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"running\n"
        with pytest.raises(TakeError, match=f"process {process.pid}"):
            TakeWriter.resume(folder)
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    killed = read_take(folder)
    assert killed.n_frames > 250 and not killed.is_complete
    (still,) = read_stills(folder)
    assert still.frame_index % 100 == 0 and killed.n_frames - 101 <= still.frame_index
    n_frames = killed.n_frames + 20
    with TakeWriter.resume(folder) as writer:
        append_frames(writer, range(killed.n_frames, n_frames))
        writer.finish()
    assert_same_take(read_take(folder), whole_take(tmp_path / "whole", n_frames))


def test_two_captures_cannot_write_one_take(tmp_path):
    with create(tmp_path / "take") as writer:
        append_frames(writer, range(2))
        with pytest.raises(TakeBusy, match=f"another capture .process {os.getpid()}."):
            TakeWriter.resume(tmp_path / "take")
        with pytest.raises(TakeBusy, match="another capture"):
            create(tmp_path / "take", is_overwriting=True)
        assert read_take(tmp_path / "take").n_frames == 2
    TakeWriter.resume(tmp_path / "take").close()


def test_a_lock_file_that_a_dead_process_left_locks_nothing(tmp_path):
    whole_take(tmp_path / "take", 2)
    (tmp_path / "take" / "take.lock").write_text("1")
    TakeWriter.resume(tmp_path / "take").close()
    assert not (tmp_path / "take" / "take.lock").exists()


def test_a_take_that_is_there_is_not_written_over_unless_asked(tmp_path):
    wanted = whole_take(tmp_path / "take", 5)
    with pytest.raises(TakeExists, match=r"already\. Choose another folder, or go on with"):
        create(tmp_path / "take")
    assert_same_take(read_take(tmp_path / "take"), wanted)
    (tmp_path / "take" / "notes.txt").write_text("mine")
    with create(tmp_path / "take", n_faces=1, is_overwriting=True) as writer:
        append_frames(writer, range(3), n_faces=1)
    take = read_take(tmp_path / "take")
    assert (take.n_frames, len(take.faces)) == (3, 1)
    assert not (tmp_path / "take" / "face1").exists()
    assert (tmp_path / "take" / "notes.txt").read_text() == "mine"


def test_removing_a_take_removes_nothing_else(tmp_path):
    for name in ("take", "shared"):
        with create(tmp_path / name) as writer:
            writer.set_stills([still_of(1)])
            append_frames(writer, range(3))
    (tmp_path / "shared" / "notes.txt").write_text("mine")
    remove_take(tmp_path / "take")
    remove_take(tmp_path / "shared")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "shared",
        "shared/notes.txt",
    ]


def test_a_damaged_take_can_be_overwritten(tmp_path):
    wanted = whole_take(tmp_path / "whole", 5)
    whole_take(tmp_path / "take", 5)
    (tmp_path / "take" / "take.json").write_text("{")
    with create(tmp_path / "take", is_overwriting=True) as writer:
        append_frames(writer, range(5))
        writer.finish()
    assert_same_take(read_take(tmp_path / "take"), wanted)


def test_a_crash_before_the_first_header_leaves_a_place_for_a_new_take(tmp_path):
    (tmp_path / "take" / "face0").mkdir(parents=True)
    (tmp_path / "take" / "time_s.f64").touch()
    (tmp_path / "take" / "face0" / "presence.f32").touch()
    (tmp_path / "take" / "take.lock").write_text("1")
    create(tmp_path / "take").close()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere/take", "there is no folder '.*nowhere'. Make it first"),
        ("file", "a file of that name is there"),
        ("full", "it holds other files. Choose a new or empty folder"),
        ("file/take", "there is no folder '.*file'"),
    ],
)
def test_a_place_that_is_no_place_for_a_take_is_left_as_it_is(tmp_path, place, message):
    (tmp_path / "file").write_text("text")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("text")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TakeError, match=message):
        create(tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_write_protected_folder_is_said(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(TakeError, match="write-protected"):
        create(tmp_path / "locked" / "take")


def test_nothing_can_be_resumed_where_there_is_no_take_and_nothing_is_left(tmp_path):
    with pytest.raises(TakeMissing, match=r"there is no 'take.json' in it"):
        TakeWriter.resume(tmp_path)
    with pytest.raises(TakeMissing):
        TakeWriter.resume(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def test_frames_that_do_not_fit_are_refused_and_change_nothing(tmp_path):
    with create(tmp_path / "take", n_faces=1) as writer:
        append_frames(writer, [3], n_faces=1)
        good = faces_of(2, n_faces=1)
        for index, time_s in (
            (3, 9.0),
            (2, 9.0),
            (4, 0.0),
            (4, 3 / 29.97),
            (4, np.nan),
            (4, np.inf),
        ):
            with pytest.raises(RangeError, match="must come after frame 3"):
                writer.append(index, time_s, faces=good)
        with pytest.raises(RangeError, match="shot must be 1 or more, got 0"):
            writer.append(4, 1.0, faces=good, shot=0)
        with pytest.raises(ShapeError, match="faces must have 1 entries, got 2"):
            writer.append(4, 1.0, faces=[*good, None])
        with pytest.raises(ShapeError, match="points_px"):
            writer.append(
                4, 1.0, faces=[Landmarks(np.ones((6, 3), np.float32), 1.0, Region(1, 1, 1, 0))]
            )
        points = np.full((N_LANDMARKS, 3), np.nan, np.float32)
        with pytest.raises(RangeError, match="finite points"):
            writer.append(4, 1.0, faces=[Landmarks(points, 1.0, Region(1, 1, 1, 0))])
        with pytest.raises(ShapeError, match="image"):
            writer.set_stills(
                [still_of(1).__class__(0, 1, 1.0, np.zeros((0, 4, 3), np.uint8), 0, 0, 1)]
            )
    assert read_take(tmp_path / "take").n_frames == 1


def test_stills_survive_and_those_no_longer_wanted_are_removed(tmp_path):
    with create(tmp_path / "take") as writer:
        writer.set_stills([still_of(1), still_of(2), still_of(5, face=1)])
        writer.sync()
        files = {
            path.name: path.stat().st_mtime_ns for path in (tmp_path / "take/stills").iterdir()
        }
        writer.set_stills([still_of(3), still_of(2), still_of(5, face=1)])
        append_frames(writer, range(3))
        writer.finish()
    found = read_stills(tmp_path / "take")
    assert [(still.face_index, still.frame_index) for still in found] == [(0, 3), (0, 2), (1, 5)]
    for still in found:
        wanted = still_of(still.frame_index, face=still.face_index)
        assert still.image.tobytes() == wanted.image.tobytes()
        assert (still.score, still.x_px, still.y_px, still.scale) == (wanted.score, 1.5, -2.25, 0.1)
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "take/stills").iterdir()}
    assert len(now) == 3 and len(now.items() & files.items()) == 2
    with TakeWriter.resume(tmp_path / "take") as writer:
        writer.set_stills(found)
        writer.sync()
    assert {
        path.name: path.stat().st_mtime_ns for path in (tmp_path / "take/stills").iterdir()
    } == now


def test_stills_are_not_written_at_every_frame(tmp_path, monkeypatch):
    monkeypatch.setattr(take_writer_module, "SYNC_INTERVAL_S", 3600.0)
    with create(tmp_path / "take") as writer:
        for index in range(50):
            writer.set_stills([still_of(index)])
            append_frames(writer, [index])
        assert not (tmp_path / "take" / "stills").exists()
    assert [still.frame_index for still in read_stills(tmp_path / "take")] == [49]


def assert_full_disk_keeps_what_was_written(folder):
    with pytest.raises(TakeError) as caught, create(folder) as writer:
        append_frames(writer, range(10_000))
    take = read_take(folder)
    assert take.n_frames > 20 and not take.is_complete
    assert "What is there is kept; make room, then resume" in str(caught.value)
    return take, str(caught.value)


FULL_FILE = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from test_take_writer import assert_full_disk_keeps_what_was_written
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
assert_full_disk_keeps_what_was_written(sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_file_that_may_not_grow_keeps_what_was_written_and_can_be_resumed(tmp_path):
    folder = tmp_path / "take"
    command = [sys.executable, "-c", FULL_FILE, str(Path(__file__).parent), str(folder)]
    subprocess.run(command, check=True)
    n_frames = read_take(folder).n_frames
    with TakeWriter.resume(folder) as writer:
        append_frames(writer, range(n_frames, 100))
        writer.finish()
    assert_same_take(read_take(folder), whole_take(tmp_path / "whole", 100))


def test_a_full_disk_keeps_what_was_written_and_can_be_resumed(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux to mount a small tmpfs")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs a system that lets root mount a small tmpfs")
    try:
        take, message = assert_full_disk_keeps_what_was_written(disk / "take")
        assert "No space left on device" in message
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        with TakeWriter.resume(disk / "take") as writer:
            append_frames(writer, range(take.n_frames, take.n_frames + 50))
            writer.finish()
        assert_same_take(
            read_take(disk / "take"), whole_take(tmp_path / "whole", take.n_frames + 50)
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_temporary_take_stays_one_until_someone_goes_on_with_it_to_keep_it(tmp_path):
    whole_take(tmp_path / "kept", 1)
    assert not is_temporary_take(tmp_path / "kept")
    place = tmp_path / "take"
    with create(place, is_temporary=True) as writer:
        append_frames(writer, [0])
    assert is_temporary_take(place)
    with TakeWriter.resume(place) as writer:
        append_frames(writer, [1])
    assert is_temporary_take(place)
    with TakeWriter.resume(place, is_temporary=False):
        pass
    assert not is_temporary_take(place)
    assert read_take(place).n_frames == 2
