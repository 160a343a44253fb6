"""Which points the camera sees, against shapes whose answer is known and against painted pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.geometry import canonical_face_of, visible_points


def sheet(side=20, *, z=0.0, size=100.0):
    """A square that faces the camera: points (side², 3), triangles counter-clockwise."""
    x, y = np.meshgrid(np.linspace(0, size, side), np.linspace(0, size, side))
    points = np.stack([x, y, np.full_like(x, z)], axis=-1).reshape(-1, 3)
    grid = np.arange(side * side).reshape(side, side)
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    quads = np.stack([a.ravel(), b.ravel(), c.ravel(), d.ravel()], axis=1)
    return points, np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)


def turned(points, yaw):
    cos, sin = np.cos(yaw), np.sin(yaw)
    head = points.astype(np.float64) @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return head * [1800.0, -1800.0, -1800.0] + [640.0, 360.0, 0.0]


def painted(points, triangles):
    """Which points are seen where triangles are painted from far to near: a second way."""
    scale, offset = 2.0, 40.0
    flat = ((points[:, :2] - points[:, :2].min(axis=0)) * scale + offset).astype(np.float64)
    layer = np.full((int(flat[:, 1].max() + 80), int(flat[:, 0].max() + 80)), -1, np.int32)
    depth = points[triangles, 2]
    for index in np.argsort(-depth.mean(axis=1)):
        cv2.fillConvexPoly(layer, np.rint(flat[triangles[index]]).astype(np.int32), (int(index),))
    column, row = np.rint(flat).astype(int).T
    front = layer[row, column]
    allowed = 0.06 * np.ptp(points[:, :2], axis=0).max()
    return (front < 0) | (depth.max(axis=1)[front] > points[:, 2] - allowed)


def test_a_sheet_is_seen_from_its_front_only():
    points, triangles = sheet()
    assert visible_points(points[None], triangles).all()
    assert not visible_points(points[None], triangles[:, ::-1]).any()


def test_what_lies_behind_is_hidden_and_what_lies_beside_is_not():
    front, triangles = sheet()
    back = front + np.array([50.0, 0.0, 60.0])
    both = np.concatenate([front, back])[None]
    seen = visible_points(both, np.concatenate([triangles, triangles + len(front)]))[0]
    assert seen[: len(front)].all()
    is_covered = back[:, 0] < 94.0
    assert not seen[len(front) :][is_covered].any()
    assert seen[len(front) :][back[:, 0] > 112.0].all()


@pytest.mark.parametrize("n_points", [468, 33**2, 65**2])
@pytest.mark.parametrize("yaw", [-1.0, 0.0, 0.6, 1.3])
def test_a_turned_face_hides_its_far_side_as_painted_pixels_do(n_points, yaw):
    topology = canonical_face_of(n_points).topology
    points = turned(topology.neutral_m, yaw)
    seen = visible_points(points[None], topology.triangles)[0]
    corner = points[topology.triangles]
    normal_z = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 2]
    total = np.zeros(n_points)
    np.add.at(total, topology.triangles.ravel(), np.repeat(normal_z, 3))
    wanted = painted(points, topology.triangles) & (total < 0)
    assert (seen == wanted).mean() > 0.95
    if abs(yaw) > 0.9:
        far = topology.neutral_m[:, 0] * np.sign(yaw) < -0.05
        near = topology.neutral_m[:, 0] * np.sign(yaw) > 0.05
        assert {seen[far].mean() < 0.2, seen[near].mean() < 0.2} == {True, False}


def test_lost_frames_show_nothing_and_shapes_are_checked():
    points, triangles = sheet()
    both = np.stack([points, np.full_like(points, np.nan)])
    assert visible_points(both, triangles)[0].all()
    assert not visible_points(both, triangles)[1].any()
    with pytest.raises(ShapeError):
        visible_points(points, triangles)
