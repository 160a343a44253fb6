"""A drawn vertex lands on its pixel."""

from dataclasses import replace

import numpy as np
import pytest

from mien.core.training.face_render import Admixture, PortraitSkin, draw_face, posed_points
from mien.core.training.scene import grid_columns, pivot_m
from mien.core.training.variations import Variation, rotation_from_angles, yaw_of

SIZE = 176


def still(face_model, **changes):
    """A neutral face in even light."""
    values = {
        "identity": np.zeros(3),
        "expression": np.zeros(len(face_model.expression_names)),
        "yaw_rad": 0.0,
        "pitch_rad": 0.0,
        "roll_rad": 0.0,
        "distance_m": 1.0,
        "ambient": np.ones(3),
        "lights": np.zeros((0, 6)),
        "gaze_px": np.zeros(2),
        "seed": 3,
    }
    return Variation(**{**values, **changes})


@pytest.mark.parametrize("yaw", [0.0, 0.5, -0.9])
def test_a_spot_on_the_portrait_is_drawn_where_its_vertex_is_said_to_be(
    face_model, head, portraits, yaw
):
    side = len(grid_columns())
    variation = still(face_model, yaw_rad=yaw, pitch_rad=0.2, roll_rad=-0.1)
    for row, column in ((20, 40), (30, 25), (44, 42)):
        vertex = row * side + column
        place = portraits[0].fit.points_px(head.neutral_m[[vertex]])[0, :2]
        photo = np.zeros_like(portraits[0].photo)
        y, x = np.mgrid[0 : len(photo), 0 : len(photo)]
        spot = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 3.0**2))
        photo[:] = (255 * spot[..., None]).astype(np.uint8)
        skin = PortraitSkin(head, replace(portraits[0], photo=photo))
        drawn = draw_face(head, skin, variation, background=np.zeros((SIZE, SIZE, 3), np.uint8))
        wanted = drawn.points_px[vertex, :2]
        weight = drawn.image[..., 0].astype(float) ** 2
        if weight.max() < 2000:  # turned away: it must not be seen
            continue
        rows, columns = np.mgrid[0:SIZE, 0:SIZE]
        found = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
        assert np.linalg.norm(found - wanted) < 1.0, (yaw, row, column)


def test_a_face_of_two_people_lies_between_them(face_model, head, portraits):
    photos = [portraits[0].photo, np.roll(portraits[0].photo, 7, axis=1)]
    first, second = (PortraitSkin(head, replace(portraits[0], photo=photo)) for photo in photos)
    black = np.zeros((SIZE, SIZE, 3), np.uint8)

    def drawn(skin, admixture=None):
        face = draw_face(head, skin, still(face_model), background=black, admixture=admixture)
        return face.image[60:110, 65:110].astype(float)

    one, none, half, all_of_it = (
        drawn(first, Admixture(second, share) if share is not None else None)
        for share in (None, 0.0, 0.5, 1.0)
    )
    gain = first.mean_rgb / second.mean_rgb
    assert (one == none).all()
    assert np.abs(all_of_it - np.minimum(drawn(second) * gain, 255)).max() <= 2
    assert np.abs(half - 0.5 * (one + all_of_it)).max() <= 1
    assert np.abs(one - all_of_it).mean() > 1


def test_angles_turn_as_they_say():
    forward, left, up = np.array([0, 0, 1.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    frontal = rotation_from_angles(0.0, 0.0, 0.0)
    assert np.allclose(frontal @ left, (1, 0, 0)) and np.allclose(frontal @ up, (0, -1, 0))
    assert np.allclose(frontal @ forward, (0, 0, -1))
    turned = rotation_from_angles(0.4, 0.0, 0.0)
    assert (turned @ forward)[0] > 0.3  # to its own left, the picture's right
    assert yaw_of(turned) == pytest.approx(0.4)
    assert yaw_of(rotation_from_angles(-0.7, 0.3, 0.5)) == pytest.approx(-0.7)
    assert (rotation_from_angles(0.0, 0.4, 0.0) @ forward)[1] > 0.3  # down
    assert (rotation_from_angles(0.0, 0.0, 0.4) @ left)[1] > 0.3  # clockwise as seen
    assert np.linalg.det(turned) == pytest.approx(1.0)


def test_a_near_camera_makes_near_things_larger(face_model):
    ahead = pivot_m() + np.array([[0.05, 0.0, 0.05], [0.05, 0.0, -0.05]])
    near, far = posed_points(still(face_model, distance_m=0.4), ahead)[:, 0]
    assert near == pytest.approx(0.05 * 0.4 / 0.35) and far == pytest.approx(0.05 * 0.4 / 0.45)


def test_light_from_the_left_brightens_the_left(face_model, head, portraits):
    photo = np.full_like(portraits[0].photo, 120)
    skin = PortraitSkin(head, replace(portraits[0], photo=photo))
    lamp = np.array([[0.9, 0.0, 0.4, 0.7, 0.7, 0.7]])
    variation = still(face_model, ambient=np.full(3, 0.4), lights=lamp)
    drawn = draw_face(head, skin, variation, background=np.zeros((SIZE, SIZE, 3), np.uint8))
    middle = drawn.image[70:106]
    assert middle[:, 100:118].mean() > 1.3 * middle[:, 58:76].mean()
