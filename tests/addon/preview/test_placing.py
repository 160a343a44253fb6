"""Which sample is shown, and where the picture lies: closed forms, and Blender's own projection."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

from mien.addon.preview.placing import (
    corners_in_region,
    line_through,
    picture_in_frame,
    picture_in_view,
    region_from_image,
    sample_at,
)
from mien.addon.scene.footage_camera import add_footage_camera
from mien.core.records import Camera
from mien.core.spaces import apply_transform, image_from_camera

SIZE = (480, 640)


def shown(time_s, second, rate_hz=25.0, footage_rate_hz=25.0):
    return sample_at(
        np.asarray(time_s), second=second, rate_hz=rate_hz, footage_rate_hz=footage_rate_hz
    )


def test_every_scene_frame_shows_its_own_sample():
    time_s = np.arange(50) / 25.0
    assert [shown(time_s, frame / 25.0) for frame in range(50)] == list(range(50))


def test_microseconds_of_a_container_do_not_shift_a_frame():
    time_s = np.round(np.arange(300) * 1001 / 30000, 6)
    rate = 30 / 1.001
    assert [shown(time_s, f / rate, rate, rate) for f in range(300)] == list(range(300))


def test_a_take_that_starts_late_is_shown_late():
    time_s = 0.4 + np.arange(10) / 25.0
    assert shown(time_s, 10 / 25.0) == 0
    assert shown(time_s, 9 / 25.0) is None
    assert shown(time_s, 19 / 25.0) == 9
    assert shown(time_s, 20 / 25.0) is None


def test_of_two_equally_near_samples_the_earlier_is_shown():
    time_s = np.arange(10) / 12.5
    assert [shown(time_s, frame / 25.0, 25.0, 12.5) for frame in range(4)] == [0, 0, 1, 1]


def test_a_faster_take_shows_the_samples_on_the_frames():
    time_s = np.arange(20) / 50.0
    assert [shown(time_s, frame / 25.0, 25.0, 50.0) for frame in range(4)] == [0, 2, 4, 6]


def test_half_a_frame_around_the_ends_shows_them():
    time_s = np.array([1.0, 1.04])
    assert shown(time_s, 0.981) == 0
    assert shown(time_s, 0.979) is None
    assert shown(time_s, 1.059) == 1
    assert shown(time_s, 1.061) is None
    assert shown([], 0.0) is None


def test_a_picture_is_fitted_covers_or_fills_the_frame():
    frame = np.array([[100.0, 50.0], [500.0, 450.0]])  # square
    fit = picture_in_frame(frame, size=(100, 200), method="FIT")
    np.testing.assert_allclose(fit, [[100, 150], [500, 350]])
    crop = picture_in_frame(frame, size=(100, 200), method="CROP")
    np.testing.assert_allclose(crop, [[-100, 50], [700, 450]])
    stretch = picture_in_frame(frame, size=(100, 200), method="STRETCH")
    np.testing.assert_allclose(stretch, frame)


def test_the_middle_of_the_first_pixel_is_the_origin_of_image_space():
    matrix = region_from_image(np.array([[10.0, 20.0], [650.0, 500.0]]), size=SIZE)
    top_left = matrix @ [0.0, 0.0, 1.0]
    bottom_right = matrix @ [639.0, 479.0, 1.0]
    np.testing.assert_allclose(top_left[:2], [10.5, 499.5])
    np.testing.assert_allclose(bottom_right[:2], [649.5, 20.5])


def test_a_zoomed_view_shows_its_part_of_the_picture():
    # The region shows the right half and the upper half of the picture.
    picture = picture_in_view(np.array([[0.5, 0.5], [1.0, 1.0]]), region_size=(200, 300))
    np.testing.assert_allclose(picture, [[-300, -200], [300, 200]])
    assert line_through(-10.0, 90.0, width=500) == (50.0, 5.0)


def window_matrix(camera: bpy.types.Camera, scene: bpy.types.Scene, *, zoom: float) -> np.ndarray:
    """The projection of a region of the picture's shape whose view through a camera is zoomed."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    owner = next(obj for obj in scene.objects if obj.data == camera)
    matrix = owner.calc_matrix_camera(
        depsgraph, x=scene.render.resolution_x, y=scene.render.resolution_y
    )
    return np.diag([zoom, zoom, 1.0, 1.0]) @ np.array(matrix)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.1, -0.05)])
@pytest.mark.parametrize("zoom", [1.0, 0.6, 3.0])
def test_landmarks_sit_where_blender_projects_the_points(scene, shift, zoom):
    lens = Camera(math.radians(63.0), SIZE)
    world = np.array(Matrix.Translation((0.3, -2.0, 1.0)) @ Matrix.Rotation(1.2, 4, "X"))
    owner = add_footage_camera(scene, scene.collection, camera=lens, world_from_camera=world)
    points = np.array([[0.1, 0.2, -1.5], [-0.4, 0.1, -2.0], [0.0, 0.0, -1.0]])
    image_px = apply_transform(image_from_camera(lens, depth_m=np.ones(1))[0], points)
    owner.data.shift_x += shift[0]
    owner.data.shift_y += shift[1]
    bpy.context.view_layer.update()

    region_size = (960, 1280)
    corners = corners_in_region(
        np.array(owner.data.view_frame(scene=scene)),
        clip_from_camera=window_matrix(owner.data, scene, zoom=zoom),
        region_size=region_size,
    )
    frame = np.stack([corners.min(axis=0), corners.max(axis=0)])
    place = region_from_image(picture_in_frame(frame, size=SIZE), size=SIZE)
    found = np.c_[image_px[:, :2], np.ones(3)] @ place.T

    for point, pixel in zip(points, found, strict=True):
        seen = world_to_camera_view(scene, owner, owner.matrix_world @ Vector(point))
        # The footage lies in the frame, whatever the lens's shift: what it shows moves along.
        unshifted = np.array(seen[:2]) + np.array(shift) * (SIZE[0] / np.array([640, 480]))
        expected = frame[0] + unshifted * (frame[1] - frame[0])
        np.testing.assert_allclose(pixel[:2], expected, atol=0.02)
