"""Landmarks of a whole take → one face shape, one camera, and a pose a frame.

The solve of single frames believes the network's depth, which errs as the head turns: scale and
depth come out anew in each frame, and the face swims. Over a take, points that are seen from many
sides tell by themselves how deep they lie. What is left beside the shape is expression.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Float64Array, FloatArray, IndexArray, check_shape
from ..records import Camera, FaceGeometry
from ..spaces import apply_transform, focal_length_px, image_from_head_matrices
from .bundle_adjustment import Bundle, adjust_bundle, facing_of, place_points
from .canonical_face import CanonicalFace
from .expression_depth import DepthModel, depth_model, expression_depth
from .frame_poses import poses_of_frames
from .head_pose import target_from_source
from .irises import Eye, iris_distances
from .metric_face import FOV_Y_RAD, N_CHUNK, depth_plane, solve_geometry
from .sightings import Poses, Sightings, sightings_of_landmarks

N_KEY_FRAMES = 32
N_POINTS = 160
"""Points by which the camera and the key frames are found; the others are placed after."""
N_LEARNED_FROM = 400
"""Frames from which the network's errors of depth are learned."""
CELL_RAD = math.radians(6.0)
LOG_ZOOM_SPREAD = 0.7
"""Lenses differ by about this: 63° vertically, or 34°, or 102°."""
SHAPE_SPREAD_M = 0.006
"""The network's face at rest is another than the person's by about this."""
TURN_TELLS_RAD = math.radians(30.0)
"""A head that turns through this much tells its shape and the zoom. The less it turns, the more the
first is left as the network has it, and the second as MediaPipe has it."""
LEAST_TURN = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class TakeFace:
    """One face of a take.

    `landmarks_px` (n_frames, n_landmarks, 3), pixels, image space, NaN where lost. `firmness`
    (n_landmarks,) 0 to 1: how little expressions can move a point; 0 for irises.
    """

    landmarks_px: FloatArray
    canonical: CanonicalFace
    firmness: Float64Array
    eyes: tuple[Eye, ...] = ()

    def __post_init__(self) -> None:
        check_shape("landmarks_px", self.landmarks_px, ("n_frames", "n_landmarks", 3))
        check_shape("firmness", self.firmness, (self.landmarks_px.shape[1],))


@dataclass(frozen=True, slots=True, eq=False)
class _Solving:
    """A face on its way: its solve frame by frame, and what is known of its skin's points.

    `frames` are those that could be solved, `skin` the points that are not irises, `triangles` and
    `firmness` theirs; `start` holds poses of `frames`, `keys` are some of these.
    """

    face: TakeFace
    first: FaceGeometry
    frames: IndexArray
    skin: IndexArray
    triangles: IndexArray
    firmness: Float64Array
    start: Poses
    keys: IndexArray

    def sightings(self, chosen: IndexArray | slice) -> Sightings:
        """Return what some of the frames show; not kept, since a take may be long."""
        frames = self.frames[chosen]
        return sightings_of_landmarks(
            self.face.landmarks_px[frames][:, self.skin],
            camera=self.first.camera,
            distance_m=-self.first.camera_from_head[frames, 2, 3],
        )


def solve_take(faces: Sequence[TakeFace], *, size: tuple[int, int]) -> list[FaceGeometry]:
    """Solve the faces of one take, each with one shape, all with one camera.

    Parameters
    ----------
    faces : the faces
    size : (height, width) of the image in pixels

    Returns
    -------
    list of FaceGeometry
        As `solve_geometry` gives it: NaN where a face was lost, `image_from_head` brings `head_m`
        back onto the landmarks, x and y exactly. Depth is that of the face's shape and its
        expression. All heads have the canonical one's size, and their poses no scale.

    Notes
    -----
    The more heads turn, the more they tell the camera's focal length; where none turns, it stays
    MediaPipe's (63° vertically), and depth the network's.
    """
    firsts = [
        solve_geometry(face.landmarks_px, size=size, canonical=face.canonical) for face in faces
    ]
    solvings = [_begun(face, first) for face, first in zip(faces, firsts, strict=True)]
    bundles = [None if one is None else _adjusted(one, zoom=None) for one in solvings]
    known = [bundle for bundle in bundles if bundle is not None]
    if not known:
        return firsts
    if len(known) > 1:
        zoom = _common_zoom(known)
        bundles = [None if one is None else _adjusted(one, zoom=zoom) for one in solvings]
        known = [bundle for bundle in bundles if bundle is not None]
    tangent = math.tan(FOV_Y_RAD / 2.0) / known[0].zoom
    camera = Camera(fov_y_rad=2.0 * math.atan(tangent), size=size)
    return [
        replace(first, camera=camera)
        if one is None or bundle is None
        else _finished(one, bundle, camera=camera)
        for first, one, bundle in zip(firsts, solvings, bundles, strict=True)
    ]


def _begun(face: TakeFace, first: FaceGeometry) -> _Solving | None:
    """Gather what a face showed; None where it was never there."""
    is_there = np.isfinite(first.camera_from_head).all((1, 2))
    if not is_there.any():
        return None
    frames = np.asarray(np.flatnonzero(is_there), np.int32)
    irises = [index for eye in face.eyes for index in eye.iris]
    skin = np.setdiff1d(np.arange(face.canonical.n_landmarks), irises).astype(np.int32)
    pose = first.camera_from_head[frames]
    distance_m = -pose[:, 2, 3]
    depth = face.landmarks_px[frames, :, 2].mean(1, dtype=np.float64)
    depth_m = depth / focal_length_px(first.camera) * distance_m
    turn = pose[:, :3, :3] / np.linalg.norm(pose[:, :3, :1], axis=1, keepdims=True)
    start = Poses(turn, pose[:, :3, 3], distance_m - depth_m)
    triangles = face.canonical.topology.triangles
    is_skin = np.isin(triangles, skin).all(1)
    return _Solving(
        face=face,
        first=first,
        frames=frames,
        skin=skin,
        triangles=np.searchsorted(skin, triangles[is_skin]).astype(np.int32),
        firmness=face.firmness[skin],
        start=start,
        keys=_different_frames(start.turn),
    )


def _different_frames(turn: Float64Array) -> IndexArray:
    """Choose frames of as many turns as there are, and for each from all over its time."""
    cells = np.round(np.arcsin(np.clip(turn[:, :2, 2], -1.0, 1.0)) / CELL_RAD)
    cell_of = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    order = np.zeros(len(turn))
    for cell in range(int(cell_of.max()) + 1):
        members = np.flatnonzero(cell_of == cell)
        # Steps of the golden section never come near to where they have been.
        order[members] = np.argsort(np.argsort(np.arange(len(members)) * 0.6180339887 % 1.0))
    return np.sort(np.argsort(order, kind="stable")[:N_KEY_FRAMES]).astype(np.int32)


def _adjusted(one: _Solving, *, zoom: float | None) -> Bundle:
    """Adjust the shape, the camera unless its zoom is known, and the key frames' poses."""
    shape_m = np.median(one.first.head_m[one.frames[one.keys]][:, one.skin], axis=0)
    poses = one.start.of(one.keys)
    if zoom is not None:
        poses = replace(poses, place_m=poses.place_m * (1.0, 1.0, zoom))
    start = Bundle(shape_m.astype(np.float64), poses, zoom or 1.0, 0.0, one.firmness)
    sightings = one.sightings(one.keys)
    facing = facing_of(poses, start.shape_m, triangles=one.triangles)
    some = np.linspace(0, len(shape_m) - 1, min(len(shape_m), N_POINTS)).astype(np.int32)
    told = _turned_part(one.start.turn)
    shape_spread_m = SHAPE_SPREAD_M * max(told, LEAST_TURN)
    found = adjust_bundle(
        sightings.of(slice(None), some),
        replace(start, shape_m=start.shape_m[some], trust=one.firmness[some]),
        facing=facing[:, some],
        shape_spread_m=shape_spread_m,
        log_zoom_spread=0.0 if zoom is not None else LOG_ZOOM_SPREAD * told**2,
    )
    bundle = replace(found, shape_m=start.shape_m, trust=one.firmness)
    bundle = place_points(sightings, bundle, facing=facing, shape_spread_m=shape_spread_m)
    return _in_canonical_frame(bundle, one.face.canonical, skin=one.skin)


def _turned_part(turn: Float64Array) -> float:
    """Return how far the head turns to and fro, of what is enough: 0 to 1."""
    facing = turn[:, :3, 2]
    axis = np.linalg.svd(facing - facing.mean(0), full_matrices=False)[2][0]
    low, high = np.percentile(facing @ axis, (5.0, 95.0))
    return min(1.0, math.asin(min(high - low, 1.0)) / TURN_TELLS_RAD)


def _common_zoom(bundles: Sequence[Bundle]) -> float:
    """Return the zoom that several faces tell together."""
    information = np.array([bundle.zoom_information for bundle in bundles])
    logs = np.log([bundle.zoom for bundle in bundles])
    return math.exp(float((information * logs).sum() / information.sum()))


def _in_canonical_frame(bundle: Bundle, canonical: CanonicalFace, *, skin: IndexArray) -> Bundle:
    """Lay the shape where the canonical face lies, as large, and turn the poses round with it."""
    fit = target_from_source(
        canonical.topology.neutral_m[skin],
        bundle.shape_m[None],
        weights=canonical.procrustes_weights[skin],
    )[0]
    scale = float(np.cbrt(np.linalg.det(fit[:3, :3])))
    turn, place_m = fit[:3, :3] / scale, fit[:3, 3]
    poses = bundle.poses
    return replace(
        bundle,
        shape_m=(bundle.shape_m - place_m) @ turn / scale,
        poses=Poses(
            turn=poses.turn @ turn,
            place_m=(poses.turn @ place_m + poses.place_m) / scale,
            origin_m=poses.origin_m / scale,
        ),
    )


def _finished(one: _Solving, bundle: Bundle, *, camera: Camera) -> FaceGeometry:
    """Pose all frames, and lay the points along their lines of sight."""
    face, first = one.face, one.first
    start = replace(one.start, place_m=one.start.place_m * (1.0, 1.0, bundle.zoom))
    poses = _posed(one, bundle, start=start)
    learned = np.linspace(0, len(one.frames) - 1, min(len(one.frames), N_LEARNED_FROM))
    some = learned.astype(np.int32)
    model = depth_model(
        one.sightings(some),
        poses.of(some),
        bundle.shape_m,
        zoom=bundle.zoom,
        trust=bundle.trust,
        firmness=one.firmness,
    )
    solved = FaceGeometry(
        head_m=np.full(first.head_m.shape, np.nan, np.float32),
        camera_from_head=np.full(first.camera_from_head.shape, np.nan),
        image_from_head=np.full(first.image_from_head.shape, np.nan),
        camera=camera,
    )
    for begin in range(0, len(one.frames), N_CHUNK):
        chunk = slice(begin, begin + N_CHUNK)
        frames = one.frames[chunk]
        matrices = np.tile(np.eye(4), (len(frames), 1, 1))
        matrices[:, :3, :3] = poses.turn[chunk]
        matrices[:, :3, 3] = poses.place_m[chunk]
        camera_m = _camera_points(one, bundle, poses.of(chunk), chunk=chunk, model=model)
        plane_m = depth_plane(camera_m, landmarks_px=face.landmarks_px[frames], camera=camera)
        solved.head_m[frames] = apply_transform(np.linalg.inv(matrices), camera_m)
        solved.camera_from_head[frames] = matrices
        solved.image_from_head[frames] = image_from_head_matrices(
            camera, camera_from_head=matrices, depth_m=plane_m
        )
    return solved


def _posed(one: _Solving, bundle: Bundle, *, start: Poses) -> Poses:
    """Pose all frames, some at a time."""
    parts = []
    for begin in range(0, len(one.frames), N_CHUNK):
        chunk = slice(begin, begin + N_CHUNK)
        sightings = one.sightings(chunk)
        parts.append(
            poses_of_frames(sightings, bundle, start=start.of(chunk), triangles=one.triangles)
        )
    return Poses(
        turn=np.concatenate([part.turn for part in parts]),
        place_m=np.concatenate([part.place_m for part in parts]),
        origin_m=np.concatenate([part.origin_m for part in parts]),
    )


def _camera_points(
    one: _Solving, bundle: Bundle, poses: Poses, *, chunk: slice, model: DepthModel
) -> Float64Array:
    """Return all points in camera space: in the image as seen, as deep as shape and expression."""
    face, frames = one.face, one.frames[chunk]
    sightings = one.sightings(chunk)
    expression_m = expression_depth(
        sightings,
        poses,
        bundle.shape_m,
        model=model,
        zoom=bundle.zoom,
        trust=bundle.trust,
        firmness=one.firmness,
    )
    expression_m *= facing_of(poses, bundle.shape_m, triangles=one.triangles)
    landmarks_px = face.landmarks_px[frames]
    all_seen = sightings_of_landmarks(
        landmarks_px, camera=one.first.camera, distance_m=np.ones(len(frames))
    )
    slopes = all_seen.slopes / bundle.zoom
    distance_m = np.zeros(landmarks_px.shape[:2])
    distance_m[:, one.skin] = -poses.seen(bundle.shape_m)[..., 2] + expression_m
    for eye in face.eyes:
        contour = np.searchsorted(one.skin, eye.contour)
        distance_m[:, list(eye.iris)] = iris_distances(
            slopes[:, list(eye.iris)], poses, bundle.shape_m[contour]
        )
    distance_m = np.maximum(distance_m, 1e-3)
    return np.concatenate([slopes * distance_m[..., None], -distance_m[..., None]], axis=-1)
