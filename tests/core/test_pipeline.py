"""How the stages are joined, with a stand-in in the networks' place."""

import sys
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from mien.core.errors import BackendError, Cancelled, CannotDecode, NoFace, TakeError
from mien.core.landmarks import engine_spec
from mien.core.pipeline import CapturePlan, capture, frame_loop, solve
from mien.core.records import FaceTrack, Footage, Frame, Landmarks, Provenance, Region, Take
from mien.core.settings import SmoothSettings
from mien.core.takes import is_temporary_take, read_take
from mien.core.track import region_from_landmarks

N_FRAMES = 4


class StandInFinder:
    """Finds the same face in every frame, or none."""

    has_face = True
    warnings = ()

    def __init__(self, plan):
        self.n_landmarks = engine_spec(plan.engine).n_landmarks
        self.device = None

    def find(self, frame):
        size = (self.n_landmarks, 3)
        points = np.random.default_rng(0).uniform(10, 50, size).astype(np.float32)
        return [Landmarks(points, 0.9, Region(30, 30, 40, 0)) if self.has_face else None]

    def follow(self, frame, faces):
        pass

    def begin_shot(self):
        pass


class StandInSecondLook:
    """Moves each face by a pixel; gives way to an error at one of the frames."""

    fails_at = None

    def __init__(self, plan, device):
        pass

    def keep(self, image, faces):
        return tuple(int(image[0, 0, 0]) for _ in faces)

    def look(self, faces, *, patches, regions):
        if self.fails_at in patches:
            raise BackendError("The network is gone.")
        return [
            None if face is None else replace(face, points_px=face.points_px + 1, region=region)
            for face, region in zip(faces, regions, strict=True)
        ]


class StandInCamera:
    """Gives frames until nobody takes them."""

    footage = Footage("rtsp://h/x", "camera", (64, 64), 30.0, None)
    files = ()
    warnings = ()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def frames(self):
        index = 0
        while True:
            yield Frame(index, index / 30.0, np.zeros((64, 64, 3), np.uint8))
            index += 1


@pytest.fixture
def capturing(monkeypatch):
    """The module of `capture`, which needs no weights."""
    module = sys.modules[capture.__module__]
    monkeypatch.setattr(module, "FaceFinder", StandInFinder)
    monkeypatch.setattr(frame_loop, "SecondLook", StandInSecondLook)
    monkeypatch.setattr(module, "_weights_sha256", lambda plan: {})
    return module


@pytest.fixture
def shots(tmp_path):
    """A folder of numbered images."""
    folder = tmp_path / "shots"
    folder.mkdir()
    for number in range(1, N_FRAMES + 1):
        image = np.full((64, 64, 3), 10 * number, np.uint8)
        assert cv2.imwrite(str(folder / f"shot_{number:04d}.png"), image)
    return folder


def cancel_at(n_done):
    def on_progress(progress):
        if progress.done == n_done:
            raise Cancelled("Interrupted.")

    return on_progress


@pytest.mark.parametrize("name", ["", "shot_####.png", "shot_*.png", "shot_0001.png"])
def test_images_are_known_again_however_they_are_named(capturing, shots, tmp_path, name):
    plan = CapturePlan(str(shots / name), tmp_path / "take")
    with pytest.raises(Cancelled):
        capture(plan, on_progress=cancel_at(2))
    made = read_take(plan.take_folder).provenance
    assert made.footage_bytes == sum(file.stat().st_size for file in shots.iterdir())
    assert made.footage_sha256 is not None
    again = CapturePlan(plan.footage, plan.take_folder, is_resumed=True)
    assert capture(again).n_frames == N_FRAMES
    cv2.imwrite(str(shots / "shot_0003.png"), np.eye(64, dtype=np.uint8) * 255)
    with pytest.raises(TakeError, match="cannot be resumed: it was made with other footage than"):
        capture(again)


def test_a_recording_ends_when_it_is_stopped_and_cannot_go_on(capturing, tmp_path, monkeypatch):
    monkeypatch.setattr(capturing, "open_source", lambda path, settings, **_: StandInCamera())
    plan = CapturePlan("rtsp://me:pa/ss@h/x", tmp_path / "take")
    take = capture(plan, on_progress=cancel_at(3))
    assert (take.n_frames, take.is_complete) == (3, True)
    monkeypatch.setattr(capturing, "open_source", None)  # nothing is opened to find out
    with pytest.raises(TakeError, match=r"what the camera showed is gone\. Export the take as"):
        capture(CapturePlan(plan.footage, plan.take_folder, is_resumed=True))
    assert read_take(plan.take_folder).n_frames == 3


def test_a_recording_without_a_face_shows_no_password(capturing, tmp_path, monkeypatch):
    monkeypatch.setattr(capturing, "open_source", lambda path, settings, **_: StandInCamera())
    monkeypatch.setattr(StandInFinder, "has_face", False)
    with pytest.raises(NoFace, match=r"^No face was found in 'rtsp://h/x'"):
        capture(CapturePlan("rtsp://me:pa/ss@h/x", tmp_path / "take"), on_progress=cancel_at(3))


def test_a_take_is_temporary_until_a_plan_wants_to_keep_it(capturing, shots, tmp_path):
    place = tmp_path / "take"
    found = []
    for is_temporary in (True, True, False, True):
        capture(
            CapturePlan(str(shots), place, is_resumed=place.exists(), is_temporary=is_temporary)
        )
        found.append(is_temporary_take(place))
    assert found == [True, True, False, False]


def test_a_take_of_an_engine_that_is_not_there_is_the_takes_fault():
    track = FaceTrack(
        np.ones(1, np.float32), np.ones((1, 468, 3), np.float32), np.ones((1, 4), np.float32)
    )
    take = Take(
        footage=Footage("clip.mp4", "video", (100, 100), 25.0, 1),
        provenance=Provenance("9.9", "mesh-of-tomorrow", {}, {}, "2030"),
        time_s=np.zeros(1),
        frame_index=np.zeros(1, np.int32),
        faces=(track,),
        is_complete=True,
        warnings=(),
        folder="clip.take",
    )
    with pytest.raises(TakeError, match=r"'clip.take' was .*'mesh-of-tomorrow'.* Update Mien, or"):
        solve(take, SmoothSettings())


def test_best_keeps_what_the_second_look_found_and_where_it_looked(capturing, shots, tmp_path):
    live = capture(CapturePlan(str(shots), tmp_path / "live", quality="live")).faces[0]
    best = capture(CapturePlan(str(shots), tmp_path / "best")).faces[0]
    np.testing.assert_array_equal(best.landmarks_px, live.landmarks_px + 1)
    own = region_from_landmarks(live.landmarks_px[0], scale=1.5).as_array()
    np.testing.assert_allclose(best.regions, np.tile(own, (N_FRAMES, 1)), rtol=1e-6)


@pytest.mark.parametrize("quality", ["live", "best"])
def test_footage_that_breaks_off_keeps_every_frame_before(
    capturing, tmp_path, monkeypatch, quality
):
    class BrokenCamera(StandInCamera):
        def frames(self):
            yield from islice(super().frames(), 7)
            raise CannotDecode("The cable came out.")

    monkeypatch.setattr(capturing, "open_source", lambda path, settings, **_: BrokenCamera())
    plan = CapturePlan("rtsp://h/x", tmp_path / "take", quality=quality)
    with pytest.raises(CannotDecode, match="The cable came out"):
        capture(plan)
    take = read_take(plan.take_folder)
    assert (take.n_frames, take.is_complete) == (7, False)


@pytest.mark.parametrize("quality", ["live", "best"])
def test_a_first_look_that_fails_keeps_every_frame_before(
    capturing, shots, tmp_path, monkeypatch, quality
):
    def find(self, frame):
        if frame.index == 3:
            raise BackendError("The network is gone.")
        return found(self, frame)

    found = StandInFinder.find
    monkeypatch.setattr(StandInFinder, "find", find)
    plan = CapturePlan(str(shots), tmp_path / "take", quality=quality)
    with pytest.raises(BackendError, match="The network is gone"):
        capture(plan)
    assert read_take(plan.take_folder).frame_index.tolist() == [0, 1, 2]


def test_a_second_look_that_fails_leaves_no_hole(capturing, shots, tmp_path, monkeypatch):
    plan = CapturePlan(str(shots), tmp_path / "take")
    monkeypatch.setattr(StandInSecondLook, "fails_at", 30)  # the third image
    with pytest.raises(BackendError, match="The network is gone"):
        capture(plan)
    assert read_take(plan.take_folder).frame_index.tolist() == [0, 1]
    monkeypatch.setattr(StandInSecondLook, "fails_at", None)
    assert capture(replace(plan, is_resumed=True)).frame_index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("quality", ["live", "best"])
def test_the_shots_of_a_resumed_take_go_on(capturing, tmp_path, quality):
    folder = tmp_path / "shots"
    folder.mkdir()
    pictures = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3), np.uint8)
    for number in range(12):
        assert cv2.imwrite(str(folder / f"shot_{number:04d}.png"), pictures[number // 4])
    plan = CapturePlan(str(folder), tmp_path / "take", quality=quality)
    with pytest.raises(Cancelled):
        capture(plan, on_progress=cancel_at(6))
    assert read_take(plan.take_folder).shot.tolist() == [0, 0, 0, 0, 1, 1]
    take = capture(replace(plan, is_resumed=True))
    assert take.shot.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert take.cuts_s.tolist() == [take.time_s[4], take.time_s[8]]
