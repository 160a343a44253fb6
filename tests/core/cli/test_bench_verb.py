from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mien import core
from mien.core.bench.bench import BenchResult
from mien.core.bench.speed import SpeedRow
from mien.core.records import Progress


@pytest.fixture
def asked(monkeypatch):
    """Plans that the verb made; the bench itself is left out."""
    plans = []

    def run_bench(plan, *, on_progress):
        on_progress(Progress("bench decode", 0, 1))
        plans.append(plan)
        rows = (SpeedRow("decoding", "decoding alone", 9, 290.0),)
        return BenchResult(plan.clip, (720, 1280), 25.0, plan.setup.engine, 3, "here", rows)

    monkeypatch.setattr(core.bench, "run_bench", run_bench)
    return plans


def test_bench_shows_its_table_and_its_values(mien, mien_json, asked):
    code, out, err = mien(
        "bench", "a/clip.mp4", "--engine", "facemesh-468", "--truth", "t.npz", "--rounds", "5",
        "--conditions", "none",
    )  # fmt: skip
    assert (code, err) == (0, "")
    (plan,) = asked
    assert (plan.clip, plan.setup.engine, plan.truth_file, plan.n_rounds) == (
        "a/clip.mp4", "facemesh-468", Path("t.npz"), 5,
    )  # fmt: skip
    assert plan.photograph is None and plan.conditions == () and not plan.is_truth_mediapipes
    assert out.startswith("clip.mp4: 1280 × 720, 25 Hz, facemesh-468;") and "290" in out
    code, values = mien_json("bench", "clip.mp4", "--conditions", "none")
    assert (code, values["speed"][0]["per_second"]) == (0, 290.0)


def test_bench_puts_a_photograph_in_motion_and_saves_what_it_found(mien, asked, tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "face.png"), np.full((4, 4, 3), (0, 0, 255), np.uint8))
    code, _, _ = mien(
        "bench", "clip.mp4", "--photograph", str(tmp_path / "face.png"), "--out",
        str(tmp_path / "out"), "--conditions", "clean,rate-60", "--truth-by", "mediapipe",
    )  # fmt: skip
    assert code == 0
    (plan,) = asked
    name, image = plan.photograph
    assert name == "face.png" and image[0, 0].tolist() == [255, 0, 0]
    assert [condition.name for condition in plan.conditions] == ["clean", "rate-60"]
    assert plan.is_truth_mediapipes
    saved = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert saved["speed"][0]["name"] == "decoding"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rounds", "0"], "no number of rounds"),
        (["--conditions", "fog"], "conditions must be 'all', 'none' or among clean"),
        (["--conditions", "none", "--task", "absent.task"], "'absent.task' is missing"),
    ],
)
def test_wrong_words_end_with_2(mien, asked, words, message):
    code, _, err = mien("bench", "clip.mp4", *words)
    assert code == 2 and message in err
    assert not asked


def test_bench_of_nothing_ends_with_3(mien):
    assert mien("bench", "nowhere.mp4", "--conditions", "none")[0] == 3
