"""The bench's result, as values, tables, goals and files."""

import json
from pathlib import Path

import pytest

from mien.core.bench import bench as bench_module
from mien.core.bench.accuracy import AccuracyRow, ConditionResult
from mien.core.bench.bench import BenchPlan, BenchResult, run_bench, write_result
from mien.core.bench.measure import TrackingScore
from mien.core.bench.speed import SpeedRow
from mien.core.errors import CannotOpen

NAN = float("nan")


def score(error=1.0, unbiased=0.5, jitter=1.0, lag=0.01, blink=0.98, jaw=1.0):
    return TrackingScore(90, 0, error, unbiased, jitter, lag, blink, jaw)


@pytest.fixture
def result():
    speed = (
        SpeedRow("decoding", "decoding alone", 90, 1000.0, 1.0, 0.02, 80.0, (1000.0,)),
        SpeedRow("live", "Mien live", 90, 250.0, 3.6, 0.2, 132.0, (240.0, 250.0, 260.0), 0.4),
        SpeedRow("best", "Mien best", 90, 90.0, 9.0, 0.9, 150.0, (90.0,), 0.1),
        SpeedRow("mediapipe-refined", "MediaPipe, refined", 90, 100.0, 9.0, 0.3, 210.0, (), 0.9),
        SpeedRow("mediapipe-task", "FaceLandmarker", note="no task file given"),
    )
    rows = (
        AccuracyRow("best", "Mien best", score(jitter=0.08, blink=0.9), score(blink=1.0)),
        AccuracyRow("mediapipe-refined", "MediaPipe, refined", score(error=2.0, jaw=NAN)),
        AccuracyRow("mediapipe-task", "FaceLandmarker", note="no task file given"),
    )
    conditions = (
        ConditionResult("noise-8", "noise of 8 levels", 30.0, 180, rows),
        ConditionResult("h264-23", "CRF 23", 30.0, 180, note="PyAV is not installed"),
    )
    return BenchResult(
        "a/b.mp4", (720, 1280), 30.0, "facemesh", 3, "a machine", speed, "face", "us", conditions
    )


def test_the_table_has_a_row_for_each_and_says_why_one_is_empty(result):
    lines = result.lines()
    assert lines[0] == "b.mp4: 1280 × 720, 30 Hz, facemesh; 3 rounds; a machine"
    assert lines[1].split()[:3] == ["frames/s", "CPU", "ms"]
    by_start = {line.strip().partition("  ")[0]: line for line in lines}
    assert by_start["decoding alone"].split()[2:] == ["1e+03", "1", "0.02", "80", "–"] or (
        by_start["decoding alone"].split()[2:] == ["1000", "1", "0.02", "80", "–"]
    )
    assert lines[6].endswith("FaceLandmarker      no task file given")
    assert "noise-8 (noise of 8 levels)" in lines
    assert any(line.startswith("h264-23 (CRF 23)") and "PyAV" in line for line in lines)
    assert "Moving photograph: face; at rest, us" in lines


def test_goals_are_met_or_missed_by_what_was_reached(result):
    goals = {goal.name: goal for goal in result.goals}
    assert goals["live / MediaPipe refined, frames/s"].value == 2.5
    assert goals["live / MediaPipe refined, frames/s"].is_met
    assert not goals["best / MediaPipe refined, frames/s"].is_met
    assert goals["best / MediaPipe refined, jitter"].value == pytest.approx(0.08)
    assert goals["best / MediaPipe refined, jitter"].is_met
    assert not goals["best / MediaPipe refined, error"].is_met, "0.5 is more than 1/2.5"
    assert not goals["best, blink kept of the truth"].is_met
    assert goals["best, lag, frames"].is_met
    shown = "\n".join(result.lines())
    assert "missed" in shown and "met" in shown


def test_values_are_json_without_nan_and_with_what_smoothing_kept(result):
    values = json.loads(json.dumps(result.values(), allow_nan=False))
    best, refined, absent = values["conditions"][0]["rows"]
    assert best["blink_of_raw"] == pytest.approx(0.9) and refined["blink_of_raw"] is None
    assert refined["score"]["jaw_kept"] is None and absent["score"] is None
    assert values["speed"][1]["per_second_rounds"] == [240.0, 250.0, 260.0]
    assert {"name", "value", "least", "most", "is_met"} == set(values["goals"][0])


def test_results_are_saved_as_text_and_json(result, tmp_path):
    both = write_result(result, tmp_path / "new" / "folder")
    assert [path.name for path in both] == ["bench.json", "bench.txt"]
    assert json.loads(both[0].read_text())["engine"] == "facemesh"
    assert both[1].read_text(encoding="utf-8").splitlines() == list(result.lines())
    (one,) = write_result(result, tmp_path / "only.json")
    assert one.read_text() == both[0].read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "only.json"]


def test_wrong_inputs_are_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_module, "measure_speed", lambda *args, **options: pytest.fail("ran"))
    with pytest.raises(CannotOpen, match=r"'.*absent\.npz' cannot be read"):
        run_bench(BenchPlan("clip.mp4", truth_file=tmp_path / "absent.npz"))
    with pytest.raises(CannotOpen):
        run_bench(BenchPlan(str(Path(tmp_path) / "absent.mp4")))
