"""Captures of a made clip with the shipped networks: what is kept, resumed, refused."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from mien.core.errors import Cancelled, NoFace, TakeError, TakeExists
from mien.core.inference.weights import find_weights
from mien.core.landmarks import engine_spec
from mien.core.pipeline import CapturePlan, capture, solve
from mien.core.settings import DEFAULT_ENGINE, SmoothSettings, SourceSettings, TrackSettings
from mien.core.source import opening
from mien.core.takes import read_stills, read_take

pytestmark = pytest.mark.weights

N_FRAMES = 16


def _write_clip(path, frames):
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (width, height))
    for image in frames:
        writer.write(np.ascontiguousarray(image[..., ::-1]))
    writer.release()
    return path


@pytest.fixture(scope="module")
def clip(astronaut, tmp_path_factory):
    """A head that drifts to the right and is covered in frames 6 to 8."""
    frames = []
    for index in range(N_FRAMES):
        image = np.roll(astronaut, 3 * index, axis=1)
        if 6 <= index <= 8:
            image = np.full_like(image, 90)
        frames.append(image)
    return _write_clip(tmp_path_factory.mktemp("clip") / "drifting head.avi", frames)


def _plan(clip, folder, **others):
    return CapturePlan(footage=str(clip), take_folder=folder, **others)


def _stop_after(n_frames):
    def on_progress(progress):
        if progress.done >= n_frames:
            raise Cancelled

    return on_progress


def test_a_covered_face_is_a_gap_and_is_found_again(clip, tmp_path):
    take = capture(_plan(clip, tmp_path / "take"))
    is_lost = take.faces[0].presence == 0
    assert np.flatnonzero(is_lost).tolist() == [6, 7, 8]
    assert np.isnan(take.faces[0].landmarks_px[is_lost]).all()
    assert take.time_s == pytest.approx(np.arange(N_FRAMES) / 25.0, abs=1e-6)
    # The head drifts 3 px a frame in x and not at all in y.
    centers = take.faces[0].landmarks_px[:, :, :2].mean(axis=1)
    assert centers[15] - centers[0] == pytest.approx([45.0, 0.0], abs=1.5)


@pytest.mark.parametrize("quality", ["live", "best"])
@pytest.mark.parametrize("n_before", [1, 7, 12])
def test_a_stopped_capture_resumed_is_the_same_as_one_in_one_go(clip, tmp_path, n_before, quality):
    whole = capture(_plan(clip, tmp_path / "whole", quality=quality))
    with pytest.raises(Cancelled):
        plan = _plan(clip, tmp_path / "parts", quality=quality)
        capture(plan, on_progress=_stop_after(n_before))
    assert read_take(plan.take_folder).n_frames == n_before, "what waits is written, too"
    parts = capture(replace(plan, is_resumed=True))
    assert parts.is_complete
    assert parts.faces[0].presence[10] > 0
    np.testing.assert_array_equal(parts.frame_index, whole.frame_index)
    np.testing.assert_array_equal(parts.time_s, whole.time_s)
    np.testing.assert_array_equal(parts.faces[0].landmarks_px, whole.faces[0].landmarks_px)


KILLED_CAPTURE = """
import os, sys
from pathlib import Path
from mien.core.inference.weights import find_weights
from mien.core.pipeline import CapturePlan, capture
def on_progress(progress):
    if progress.done == int(sys.argv[3]):
        os.kill(os.getpid(), 9)
folder = Path(sys.argv[2])
plan = CapturePlan(sys.argv[1], folder, quality=sys.argv[4], is_resumed=folder.exists())
capture(plan, on_progress=on_progress)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signal 9")
@pytest.mark.parametrize(("quality", "n_waiting"), [("live", 0), ("best", 22)])
def test_a_capture_killed_again_and_again_keeps_the_stills_of_one_in_one_go(
    astronaut, tmp_path, quality, n_waiting
):
    sharp_first = [
        astronaut,
        *[cv2.blur(astronaut, (5, 5))] * 19,
        *[cv2.blur(astronaut, (3, 3))] * 20,
    ]
    clip = _write_clip(tmp_path / "clip.avi", sharp_first)
    capture(_plan(clip, tmp_path / "whole", quality=quality))
    for n_before in (3, 17, 30):
        words = [clip, tmp_path / "parts", str(n_before), quality]
        assert subprocess.run([sys.executable, "-c", KILLED_CAPTURE, *words]).returncode == -9
        n_kept = read_take(tmp_path / "parts").n_frames
        assert n_before - n_waiting <= n_kept <= n_before
    capture(_plan(clip, tmp_path / "parts", quality=quality, is_resumed=True))
    whole, parts = (read_stills(tmp_path / name) for name in ("whole", "parts"))
    assert [s.frame_index for s in parts] == [s.frame_index for s in whole]
    assert [one.score for one in parts] == [one.score for one in whole]
    assert parts[0].frame_index == 0, "what an early kill lost is looked for again"
    for part, one in zip(parts, whole, strict=True):
        assert (part.x_px, part.y_px, part.scale) == (one.x_px, one.y_px, one.scale)
        np.testing.assert_array_equal(part.image, one.image)


def test_resuming_what_is_complete_changes_nothing(clip, tmp_path):
    plan = _plan(clip, tmp_path / "take", source=SourceSettings(end_s=0.2))
    first = capture(plan)
    again = capture(_plan(clip, tmp_path / "take", source=plan.source, is_resumed=True))
    assert again.n_frames == first.n_frames == 5
    np.testing.assert_array_equal(again.faces[0].landmarks_px, first.faces[0].landmarks_px)


def test_resuming_with_other_settings_is_refused(clip, tmp_path):
    with pytest.raises(Cancelled):
        capture(_plan(clip, tmp_path / "take"), on_progress=_stop_after(2))
    other = _plan(clip, tmp_path / "take", is_resumed=True, track=TrackSettings(n_faces=2))
    with pytest.raises(TakeError, match="made with other settings than asked for"):
        capture(other)


def test_a_take_is_not_overwritten_unless_asked(clip, tmp_path):
    capture(_plan(clip, tmp_path / "take"))
    with pytest.raises(TakeExists):
        capture(_plan(clip, tmp_path / "take"))
    capture(_plan(clip, tmp_path / "take", is_overwriting=True))


def test_footage_without_a_face_says_so_and_leaves_no_take(tmp_path):
    frames = [np.full((90, 120, 3), value, np.uint8) for value in (20, 120, 220)]
    clip = _write_clip(tmp_path / "empty.avi", frames)
    with pytest.raises(NoFace, match=r"No face was found in '.*empty.avi' \(3 frames\)"):
        capture(_plan(clip, tmp_path / "take"))
    assert not (tmp_path / "take").exists()


def test_a_take_keeps_the_engines_own_name(clip, tmp_path):
    take = capture(_plan(clip, tmp_path / "take", engine="facemesh"))
    assert take.provenance.engine == engine_spec("facemesh").name


def test_resuming_with_other_weights_is_refused(clip, tmp_path):
    with pytest.raises(Cancelled):
        capture(_plan(clip, tmp_path / "take"), on_progress=_stop_after(2))
    header = tmp_path / "take" / "take.json"
    sha256 = find_weights(engine_spec(DEFAULT_ENGINE).weights).sha256
    header.write_text(header.read_text().replace(sha256, "0" * 64))
    with pytest.raises(TakeError, match="made with other weights than asked for"):
        capture(_plan(clip, tmp_path / "take", is_resumed=True))


@pytest.fixture(scope="module")
def two_faces(astronaut, tmp_path_factory):
    """Two heads, both covered in frames 6 to 11; the one on the right is back first, in frame 12.

    It comes back in the middle, so that only its look tells who it is.
    """
    head = astronaut[20:250, 110:340]
    other = np.clip(head[:, ::-1] * np.array([0.75, 0.55, 0.4]), 0, 255).astype(np.uint8)
    frames = []
    for index in range(20):
        image = np.full((300, 800, 3), (90, 110, 120), np.uint8)
        if index < 6 or index >= 16:
            image[30:260, 40:270] = head
        if index < 6:
            image[30:260, 520:750] = other
        elif index >= 12:
            image[30:260, 290:520] = other
        frames.append(image)
    return _write_clip(tmp_path_factory.mktemp("two") / "two faces.avi", frames)


@pytest.mark.parametrize("n_before", [4, 8, 11, 14])
def test_a_resumed_capture_knows_who_is_who(two_faces, tmp_path, n_before):
    track = TrackSettings(n_faces=2)
    whole = capture(_plan(two_faces, tmp_path / "whole", track=track))
    with pytest.raises(Cancelled):
        plan = _plan(two_faces, tmp_path / "parts", track=track)
        capture(plan, on_progress=_stop_after(n_before))
    parts = capture(_plan(two_faces, tmp_path / "parts", track=track, is_resumed=True))
    # The face that is back first is the one that was on the right, whichever slot that is.
    right = int(np.nanargmax([track.landmarks_px[2, 0, 0] for track in whole.faces]))
    assert whole.faces[right].presence[13] > 0
    assert whole.faces[1 - right].presence[13] == 0
    for one, other in zip(whole.faces, parts.faces, strict=True):
        np.testing.assert_array_equal(one.landmarks_px, other.landmarks_px)


class SwellingCapture:
    """Gives the portrait, from the tenth frame on at another size, as some containers do."""

    def __init__(self, portrait):
        self.portrait = np.ascontiguousarray(portrait[..., ::-1])
        self.position = -1

    def isOpened(self):
        return True

    def grab(self):
        self.position += 1
        return self.position < 24

    def retrieve(self, _buffer=None):
        factor = 1.0 if self.position < 10 else 1.5
        return True, cv2.resize(self.portrait, None, fx=factor, fy=factor)

    def get(self, name):
        size = self.portrait.shape
        return {
            cv2.CAP_PROP_POS_MSEC: self.position * 40.0,
            cv2.CAP_PROP_FRAME_HEIGHT: size[0],
            cv2.CAP_PROP_FRAME_WIDTH: size[1],
            cv2.CAP_PROP_FPS: 25.0,
        }.get(name, 0.0)

    def release(self):
        pass


@pytest.mark.parametrize("quality", ["live", "best"])
def test_footage_that_changes_its_size_is_scaled_and_says_so(
    astronaut, tmp_path, monkeypatch, quality
):
    path = tmp_path / "swelling.mp4"
    path.write_bytes(b"?")
    opened = partial(opening.VideoFile, open_capture=lambda _: SwellingCapture(astronaut))
    monkeypatch.setattr(opening, "VideoFile", opened)
    take = capture(_plan(path, tmp_path / "take", quality=quality))
    assert any("14 frames were scaled to 512×512" in text for text in take.warnings)
    assert take.n_frames == 24 and take.shot.max() == 0
    points = take.faces[0].landmarks_px[..., :2]
    assert np.abs(points - np.median(points, axis=0)).mean() < 0.7


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_a_frame_of_one_pixel_is_looked_at_without_complaint(tmp_path, size):
    image = np.zeros((*size, 3), np.uint8)
    path = tmp_path / "pixel.png"
    cv2.imwrite(str(path), image)
    with pytest.raises(NoFace):
        capture(_plan(path, tmp_path / "take"))


def test_an_8k_frame_gives_the_face_of_its_small_copy(astronaut, tmp_path):
    small = cv2.resize(astronaut[:300, 70:370], (540, 540), interpolation=cv2.INTER_CUBIC)
    canvas = np.full((540, 960, 3), 100, np.uint8)
    canvas[:, 200:740] = small
    points = {}
    for factor in (1, 8):
        image = cv2.resize(canvas, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        path = tmp_path / f"{'one' if factor == 1 else 'eight'}.png"
        cv2.imwrite(str(path), image[..., ::-1])
        take = capture(_plan(path, tmp_path / f"take{factor}"))
        points[factor] = take.faces[0].landmarks_px[0] / factor
    inter_ocular = np.linalg.norm(points[1][33] - points[1][263])
    off = np.linalg.norm((points[8] - points[1])[:, :2], axis=1)
    assert off.max() < 0.06 * inter_ocular
    assert off.mean() < 0.02 * inter_ocular


@pytest.mark.parametrize("mode", ["none", "live", "best"])
def test_the_subjects_left_eye_is_at_positive_x_and_the_nose_in_front(clip, tmp_path, mode):
    (performance,) = solve(capture(_plan(clip, tmp_path / "take")), SmoothSettings(mode=mode))
    face = np.nanmean(performance.geometry.head_m, axis=0)
    left_eye, right_eye, nose_tip, chin, forehead = (face[k] for k in (263, 33, 1, 152, 10))
    assert left_eye[0] > 0.03 > -0.03 > right_eye[0]
    assert nose_tip[2] > max(left_eye[2], right_eye[2], chin[2])
    assert forehead[1] > left_eye[1] > nose_tip[1] > chin[1]
    # In the image the subject's left eye lies on the right.
    assert performance.landmarks_smooth_px[0, 263, 0] > performance.landmarks_smooth_px[0, 33, 0]


def test_short_gaps_are_filled_only_on_request_and_say_so(clip, tmp_path):
    take = capture(_plan(clip, tmp_path / "take"))
    (gappy,) = solve(take, SmoothSettings(fill_gap_s=0.0))
    (filled,) = solve(take, SmoothSettings(fill_gap_s=1.0))
    assert not gappy.is_present[6:9].any()
    assert filled.is_present.all()
    assert np.flatnonzero(filled.is_filled).tolist() == [6, 7, 8]
    assert np.isnan(filled.track.landmarks_px[7]).all()


def test_what_is_not_smoothed_keeps_its_landmarks_and_what_is_filled_lies_between(clip, tmp_path):
    take = capture(_plan(clip, tmp_path / "take"))
    (filled,) = solve(take, SmoothSettings(mode="none", fill_gap_s=1.0))
    points, raw = filled.landmarks_smooth_px, take.faces[0].landmarks_px
    seen = ~filled.is_filled
    np.testing.assert_array_equal(points[seen], raw[seen])
    between = points[7] - (raw[5] + 2.0 / 4.0 * (raw[9] - raw[5]))
    assert np.abs(between[:, :2]).max() < 2.0
    assert np.abs(between[:, 2] - between[:, 2].mean()).max() < 2.0


def test_smoothing_that_changes_nothing_keeps_the_depths_between_points(clip, tmp_path):
    take = capture(_plan(clip, tmp_path / "take"))
    (kept,) = solve(take, SmoothSettings(mode="best", motion_threshold=0.0, depth="frame"))
    off = (kept.landmarks_smooth_px - take.faces[0].landmarks_px)[kept.is_present]
    assert np.abs(off[..., :2]).max() < 1e-3
    # The origin of depth is anyone's choice, one number a frame; all else must come back.
    assert np.ptp(off[..., 2], axis=1).max() < 1e-2
