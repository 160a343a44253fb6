import numpy as np
import pytest

from mien.core.detect.blazeface import (
    BlazeFace,
    anchor_centers,
    letterbox,
    merge_overlapping,
    overlap,
)
from mien.core.settings import DetectSettings


class FakeNetwork:
    """Answers with one face at a chosen anchor."""

    def __init__(self, anchor: int) -> None:
        self.scores = np.full((1, 896), -50.0, np.float32)
        self.scores[0, anchor] = 3.0
        self.boxes = np.zeros((1, 896, 16), np.float32)
        self.boxes[0, anchor] = [0, 0, 32, 64, *([-8, 4] * 6)]

    def run(self, **inputs):
        assert inputs["image"].shape == (1, 128, 128, 3)
        return {"scores": self.scores, "boxes": self.boxes}

    def close(self) -> None: ...


def test_anchors_are_row_by_row_the_fine_grid_first():
    anchors = anchor_centers()
    assert anchors.shape == (896, 2)
    assert anchors[0] == pytest.approx([0.5 / 16, 0.5 / 16])
    assert anchors[2] == pytest.approx([1.5 / 16, 0.5 / 16])
    assert anchors[32] == pytest.approx([0.5 / 16, 1.5 / 16])
    assert anchors[512] == pytest.approx([0.5 / 8, 0.5 / 8])
    assert anchors[-1] == pytest.approx([7.5 / 8, 7.5 / 8])


def test_a_box_of_a_wide_image_is_laid_back_out_of_the_letterbox():
    # Anchor in row 8, column 4 of the 16 × 16 grid: (4.5/16, 8.5/16) of a square of 640.
    face = BlazeFace(FakeNetwork((8 * 16 + 4) * 2), DetectSettings()).detect(
        np.zeros((360, 640, 3), np.uint8)
    )[0]
    center_x, center_y = 4.5 / 16 * 640, 8.5 / 16 * 640 - 140
    assert face.corners_px == pytest.approx(
        [center_x - 80, center_y - 160, center_x + 80, center_y + 160]
    )
    assert face.key_points_px[0] == pytest.approx([center_x - 40, center_y + 20])
    assert face.score == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_a_letterbox_keeps_the_aspect_and_is_black_outside():
    image = np.full((64, 128, 3), 200, np.uint8)
    boxed = letterbox(image)
    assert (boxed[40:90] == 200).all()
    assert (boxed[:30] == 0).all()
    assert (boxed[100:] == 0).all()


def test_merging_is_the_weighted_mean_under_the_best_score():
    def square(x, y, side):
        corners = [[x, y], [x + side, y + side]]
        return corners + [[x, y]] * 6

    points = np.array([square(0, 0, 10), square(1, 0, 10), square(100, 0, 10)], np.float32)
    merged = merge_overlapping(points, np.array([0.6, 0.9, 0.7], np.float32), min_overlap=0.3)
    assert [score for _, score in merged] == pytest.approx([0.9, 0.7])
    assert merged[0][0][0, 0] == pytest.approx((0 * 0.6 + 1 * 0.9) / 1.5)
    assert merged[1][0][0, 0] == pytest.approx(100.0)


def test_overlap_is_that_of_rectangles():
    box = np.array([[0.0, 0.0], [2.0, 2.0]])
    others = np.array([[[1.0, 1.0], [3.0, 3.0]], [[0, 0], [2, 2]], [[5, 5], [6, 6]]])
    assert overlap(box, others) == pytest.approx([1 / 7, 1.0, 0.0])


def test_an_image_of_one_pixel_is_searched_without_complaint():
    network = FakeNetwork(0)
    network.scores[:] = -50.0
    assert BlazeFace(network, DetectSettings()).detect(np.zeros((1, 1, 3), np.uint8)) == []
