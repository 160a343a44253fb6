"""Draws a made face: a portrait's skin on the posed head, in new light, before a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray
from .portraits import PHOTO_SIZE, Portrait
from .raster import interpolated, rasterise
from .scene import Head, photo_places, pivot_m
from .variations import Variation

CROP_SIZE = 128
CROP_SCALE = 1.25
"""The crop is a square, so many times the larger side of the box around the map's points."""
_CLOSED_M = 0.003
_TEETH_RGB = np.array([205.0, 196.0, 184.0], np.float32)
_DARK_RGB = np.array([38.0, 14.0, 14.0], np.float32)
_TONGUE_RGB = np.array([128.0, 62.0, 62.0], np.float32)


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A picture (size, size, 3), RGB, and the grid's points in it: (n_grid, 3), pixels."""

    image: ImageArray
    points_px: Float32Array


class PortraitSkin:
    """What is drawn of one portrait, made once for many pictures."""

    def __init__(self, head: Head, portrait: Portrait) -> None:
        self.portrait = portrait
        self.places = photo_places(head, portrait)
        points = head.points_m(portrait.fit.identity, portrait.fit.expression)
        self.mouth_open_m = _mouth_opening(head, points)
        self.mean_rgb = _sampled(portrait.photo, self.places[: head.n_grid]).mean(axis=0)
        self.hollow = _hollow(portrait)


@dataclass(frozen=True, slots=True)
class Admixture:
    """The skin of another portrait, of which a share from 0 to 1 is mixed in: a new person."""

    skin: PortraitSkin
    share: float


def posed_points(variation: Variation, points_m: FloatArray) -> Float32Array:
    """Return points (n, 3) as the camera sees them: metres at the head, image axes."""
    turned = (points_m - pivot_m()) @ variation.image_from_head.T
    nearer = variation.distance_m / np.maximum(variation.distance_m + turned[:, 2], 0.05)
    turned[:, :2] *= nearer[:, None]
    return np.asarray(turned, np.float32)


def crop_placement(points: FloatArray, *, size: int) -> tuple[float, Float64Array]:
    """Return scale and shift that lay posed points of a map in the middle of a picture.

    The crop of 128 pixels is `CROP_SCALE` times the larger side of the points' box; a larger
    picture shows more around it at the same scale.
    """
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    scale = CROP_SIZE / (CROP_SCALE * float((high - low).max()))
    shift = size / 2.0 - scale * (low + high).astype(np.float64) / 2.0
    return scale, np.append(shift, -scale * float(points[:, 2].mean()))


def draw_face(
    head: Head,
    skin: PortraitSkin,
    variation: Variation,
    *,
    background: ImageArray,
    admixture: Admixture | None = None,
) -> DrawnFace:
    """Draw a face before a background of shape (size, size, 3).

    The grid's points lie where they are drawn: pixel centres are whole numbers.
    """
    size = len(background)
    points_m = head.points_m(variation.identity, variation.expression)
    posed = posed_points(variation, points_m.astype(np.float64))
    scale, shift = crop_placement(posed[: head.n_grid], size=size)
    points = (scale * posed + shift).astype(np.float32)
    image = _with_billboard(background, skin, variation, scale_px=scale, shift=shift)
    fragments = rasterise(points, head.triangles, size=(size, size))
    skins = [skin, admixture.skin] if admixture else [skin]
    places = [_moved_eyes(head, one, variation) for one in skins]
    opening = _mouth_opening(head, points_m)
    values = np.concatenate(
        [
            _shading(head, variation),
            head.is_mouth[:, None].astype(np.float32),
            (head.mouth_share * opening)[:, None],
            opening[:, None],
            *places,
        ],
        axis=1,
    )
    seen = interpolated(fragments, head.triangles, values)
    colour = _sampled(skin.portrait.photo, seen[:, 6:8])
    if admixture:
        other = _sampled(admixture.skin.portrait.photo, seen[:, 8:10])
        other *= skin.mean_rgb / np.maximum(admixture.skin.mean_rgb, 1.0)
        colour += np.float32(admixture.share) * (other - colour)
    is_inside = (seen[:, 3] > 0.5) & (opening.max() > skin.mouth_open_m.max() + _CLOSED_M)
    if is_inside.any():
        colour[is_inside] = _mouth_colour(seen[is_inside], variation)
    colour = np.clip(colour * seen[:, :3], 0.0, 255.0)
    layer = np.zeros((size * size, 4), np.float32)
    layer[fragments.pixel, :3] = colour
    layer[fragments.pixel, 3] = 1.0
    return DrawnFace(_laid_over(image, layer.reshape(size, size, 4)), points[: head.n_grid])


def _shading(head: Head, variation: Variation) -> Float32Array:
    """Return by how much the light brightens each point: (n, 3)."""
    shade = np.broadcast_to(variation.ambient, (len(head.normals), 3)).astype(np.float32).copy()
    for lamp in variation.lights.astype(np.float32):
        facing = np.maximum(head.normals @ lamp[:3], 0.0)
        shade += facing[:, None] * lamp[3:]
    return shade


def _mouth_opening(head: Head, points_m: FloatArray) -> Float32Array:
    """Return how far the lips are apart at each point's column: (n,), metres."""
    upper, lower = points_m[head.mouth_rim[0]], points_m[head.mouth_rim[1]]
    return np.asarray(np.linalg.norm(upper - lower, axis=1), np.float32)


def _moved_eyes(head: Head, skin: PortraitSkin, variation: Variation) -> Float32Array:
    """Return the places in the photograph; the eyeballs stay where they are under the lids."""
    fit = skin.portrait.fit
    eye = np.flatnonzero(head.is_eye)
    change = (variation.expression - fit.expression).astype(np.float32)
    used = np.flatnonzero(change)
    shapes = head.shapes_m[len(fit.identity) + used][:, eye]
    moved = np.tensordot(change[used], shapes, 1)
    places = skin.places.copy()
    places[eye] += (fit.scale_px * moved @ fit.rotation.T.astype(np.float32))[:, :2]
    places[eye] += head.eye_height[eye, None] * variation.gaze_px.astype(np.float32)
    return places


def _sampled(photo: ImageArray, places: Float32Array) -> Float32Array:
    """Return the photograph's colours at places (n, 2): (n, 3), 0 … 255."""
    import cv2

    # remap wants an image of places; its sides are limited to 32767.
    n = len(places)
    width = 512
    padded = np.zeros((-(-n // width) * width, 2), np.float32)
    padded[:n] = places
    found = cv2.remap(
        photo,
        padded.reshape(-1, width, 2),
        np.zeros(0, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return found.reshape(-1, 3)[:n].astype(np.float32)


def _mouth_colour(seen: Float32Array, variation: Variation) -> Float32Array:
    """Paint what an open mouth shows: teeth under the upper lip, dark, a tongue at the bottom."""
    rng = np.random.default_rng(variation.seed)
    below, opening = seen[:, 4], np.maximum(seen[:, 5], 1e-4)
    teeth_m = rng.uniform(0.003, 0.008) * (rng.random() < 0.75)
    lower_m = rng.uniform(0.0, 0.005) * (rng.random() < 0.3)
    tongue = np.clip((below / opening - rng.uniform(0.4, 0.8)) * 4.0, 0.0, 1.0)[:, None]
    colour = _DARK_RGB + tongue * rng.uniform(0.2, 1.0) * (_TONGUE_RGB - _DARK_RGB)
    is_tooth = (below < teeth_m) | (opening - below < lower_m)
    return np.where(is_tooth[:, None], rng.uniform(0.6, 1.1) * _TEETH_RGB, colour)


def _laid_over(image: ImageArray, layer: Float32Array) -> ImageArray:
    """Lay colours with a share of 0 or 1 over an image, with a soft edge of a pixel."""
    import cv2

    share = layer[..., 3]
    soft = cv2.GaussianBlur(share, (0, 0), 0.6)
    alpha = np.minimum(share, np.clip(2.0 * soft - 0.9, 0.0, 1.0))[..., None]
    return np.asarray(image * (1.0 - alpha) + layer[..., :3] * alpha + 0.5, np.uint8)


def _with_billboard(
    background: ImageArray,
    skin: PortraitSkin,
    variation: Variation,
    *,
    scale_px: float,
    shift: Float64Array,
) -> ImageArray:
    """Stand the person of the photograph, without the face, behind the head: hair and shoulders."""
    import cv2

    fit = skin.portrait.fit
    rng = np.random.default_rng(variation.seed + 1)
    if rng.random() < 0.12:
        return background.copy()
    ratio = scale_px / fit.scale_px
    # Turned, the hair does not become as narrow as a board would.
    squash = np.cos(rng.uniform(0.0, 0.7) * variation.yaw_rad)
    roll = 0.7 * variation.roll_rad
    cos, sin = np.cos(roll), np.sin(roll)
    linear = ratio * np.array([[cos, -sin], [sin, cos]]) @ np.diag([squash, 1.0])
    anchor = fit.points_px(np.array([[0.0, 0.0, 0.0]]))[0, :2]
    centre = posed_points_of_pivot(variation, scale_px, shift)
    matrix = np.concatenate([linear, (centre - linear @ anchor)[:, None]], axis=1)
    size = background.shape[:2]
    person = cv2.warpAffine(
        skin.hollow, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    alpha = person[..., 3:].astype(np.float32) / 255.0
    light = np.mean(variation.ambient) + 0.5 * variation.lights[:, 3:].mean(axis=1).sum()
    colour = np.clip(person[..., :3] * np.float32(light), 0.0, 255.0)
    return np.asarray(background * (1.0 - alpha) + colour * alpha + 0.5, np.uint8)


def posed_points_of_pivot(
    variation: Variation, scale_px: float, shift: Float64Array
) -> Float64Array:
    """Return where the head's origin is drawn: (2,), pixels."""
    turned = variation.image_from_head @ (np.zeros(3) - pivot_m())
    nearer = variation.distance_m / (variation.distance_m + turned[2])
    return np.asarray(scale_px * turned[:2] * nearer + shift[:2])


def _hollow(portrait: Portrait) -> ImageArray:
    """Return the person as RGBA with hair and skin in place of the face."""
    import cv2

    step = 4
    small = cv2.resize(portrait.photo, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    hull = cv2.convexHull((portrait.landmarks_px[:, :2] / step).astype(np.int32))
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, hull, (255,))
    filled = cv2.inpaint(small, mask, 5, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (PHOTO_SIZE, PHOTO_SIZE), interpolation=cv2.INTER_LINEAR)
    share = cv2.GaussianBlur(cv2.resize(mask, (PHOTO_SIZE, PHOTO_SIZE)), (0, 0), 3.0)[..., None]
    colour = np.where(share > 127, large, portrait.photo)
    return np.concatenate([colour, portrait.matte[..., None]], axis=2)
