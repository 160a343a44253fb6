"""Contestants are compared with the truth of footage that is made for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.core.bench import accuracy
from mien.core.bench.accuracy import AccuracyRow, measure_accuracy, portrait_of, true_landmarks
from mien.core.bench.child import python_with, run_child
from mien.core.bench.conditions import CONDITIONS, HEADLINE, chosen_conditions
from mien.core.bench.footage import (
    Condition,
    Portrait,
    footage_job,
    save_portrait,
    write_h264,
    write_lossless,
)
from mien.core.bench.goals import goals_of
from mien.core.bench.measure import TrackingScore
from mien.core.bench.motion import MotionSettings
from mien.core.bench.running import Answer, Setup
from mien.core.errors import ArgumentError, NoFace
from mien.core.geometry import load_canonical_face
from mien.core.settings import SourceSettings
from mien.core.source import open_source

SMALL = MotionSettings(size=(96, 128), n_frames=40, seed=3, noise_sigma=6.0)
SHORT = replace(SMALL, n_frames=10, rate_hz=25.0)


@pytest.fixture(scope="module")
def portrait():
    points = load_canonical_face(468).topology.neutral_m * [1100.0, -1100.0, -1100.0]
    rows, columns = np.mgrid[:512, :512]
    photo = np.stack([columns // 2, rows // 2, 0 * rows + 128], axis=-1).astype(np.uint8)
    return Portrait(photo, points + np.array([256.0, 230.0, 0.0]), "ramps", "construction")


def frames_of(path):
    with open_source(str(path), SourceSettings()) as source:
        return source.footage.rate_hz, np.stack([frame.image for frame in source.frames()])


def test_a_lossless_clip_gives_its_frames_back_bit_for_bit(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 48, 64, 3), np.uint8)
    write_lossless(str(tmp_path / "a.avi"), images, size=(48, 64), rate_hz=60.0)
    rate_hz, found = frames_of(tmp_path / "a.avi")
    assert rate_hz == 60.0 and np.array_equal(found, images)


def test_h264_loses_more_at_a_higher_factor(tmp_path, portrait):
    python = python_with("av")
    if python is None:
        pytest.skip("PyAV is not installed, nor beside this checkout")
    moving = portrait.moving(SHORT)
    images = np.stack([moving.frame(index) for index in range(SHORT.n_frames)])
    save_portrait(portrait, tmp_path / "portrait.npz")
    losses, sizes = [], []
    for crf in (18, 35):
        path = tmp_path / f"{crf}.mp4"
        condition = Condition("h264", "H.264", SHORT, crf=crf)
        job = footage_job(tmp_path / "portrait.npz", condition, path=path)
        sizes.append(run_child(job, python=python)["n_bytes"])
        rate_hz, found = frames_of(path)
        assert rate_hz == 25.0 and found.shape == images.shape
        losses.append(np.abs(found.astype(float) - images).mean())
    assert losses[0] < losses[1] and sizes[0] > 2 * sizes[1]


def test_h264_of_odd_sides_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="even sides, got 65 × 48"):
        write_h264(str(tmp_path / "a.mp4"), [], size=(48, 65), rate_hz=25.0, crf=23)


def test_each_condition_is_drawn_run_and_compared_with_its_own_truth(portrait, monkeypatch):
    seen = []

    def run(name, clip, setup):
        rate_hz, images = frames_of(clip)
        assert Path(clip).exists()
        seen.append((name, rate_hz, len(images)))
        condition = conditions[len(seen) > 1]
        truth = true_landmarks(portrait, condition)
        return Answer({}, smooth_px=truth + np.array([3.0, 4.0, 0.0]), raw_px=truth)

    conditions = (Condition("a", "30", SMALL), Condition("b", "60", replace(SMALL, rate_hz=60.0)))
    monkeypatch.setattr(accuracy, "run_on_clip", run)
    names = ("decoding", "best", "mediapipe")
    first, second = measure_accuracy(portrait, conditions, Setup(), contestants=names)
    assert seen == [("best", 30.0, 40), ("best", 60.0, 40)]
    for found, rate_hz in ((first, 30.0), (second, 60.0)):
        best, absent = found.rows
        assert (found.rate_hz, absent.note) == (rate_hz, "MediaPipe is not installed")
        share = 100.0 * 5.0 / portrait.moving(SMALL).inter_ocular_px
        assert best.score.error_percent == pytest.approx(share, rel=0.05)
        assert best.score.bias_free_error_percent == pytest.approx(0.0, abs=1e-6)
        assert best.raw.error_percent == pytest.approx(0.0, abs=1e-6)
        assert best.blink_of_raw == pytest.approx(1.0)


def test_h264_without_an_encoder_is_told_and_the_rest_goes_on(portrait, monkeypatch):
    monkeypatch.setattr(accuracy, "python_with", lambda module, named: None)
    condition = Condition("h264", "H.264", SMALL, crf=23)
    (found,) = measure_accuracy(portrait, (condition,), Setup(), contestants=("best",))
    assert found.rows == () and "PyAV" in found.note


def test_what_smoothing_keeps_is_told_apart_from_what_the_network_saw():
    def score(blink, jaw):
        return TrackingScore(9, 0, 1.0, 1.0, 1.0, 0.0, blink, jaw)

    row = AccuracyRow("best", "Mien best", score(0.81, 0.5), score(0.9, 1.0))
    assert (row.blink_of_raw, row.jaw_of_raw) == (pytest.approx(0.9), 0.5)
    assert AccuracyRow("mediapipe", "MediaPipe", score(0.8, 1.0)).blink_of_raw is None


def test_conditions_are_chosen_by_name():
    assert [c.name for c in chosen_conditions(["noise-4", "rate-60"])] == ["noise-4", "rate-60"]
    assert len(chosen_conditions(["all"])) == len(CONDITIONS)
    assert chosen_conditions(["none"]) == ()
    with pytest.raises(ArgumentError, match=r"got \['fog'\]$"):
        chosen_conditions(["clean", "fog"])


def test_conditions_last_equally_long_and_differ_in_what_they_say():
    lengths = [c.motion.n_frames / c.motion.rate_hz for c in CONDITIONS.values()]
    assert lengths == [6.0] * len(CONDITIONS)
    assert CONDITIONS[HEADLINE].motion.noise_sigma == 8.0
    assert {c.motion.rate_hz for c in CONDITIONS.values()} == {25.0, 30.0, 50.0, 60.0}
    # One seed: the same blinks and turns everywhere.
    assert len({c.motion.seed for c in CONDITIONS.values()}) == 1


@pytest.mark.weights
def test_a_photograph_without_a_face_is_named():
    with pytest.raises(NoFace, match="in photograph 'grey'"):
        portrait_of("grey", np.full((256, 256, 3), 128, np.uint8), Setup())


@pytest.mark.weights
def test_mediapipe_puts_the_truth_within_a_pixel_of_where_mien_does(astronaut):
    python = python_with("mediapipe")
    if python is None:
        pytest.skip("MediaPipe is not installed, nor beside this checkout")
    setup = Setup(mediapipe_python=python)
    ours = portrait_of("astronaut", astronaut, setup)
    theirs = portrait_of("astronaut", astronaut, setup, is_found_by_mediapipe=True)
    gaps = np.linalg.norm((ours.landmarks_px - theirs.landmarks_px)[:, :2], axis=1)
    assert np.median(gaps) < 0.4 and np.percentile(gaps, 95) < 1.2
    assert "MediaPipe" in theirs.found_by and "facemesh" in ours.found_by


def test_no_goal_is_told_without_what_it_needs():
    assert goals_of((), ()) == ()
