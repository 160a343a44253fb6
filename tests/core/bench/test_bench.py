"""A clip is benched: each contestant in a process of its own, with the truth beside it."""

import json
import sys

import numpy as np
import pytest

from mien.core import errors
from mien.core.bench import bench as bench_module
from mien.core.bench.bench import BenchResult, BenchRow, bench_clip
from mien.core.bench.clip_file import write_clip
from mien.core.bench.contestants import is_available
from mien.core.bench.measure import TrackingScore
from mien.core.errors import ArgumentError, BackendError, CannotOpen, NoFace


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "colours 'n' ünïcode.mp4"
    frames = (np.full((64, 96, 3), 20 * index, np.uint8) for index in range(12))
    write_clip(path, frames, rate_hz=25.0)
    return str(path)


def test_decoding_is_measured_in_a_process_of_its_own(clip):
    result = bench_clip(clip, contestants=("decoding",))
    (row,) = result.rows
    assert (result.size, result.rate_hz, row.name, row.n_frames) == ((64, 96), 25.0, "decoding", 12)
    assert row.per_second > 50 and row.cpu_ms < 100 and row.note == ""
    assert row.peak_mb is None or 20 < row.peak_mb < 400
    assert json.loads(json.dumps(result.values()))["rows"][0]["score"] is None


@pytest.mark.weights
def test_a_clip_without_a_face_is_the_same_error_as_everywhere(clip):
    with pytest.raises(NoFace, match=r"^No face was found in '"):
        bench_clip(clip, contestants=("decoding", "live"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("CannotDecode", "^It broke.$"),
        ("KeyError", "^Measuring 'best' failed: KeyError: It broke.$"),
    ],
)
def test_what_mien_runs_into_ends_the_bench(clip, monkeypatch, name, message):
    monkeypatch.setattr(
        bench_module, "_run_child", lambda job: {"error": name, "message": "It broke."}
    )
    with pytest.raises(getattr(errors, name, BackendError), match=message):
        bench_clip(clip, contestants=("best",))


def test_what_mediapipe_runs_into_is_told_in_its_row(clip, monkeypatch):
    monkeypatch.setattr(bench_module, "is_available", lambda name: True)
    monkeypatch.setattr(
        bench_module, "_run_child", lambda job: {"error": "ValueError", "message": "It broke."}
    )
    (row,) = bench_clip(clip, contestants=("mediapipe",)).rows
    assert row.note == "ValueError: It broke."


def test_a_truth_of_another_length_than_the_clip_is_refused(clip, tmp_path):
    np.savez(tmp_path / "truth.npz", landmarks_px=np.zeros((11, 468, 3), np.float32))
    with pytest.raises(ArgumentError, match=r"got 11 where 'decoding' found 12$"):
        bench_clip(clip, truth_file=tmp_path / "truth.npz")


def test_modules_beside_the_footage_are_not_imported(clip, tmp_path, monkeypatch):
    for name in ("json", "cv2", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the clip folder')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert bench_clip(clip, contestants=("decoding",)).rows[0].n_frames == 12


def test_mediapipe_is_said_to_be_absent_where_it_is(clip):
    if is_available("mediapipe"):
        pytest.skip("MediaPipe is installed")
    result = bench_clip(clip, contestants=("mediapipe",))
    assert result.lines()[-1].split(maxsplit=1) == ["mediapipe", "not installed"]


def test_the_table_shows_the_score_where_there_is_a_truth():
    score = TrackingScore(90, 0, 1.234, 0.5, 0.7, 0.01, 0.98, float("nan"))
    rows = (
        BenchRow("decoding", 90, 1000.0, 1.0, 0.02, 80.0),
        BenchRow("live", 90, 250.0, 3.6, 0.2, 132.0, 0.4, score),
        BenchRow("mediapipe", note="not installed"),
    )
    result = BenchResult("a/b.mp4", (720, 1280), 30.0, "facemesh", rows)
    title, head, decoding, live, absent = result.lines()
    assert title == "b.mp4: 1280 × 720, 30 Hz, facemesh"
    assert head.split()[-3:] == ["lag", "blink", "jaw"]
    assert live.split() == [
        "live", "250", "3.6", "0.2", "132", "0.4", "1.23", "0.7", "0.01", "0.98", "–",
    ]  # fmt: skip
    assert decoding.split()[-1] == "–" and absent.endswith("not installed")
    assert result.values()["rows"][1]["score"]["jaw_kept"] is None, "JSON has no NaN"


def test_wrong_inputs_are_refused_before_anything_runs(clip, tmp_path):
    with pytest.raises(ArgumentError, match="contestants must be among decoding, live"):
        bench_clip(clip, contestants=("nobody",))
    with pytest.raises(CannotOpen, match=r"'.*absent\.npz' cannot be read"):
        bench_clip(clip, truth_file=tmp_path / "absent.npz")
    with pytest.raises(CannotOpen):
        bench_clip(str(tmp_path / "absent.mp4"), contestants=("decoding",))


@pytest.mark.parametrize("content", ["text", "cut", "array", "other", "scalar"])
def test_a_truth_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "truth.npz"
    if content == "text":
        path.write_text("no truth")
    elif content == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif content == "scalar":
        np.savez(path, landmarks_px=np.zeros(()))
    else:
        np.savez(path, other=np.zeros(300))
        if content == "cut":
            path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(
        CannotOpen, match=r"truth\.npz' cannot be read: it is something else\. It mu"
    ):
        bench_clip(str(tmp_path / "clip.mp4"), truth_file=path)
