"""The engine prnet beside FaceMesh on real pictures: two networks that learnt apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.core.geometry import load_map_face, vertices_from_map
from mien.core.geometry.position_map import load_position_layout
from mien.core.landmarks.topology import FACEMESH_OF_68
from mien.core.pipeline import CapturePlan, FaceFinder, capture, solve
from mien.core.records import Frame
from mien.core.settings import SmoothSettings, SourceSettings

GOAL_PERCENT, GOAL_JITTER = 4.0, 2.0
EYE_CORNERS = (36, 45)
CLIPS = (
    "intel_ccby_asl_yes.mkv",
    "sadtalker_WDA_KatieHill.mp4",
    "pyfeat_WolfgangLanger_Pexels.mp4",
)
END_S = 2.6

pytestmark = pytest.mark.weights


def box_of(points):
    return np.sqrt(np.ptp(points, axis=-2).prod(-1))


def jitter(points):
    squares = (np.diff(points, n=2, axis=0) ** 2).sum(-1).mean(-1)
    return float(np.sqrt(np.nanmedian(squares)))


def face_in(image, tmp_path, engine):
    finder = FaceFinder(CapturePlan(footage="x", take_folder=tmp_path / "t", engine=engine))
    frames = [finder.find(Frame(index, index / 25.0, image))[0] for index in range(3)]
    return frames[-1]


def same_skin(position_map):
    """The map's points at FaceMesh's nearest to the 68 landmarks."""
    uv = load_position_layout().facemesh_uv[list(FACEMESH_OF_68)]
    return vertices_from_map(position_map, uv)[:, :2]


@pytest.mark.parametrize("angle", [0.0, 35.0, -60.0])
def test_a_portrait_has_its_points_where_facemesh_sees_them(astronaut, tmp_path, angle):
    turn = cv2.getRotationMatrix2D((225.0, 120.0), angle, 1.0)
    image = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
    theirs = face_in(image, tmp_path, "facemesh").points_px[list(FACEMESH_OF_68), :2]
    found = face_in(image, tmp_path, "prnet")
    assert found.presence > 0.9
    off = np.linalg.norm(same_skin(found.position_map) - theirs, axis=-1).mean() / box_of(theirs)
    assert 100.0 * off <= GOAL_PERCENT, f"{100 * off:.2f} % of the box"
    nose_tip, *jaw = found.points_px[load_map_face().landmark_vertex[[30, 0, 16]], 2]
    assert nose_tip < min(jaw)  # depth grows away from the camera


def test_pictures_without_a_face_have_none(astronaut, tmp_path):
    finder = FaceFinder(CapturePlan(footage="x", take_folder=tmp_path / "t", engine="prnet"))
    corner = np.ascontiguousarray(astronaut[300:, :200])
    assert finder.find(Frame(0, 0.0, corner)) == [None]


@pytest.mark.parametrize("clip", CLIPS)
def test_clips_agree_without_flips_and_shake_no_more(clip, data_file, tmp_path):
    takes = {
        engine: capture(
            CapturePlan(
                footage=str(data_file(f"clips/{clip}")), take_folder=tmp_path / engine,
                engine=engine, quality="live", source=SourceSettings(end_s=END_S),
            )
        )
        for engine in ("facemesh", "prnet")
    }  # fmt: skip
    live = {name: solve(take, SmoothSettings(mode="live"))[0] for name, take in takes.items()}
    vertex = load_map_face().landmark_vertex
    theirs = live["facemesh"].track.landmarks_px[:, FACEMESH_OF_68, :2].astype(float)
    ours = live["prnet"].track.landmarks_px[:, vertex, :2].astype(float)
    assert (takes["prnet"].faces[0].presence > 0).mean() > 0.98
    both = np.isfinite(theirs[:, 0, 0]) & np.isfinite(ours[:, 0, 0])
    across = [points[both, EYE_CORNERS[1]] - points[both, EYE_CORNERS[0]] for points in
              (theirs, ours)]  # fmt: skip
    assert ((across[0] * across[1]).sum(-1) > 0).all()
    off = np.linalg.norm(ours - theirs, axis=-1).mean(-1)[both] / box_of(theirs)[both]
    print(f"{clip}: median {100 * np.median(off):.2f} %, worst {100 * off.max():.2f} %")
    assert 100.0 * np.median(off) <= GOAL_PERCENT
    shaking = jitter(live["prnet"].landmarks_smooth_px[:, vertex, :2].astype(float))
    usual = jitter(live["facemesh"].landmarks_smooth_px[:, FACEMESH_OF_68, :2].astype(float))
    assert shaking <= GOAL_JITTER * usual
