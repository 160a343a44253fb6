"""Engines and the authors' networks find 68 points in photographs, whichever way they look."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_data import write_image, write_pts

from mien.core.errors import ArgumentError, WeightsMissing
from mien.core.evaluate import authors_maps
from mien.core.evaluate.authors_maps import AUTHORS_MAPS, AuthorsMapFinder
from mien.core.evaluate.boxes import box_overlap
from mien.core.evaluate.evaluation import EvaluationPlan, evaluate
from mien.core.evaluate.point_finder import open_finder, points_of_68
from mien.core.geometry.canonical_face import load_canonical_face
from mien.core.geometry.position_map import load_position_layout, vertices_from_map
from mien.core.inference.devices import Device
from mien.core.landmarks.topology import FACEMESH_OF_68, mirrored_points
from mien.core.records import FaceBox

# Which of the 68 each becomes in a mirror, after the iBUG scheme's own picture.
MIRRORED = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def test_the_list_of_68_is_the_same_on_both_sides():
    chosen = np.array(FACEMESH_OF_68)
    assert len(set(chosen.tolist())) == 68
    assert (mirrored_points(468)[chosen] == chosen[MIRRORED]).all()
    assert (points_of_68(478) == chosen).all()


def test_the_list_of_68_lies_where_ict_facekits_authors_marked_them():
    """MediaPipe's canonical face by our list, laid on ICT-FaceKit's, which has its own marks.

    The two heads differ by some millimetres: within the face no point is off by more than half the
    width of an eye, and along the jaw, where landmarks slide, the order is the same.
    """
    layout = load_position_layout()
    marked = vertices_from_map(layout.neutral_m, layout.landmarks_uv).astype(np.float64)
    ours = load_canonical_face(468).topology.neutral_m[list(FACEMESH_OF_68)].astype(np.float64)
    middle, target_middle = ours[17:].mean(axis=0), marked[17:].mean(axis=0)
    moved, target = ours - middle, marked - target_middle
    u, scales, v = np.linalg.svd(moved[17:].T @ target[17:])
    laid = moved @ u @ v * (scales.sum() / (moved[17:] ** 2).sum())
    off = np.linalg.norm(laid - target, axis=1)
    assert off[17:].max() < 0.5 * np.linalg.norm(marked[36] - marked[39])
    distance = np.linalg.norm(laid[:17, None] - target[None, :17], axis=2)
    assert (np.abs(distance.argmin(axis=1) - np.arange(17)) <= 1).all()


def test_authors_landmarks_lie_symmetrically_on_their_map():
    columns, rows = np.array(authors_maps._COLUMNS), np.array(authors_maps._ROWS)
    assert len(columns) == len(rows) == 68
    assert np.abs(columns + columns[MIRRORED] - 255.5).max() <= 1.5
    assert np.abs(rows - rows[MIRRORED]).max() <= 1


class Stub:
    """A network that keeps what it is given, and a detector with one box."""

    def __init__(self, positions):
        self.positions, self.crops = positions, []

    def run(self, *, image):
        self.crops.append(image[0])
        return {"positions": self.positions[None]}

    def detect(self, image):
        corners = np.array([100, 120, 180, 200], np.float32)
        return [FaceBox(corners, np.zeros((6, 2), np.float32), 0.9)]


@pytest.mark.parametrize("name", AUTHORS_MAPS)
def test_authors_crops_are_those_of_three_pairs_of_points(name, monkeypatch):
    """The square's corners are the centres of the crop's first and last pixels."""
    size = AUTHORS_MAPS[name].size
    positions = np.zeros((size, size, 3), np.float32)
    positions[..., 0] = positions[..., 1] = size - 1  # every point in the last corner
    stub = Stub(positions)
    monkeypatch.setattr(authors_maps, "open_network", lambda *_, **__: stub)
    finder = AuthorsMapFinder(name, stub, device=Device("cpu"), n_threads=1)
    truth = np.zeros((68, 2))
    truth[0], truth[1] = (100.0, 120.0), (180.0, 240.0)  # (w + h) / 2 = 100: a square of 160
    truth[2:] = 150.0
    image = np.zeros((400, 400, 3), np.uint8)
    image[100, 60], image[260, 220], image[100, 220] = (250, 0, 0), (0, 240, 0), (0, 0, 230)
    points = finder.find_near(image, truth)
    assert points == pytest.approx(np.tile([220.0, 260.0], (68, 1)))
    (crop,) = stub.crops
    assert crop.shape == (size, size, 3)
    corners = [crop[0, 0], crop[-1, -1], crop[0, -1]]
    assert [corner.argmax() for corner in corners] == [0, 1, 2]
    assert all(corner.max() > 220 for corner in corners)


def test_authors_crops_around_a_detection_are_lowered_and_looked_at_again(monkeypatch):
    rows, columns = np.mgrid[0:256, 0:256]
    positions = np.stack([columns, rows, 0 * rows], axis=2).astype(np.float32)  # texel = pixel
    stub = Stub(positions)
    monkeypatch.setattr(authors_maps, "open_network", lambda *_, **__: stub)
    finder = AuthorsMapFinder("prnet-resfcn256", stub, device=Device("cpu"), n_threads=1)
    y, x = np.mgrid[0:400, 0:400]
    image = np.stack([x / 2, y / 2, 0 * x], axis=2).astype(np.uint8)  # says where it is
    (points,) = finder.find(image)
    first, second = (crop.astype(float) * 2 for crop in stub.crops)
    # Box of 80 around (140, 160): the centre sinks by 0.14 · 80, the side is 1.58 · 80 = 126.
    assert first[128, 128, :2] == pytest.approx([140.0, 171.2], abs=1.5)
    assert first[128, -1, 0] - first[128, 0, 0] == pytest.approx(126, abs=3)
    table = np.stack([authors_maps._COLUMNS, authors_maps._ROWS], axis=1)
    low, high = table.min(axis=0), table.max(axis=0)
    side = int(1.6 * (high - low).mean() * 126 / 255)
    assert second[128, -1, 0] - second[128, 0, 0] == pytest.approx(side, abs=3)
    assert np.ptp(points, axis=0) == pytest.approx((high - low) * side / 255, rel=1e-3)


def test_weights_that_were_not_imported_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"'lprnet-128' needs weights.*models import variab"):
        open_finder("lprnet-128")
    with pytest.raises(ArgumentError, match="no engine 'nothing'"):
        open_finder("nothing")


def test_boxes_overlap_by_their_share():
    a = np.array([0.0, 0.0, 2.0, 2.0])
    assert box_overlap(a, a) == 1.0
    assert box_overlap(a, a + 1.0) == pytest.approx(1 / 7)
    assert box_overlap(a, a + 2.0) == 0.0 == box_overlap(a, np.zeros(4))


@pytest.mark.weights
def test_an_engine_finds_a_face_wherever_and_however_large_it_is(astronaut, tmp_path):
    """What it found in one photograph is the truth for the same one moved, shrunk and doubled."""
    import cv2

    finder = open_finder("facemesh")
    (truth,) = finder.find(astronaut)
    assert truth.shape == (68, 2)
    scene = np.full((500, 900, 3), 90, np.uint8)
    small = cv2.resize(astronaut, (358, 358), interpolation=cv2.INTER_AREA)
    step = 358 / 512
    placed = (truth + 0.5) * step - 0.5 + np.array([30.0, 60.0])
    scene[60:418, 30:388] = small
    write_image(tmp_path / "one.png", image=scene)
    write_pts(tmp_path / "one.pts", placed)
    scene[60:418, 500:858] = small[:, ::-1]
    write_image(tmp_path / "two.png", image=scene)
    write_pts(tmp_path / "two.pts", placed)
    write_image(tmp_path / "empty.png", 40)
    write_pts(tmp_path / "empty.pts", placed)
    for regions in ("detector", "truth"):
        found = evaluate(EvaluationPlan("facemesh", tmp_path, regions=regions))
        assert found.errors.max() < 0.03, regions
        assert [face.name for face in found.missed] == ["empty.png"]
        assert list(found.several) == (["two.png"] if regions == "detector" else [])
