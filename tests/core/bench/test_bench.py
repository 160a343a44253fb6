"""A clip is benched: each contestant in a process of its own, with the truth beside it."""

import json

import numpy as np
import pytest

from mien.core.bench.bench import BenchResult, BenchRow, bench_clip
from mien.core.bench.clip_file import write_clip
from mien.core.bench.contestants import is_available
from mien.core.bench.measure import TrackingScore
from mien.core.errors import ArgumentError, CannotOpen


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
def test_what_a_contestant_runs_into_is_told_in_its_row(clip):
    result = bench_clip(clip, contestants=("decoding", "live"))
    assert result.rows[0].note == ""
    assert "NoFace" in result.rows[1].note
    assert "No face was found" in result.lines()[-1]


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


@pytest.mark.parametrize("content", ["text", "cut", "array", "other"])
def test_a_truth_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "truth.npz"
    if content == "text":
        path.write_text("no truth")
    elif content == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        np.savez(path, other=np.zeros(300))
        if content == "cut":
            path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(
        CannotOpen, match=r"truth\.npz' cannot be read: it is something else\. It mu"
    ):
        bench_clip(str(tmp_path / "clip.mp4"), truth_file=path)
