from __future__ import annotations

from pathlib import Path

from mien.core.bench import bench as bench_module
from mien.core.bench.bench import BenchResult, BenchRow
from mien.core.records import Progress


def test_bench_shows_its_table_and_its_values(mien, mien_json, monkeypatch):
    asked = []

    def bench_clip(clip, *, engine, truth_file, on_progress):
        on_progress(Progress("bench decode", 0, 1))
        asked.append((clip, engine, truth_file))
        return BenchResult(clip, (720, 1280), 25.0, engine, (BenchRow("decode", 9, 290.0),))

    monkeypatch.setattr(bench_module, "bench_clip", bench_clip)
    code, out, err = mien("bench", "a/clip.mp4", "--engine", "facemesh-468", "--truth", "t.npz")
    assert (code, err) == (0, "")
    assert asked == [("a/clip.mp4", "facemesh-468", Path("t.npz"))]
    assert out.startswith("clip.mp4: 1280 × 720, 25 Hz, facemesh-468\n") and "290" in out
    code, values = mien_json("bench", "clip.mp4")
    assert (code, values["rows"][0]["per_second"]) == (0, 290.0)


def test_bench_of_nothing_ends_with_3(mien):
    assert mien("bench", "nowhere.mp4")[0] == 3
