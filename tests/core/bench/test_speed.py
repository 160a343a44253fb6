"""A clip is benched: each contestant in a process of its own, in rounds, beside the truth."""

import sys

import numpy as np
import pytest

from mien.core import errors
from mien.core.bench import running, speed
from mien.core.bench.clip_file import write_clip
from mien.core.bench.contestants import CONTESTANTS
from mien.core.bench.running import Answer, Setup
from mien.core.bench.speed import measure_speed, read_truth
from mien.core.errors import ArgumentError, BackendError, CannotOpen, NoFace

NOTHING_BESIDE = Setup()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "colours 'n' ünïcode.mp4"
    frames = (np.full((64, 96, 3), 20 * index, np.uint8) for index in range(12))
    write_clip(path, frames, rate_hz=25.0)
    return str(path)


def one(clip, name, *, setup=NOTHING_BESIDE, n_rounds=1, **options):
    (row,) = measure_speed(clip, setup, n_rounds=n_rounds, contestants=(name,), **options)
    return row


def test_decoding_is_measured_in_a_process_of_its_own(clip):
    row = one(clip, "decoding", n_rounds=2)
    assert (row.name, row.label, row.n_frames) == ("decoding", "decoding alone", 12)
    assert row.per_second > 20 and row.cpu_ms < 100 and row.note == ""
    assert row.peak_mb is None or 20 < row.peak_mb < 400
    assert len(row.per_second_rounds) == 2
    assert min(row.per_second_rounds) <= row.per_second <= max(row.per_second_rounds)


def test_contestants_take_turns_and_the_median_counts(clip, monkeypatch):
    order, reported = [], []

    def run(name, clip, setup):
        order.append(name)
        speed_now = {"decoding": [900.0, 30.0, 1000.0], "live": [100.0, 90.0, 3.0]}[name]
        values = {"n_steps": 9, "start_s": 0.1, "cpu_ms": 5.0, "peak_bytes": 10**8 + len(order)}
        return Answer({**values, "per_second": speed_now[order.count(name) - 1]})

    monkeypatch.setattr(speed, "run_on_clip", run)
    decoding, live = measure_speed(
        clip, NOTHING_BESIDE, n_rounds=3, contestants=("decoding", "live"),
        on_progress=reported.append,
    )  # fmt: skip
    assert order == ["decoding", "live"] * 3
    assert [progress.done for progress in reported] == [0, 1, 2, 3, 4, 5]
    assert (decoding.per_second, live.per_second) == (900.0, 90.0)
    assert live.peak_mb == pytest.approx(100.000006)


@pytest.mark.weights
def test_a_clip_without_a_face_is_the_same_error_as_everywhere(clip):
    with pytest.raises(NoFace, match=r"^No face was found in '"):
        one(clip, "live")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("CannotDecode", "^It broke.$"),
        ("KeyError", "^Measuring 'Mien best' failed: KeyError: It broke.$"),
    ],
)
def test_what_mien_runs_into_ends_the_bench(clip, monkeypatch, name, message):
    answer = {"error": name, "message": "It broke."}
    monkeypatch.setattr(running, "run_child", lambda job, python: answer)
    with pytest.raises(getattr(errors, name, BackendError), match=message):
        one(clip, "best")


def test_what_mediapipe_runs_into_is_told_in_its_row(clip, monkeypatch):
    asked = []

    def run_child(job, python):
        asked.append(python)
        return {"error": "ValueError", "message": "It broke."}

    monkeypatch.setattr(running, "run_child", run_child)
    row = one(clip, "mediapipe", setup=Setup(mediapipe_python="/another/python"), n_rounds=3)
    assert (row.note, asked) == ("ValueError: It broke.", ["/another/python"])


def test_what_cannot_take_part_says_why(clip):
    assert one(clip, "mediapipe-refined").note == "MediaPipe is not installed"
    has_mediapipe = Setup(mediapipe_python=sys.executable)
    assert one(clip, "mediapipe-task", setup=has_mediapipe).note == "no task file given"
    assert not any(NOTHING_BESIDE.lacks(name) for name in ("decoding", "live", "best"))
    assert {"mediapipe", "mediapipe-refined", "mediapipe-task"} <= set(CONTESTANTS)


def test_a_truth_of_another_length_than_the_clip_is_refused(clip):
    with pytest.raises(ArgumentError, match=r"got 11 where 'decoding' found 12$"):
        one(clip, "decoding", truth_px=np.zeros((11, 468, 3), np.float32))


def test_modules_beside_the_footage_are_not_imported(clip, tmp_path, monkeypatch):
    for name in ("json", "cv2", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the clip folder')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert one(clip, "decoding").n_frames == 12


@pytest.mark.parametrize("content", ["absent", "text", "cut", "array", "other", "scalar"])
def test_a_truth_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "truth.npz"
    if content == "text":
        path.write_text("no truth")
    elif content == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif content == "scalar":
        np.savez(path, landmarks_px=np.zeros(()))
    elif content != "absent":
        np.savez(path, other=np.zeros(300))
        if content == "cut":
            path.write_bytes(path.read_bytes()[:500])
    reason = "No such file or directory" if content == "absent" else "it is something else"
    with pytest.raises(CannotOpen, match=rf"truth\.npz' cannot be read: {reason}\. It mu"):
        read_truth(path)
