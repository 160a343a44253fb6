"""Captures with an engine of position maps, a stand-in in the network's place.

The picture is two bright dots at the eyes. The stand-in lays a neutral face on the dots that it
sees in a crop, the left one being the subject's right eye: as any network, it knows no mirror.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from mien.core.geometry import REGION_SCALE, load_map_face, roll_of_landmarks
from mien.core.geometry.position_map import load_position_layout
from mien.core.inference.devices import Device
from mien.core.landmarks import engines
from mien.core.pipeline import CapturePlan, FaceFinder, capture, face_finder, solve
from mien.core.pipeline import engine as engine_module
from mien.core.pipeline.engine import points_for_stills
from mien.core.pipeline.second_look import SecondLook
from mien.core.records import FaceBox, Frame
from mien.core.settings import SecondLookSettings, SmoothSettings
from mien.core.takes import read_position_maps

SIZE = (480, 640)
N_FRAMES = 6
EYES = (load_position_layout().landmarks_uv[[36, 39, 42, 45]] * 127).round().astype(int)


def neutral_px():
    """The neutral map, upright, one pixel a millimetre, its eyes' middles at known places."""
    return load_position_layout().neutral_m.astype(np.float64) * [1000.0, -1000.0, -1000.0]


def eye_middles(position_map):
    corners = position_map[EYES[:, 1], EYES[:, 0], :2]
    return np.stack([corners[:2].mean(axis=0), corners[2:].mean(axis=0)])


def map_from_eyes(right, left):
    """Lay the neutral face on two eyes by a similarity."""
    face = neutral_px()
    one, other = eye_middles(face)
    a, b = (complex(*(left - right)), complex(*(other - one)))
    factor = a / b
    flat = (face[..., 0] - one[0]) + 1j * (face[..., 1] - one[1])
    placed = flat * factor + complex(*right)
    depth = (face[..., 2] - face[..., 2].mean()) * abs(factor)
    return np.stack([placed.real, placed.imag, depth], axis=-1).astype(np.float32)


def eyes_at(index):
    """Where the eyes are in a frame: they wander, lean, and come nearer."""
    middle = np.array([300.0 + 4 * index, 200.0 - 2 * index])
    angle, half = 0.3 + 0.02 * index, 30.0 + index
    step = half * np.array([np.cos(angle), np.sin(angle)])
    return middle - step, middle + step


def picture_of(index):
    image = np.zeros((*SIZE, 3), np.uint8)
    for eye in eyes_at(index):
        place = tuple(int(value) for value in np.rint(eye * 16))
        cv2.circle(image, place, 5 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    return image


def dots_of(image):
    """Return the two dots from left to right, and whether they are two."""
    count, labels = cv2.connectedComponents((image[..., 0] > 100).astype(np.uint8))
    found = sorted(
        np.average(np.argwhere(labels == k)[:, ::-1], axis=0,
                   weights=image[..., 0][labels == k].astype(float)).tolist()
        for k in range(1, count)
    )  # fmt: skip
    return np.array(found), count == 3


class DotsNetwork:
    def run(self, *, image):
        maps, presence = [], []
        for crop in image:
            dots, are_two = dots_of(crop)
            maps.append(map_from_eyes(*dots) if are_two else np.zeros((128, 128, 3), np.float32))
            presence.append(0.9 if are_two else 0.0)
        return {"positions": np.stack(maps), "presence": np.array(presence, np.float32)}


class DotsDetector:
    """Finds a box that is half a face too low, as detectors do."""

    def detect(self, image):
        dots, are_two = dots_of(image)
        if not are_two:
            return []
        wide = float(np.linalg.norm(dots[1] - dots[0]))
        x, y = dots.mean(axis=0)
        corners = np.array([x - wide, y - wide * 0.6, x + wide, y + wide * 1.6], np.float32)
        points = np.concatenate([dots, dots, dots]).astype(np.float32)
        return [FaceBox(corners, points, 0.9)]


@pytest.fixture
def dots(monkeypatch):
    spec = engines.EngineSpec(
        "prnet", weights="position_map_128", n_landmarks=33**2, input_size=128, map_size=128
    )
    monkeypatch.setitem(engines.ENGINES, "prnet", spec)
    monkeypatch.setattr(engine_module, "open_network", lambda *args, **options: DotsNetwork())
    monkeypatch.setattr(face_finder, "open_detector", lambda *args, **options: DotsDetector())


def plan_of(tmp_path, **options):
    return CapturePlan(footage="x", take_folder=tmp_path / "take", engine="prnet", **options)


def off_px(found, index):
    return np.abs(found[..., :2] - map_from_eyes(*eyes_at(index))[..., :2]).max()


def test_a_face_is_found_and_followed_and_its_map_lies_on_the_image(dots, tmp_path):
    finder = FaceFinder(plan_of(tmp_path))
    for index in range(N_FRAMES):
        (face,) = finder.find(Frame(index, index / 25.0, picture_of(index)))
        assert off_px(face.position_map, index) < 2.0
        placed = face.position_map[EYES[:, 1], EYES[:, 0], :2]
        vertices = load_map_face().landmark_vertex[[36, 39, 42, 45]]
        assert np.abs(face.points_px[vertices, :2] - placed).max() < 3.0
        assert np.ptp(face.position_map[..., 2]) > 60.0


def test_regions_are_a_quarter_larger_than_the_map_and_lean_with_it(dots, tmp_path):
    finder = FaceFinder(plan_of(tmp_path))
    before = None
    for index in range(N_FRAMES):
        (face,) = finder.find(Frame(index, index / 25.0, picture_of(index)))
        angle = 0.3 + 0.02 * index
        assert roll_of_landmarks(face.points_px) == pytest.approx(angle, abs=0.03)
        assert face.followed.rotation_rad == pytest.approx(angle, abs=0.03)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        upright = face.position_map[..., :2].reshape(-1, 2) @ turn
        side = np.ptp(upright, axis=0).max()
        assert face.followed.size_px == pytest.approx(REGION_SCALE * side, rel=0.02)
        # Detected faces are looked at twice: the first crop is as good as those that follow.
        expected = REGION_SCALE * side if before is None else before.size_px
        assert face.region.size_px == pytest.approx(expected, rel=0.04)
        before = face.followed


@pytest.mark.parametrize("n_crops", [1, 2, 4])
def test_crops_that_are_mirrored_and_turned_agree_with_the_image(dots, tmp_path, n_crops):
    plan = plan_of(tmp_path, second_look=SecondLookSettings(n_crops=n_crops))
    finder, second = FaceFinder(plan), SecondLook(plan, Device("cpu"))
    faces = finder.find(Frame(0, 0.0, picture_of(0)))
    patches = second.keep(picture_of(0), faces)
    (again,) = second.look(faces, patches=patches, regions=[faces[0].followed])
    assert off_px(again.position_map, 0) < 2.0 and again.followed == faces[0].followed
    assert np.abs(again.points_px - faces[0].points_px)[:, :2].max() < 0.3


def test_without_dots_there_is_no_face(dots, tmp_path):
    finder = FaceFinder(plan_of(tmp_path))
    assert finder.find(Frame(0, 0.0, np.zeros((*SIZE, 3), np.uint8))) == [None]


def test_stills_are_rated_by_facemeshs_landmarks_and_hold_all_of_the_map(dots, tmp_path):
    (face,) = FaceFinder(plan_of(tmp_path)).find(Frame(0, 0.0, picture_of(0)))
    points = points_for_stills(face).points_px
    right, left = eyes_at(0)
    assert np.linalg.norm(points[33, :2] - right) < 25.0 < np.linalg.norm(points[33, :2] - left)
    assert np.linalg.norm(points[263, :2] - left) < 25.0
    assert points[152, 1] > points[10, 1]
    assert len(points) == 478 + 33**2
    assert points[:, :2].min() == face.points_px[:, :2].min()


@pytest.mark.parametrize("quality", ["live", "best"])
def test_a_capture_keeps_the_maps_and_is_solved(dots, tmp_path, monkeypatch, quality):
    shots = tmp_path / "shots"
    shots.mkdir()
    for index in range(N_FRAMES):
        assert cv2.imwrite(str(shots / f"a_{index:03d}.png"), picture_of(index))
    monkeypatch.setattr(sys.modules[capture.__module__], "_weights_sha256", lambda plan: {})
    folder = tmp_path / "take"
    take = capture(
        CapturePlan(footage=str(shots), take_folder=folder, engine="prnet", quality=quality)
    )
    assert take.faces[0].landmarks_px.shape == (N_FRAMES, 33**2, 3)
    maps = read_position_maps(take, 0, first=0, stop=N_FRAMES)
    assert max(off_px(maps[index], index) for index in range(N_FRAMES)) < 2.5
    per_frame = sum(file.stat().st_size for file in (folder / "face0").iterdir()) / N_FRAMES
    assert per_frame <= 120_000
    (found,) = solve(take, SmoothSettings(mode="none"), density="4k")
    assert found.landmarks_smooth_px.shape == (N_FRAMES, 65**2, 3)
