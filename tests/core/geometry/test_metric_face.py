"""The metric solve: in closed form, and against MediaPipe's own results."""

import re

import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.geometry import load_canonical_face, solve_geometry
from mien.core.geometry.metric_face import FOV_Y_RAD
from mien.core.records import Camera
from mien.core.spaces import apply_transform, focal_length_px

SIZE = (720, 1280)
CLIPS = (
    "intel_ccby_asl_yes.mkv",
    "intel_ccby_head-pose-face-detection-female.gif",
    "liveportrait_d12.mp4",
    "pyfeat_WolfgangLanger_Pexels.mp4",
    "pyfeat_face_noface.mov",
    "sadtalker_WDA_KatieHill.mp4",
)


@pytest.fixture(scope="module")
def canonical():
    return load_canonical_face()


def turn(yaw, pitch, roll):
    """Rotation of a head: to its left, up, clockwise as the viewer sees it; written out by hand."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


@pytest.fixture(scope="module")
def poses():
    """Heads at half a metre to three, looking all ways."""
    poses = np.tile(np.eye(4), (4, 1, 1))
    angles = ((0, 0, 0), (0.5, 0.1, -0.2), (-0.6, -0.3, 0.4), (0.1, 0.4, 1.2))
    poses[:, :3, :3] = [turn(*a) for a in angles]
    poses[:, :3, 3] = [(0, 0, -0.5), (0.2, 0.1, -0.8), (-0.15, -0.1, -0.4), (0.6, -0.3, -3.0)]
    return poses


@pytest.fixture(scope="module")
def faces(canonical):
    """Head-space points that differ from the canonical face only where expressions move it."""
    free = canonical.procrustes_weights == 0
    faces = np.tile(canonical.topology.neutral_m.astype(np.float64), (4, 1, 1))
    faces[:, free] += np.random.default_rng(3).normal(size=(4, int(free.sum()), 3)) * 0.003
    return faces


def see(camera_m):
    """Project as the network reports it: depth as a length in the image at the face's distance."""
    focal = focal_length_px(Camera(FOV_Y_RAD, SIZE))
    distance = -camera_m[..., 2]
    mean = distance.mean(1, keepdims=True)
    x_px = SIZE[1] / 2 + focal * camera_m[..., 0] / distance
    y_px = SIZE[0] / 2 - focal * camera_m[..., 1] / distance
    return np.stack([x_px, y_px, focal * (distance - mean) / mean], axis=-1)


@pytest.fixture(scope="module")
def landmarks_px(faces, poses):
    return see(apply_transform(poses, faces))


def test_a_face_and_its_pose_come_back_from_their_image(canonical, landmarks_px, faces, poses):
    geometry = solve_geometry(landmarks_px, size=SIZE, canonical=canonical)
    np.testing.assert_allclose(geometry.camera_from_head, poses, atol=1e-9)
    np.testing.assert_allclose(geometry.head_m, faces, atol=1e-8)  # float32 of a decimetre


def test_depth_may_start_anywhere(canonical, landmarks_px, poses):
    shifted = landmarks_px + np.array([0.0, 0.0, 25.0])
    geometry = solve_geometry(shifted, size=SIZE, canonical=canonical)
    np.testing.assert_allclose(geometry.camera_from_head, poses, atol=1e-9)


def test_a_bigger_head_is_taken_for_a_nearer_one(canonical, faces, poses):
    bigger = poses.copy()
    bigger[:, :3, :3] *= 1.25
    seen = see(apply_transform(bigger, faces))
    geometry = solve_geometry(seen, size=SIZE, canonical=canonical)
    np.testing.assert_allclose(geometry.camera_from_head[:, :3, :3], poses[:, :3, :3], atol=1e-9)
    nearer = poses[:, :3, 3] / 1.25
    np.testing.assert_allclose(geometry.camera_from_head[:, :3, 3], nearer, atol=1e-9)
    np.testing.assert_allclose(geometry.head_m, faces, atol=1e-8)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: p * (-1, 1, 1) + (SIZE[1], 0, 0),
        lambda p: p * (1, -1, 1) + (0, SIZE[0], 0),
        lambda p: p * (1, 1, -1),
        lambda p: p[..., [1, 0, 2]],
    ],
    ids=["mirrored", "upside down", "depth towards the camera", "x and y swapped"],
)
def test_a_wrong_axis_does_not_fit(canonical, landmarks_px, faces, wrong):
    geometry = solve_geometry(wrong(landmarks_px), size=SIZE, canonical=canonical)
    distances = np.linalg.norm(geometry.head_m - faces, axis=-1)
    assert (distances.max(1) > 0.01).all()


def test_head_points_reproject_onto_the_landmarks(canonical, landmarks_px):
    geometry = solve_geometry(landmarks_px, size=SIZE, canonical=canonical)
    again = apply_transform(geometry.image_from_head, geometry.head_m)
    np.testing.assert_allclose(again[..., :2], landmarks_px[..., :2], atol=1e-3)
    np.testing.assert_array_equal(geometry.image_from_head[:, 3, 3], 1.0)
    # Depth is weak-perspective in, perspective out: alike near the head's middle, never exactly.
    distance = -apply_transform(geometry.camera_from_head, geometry.head_m)[..., 2]
    spread = np.ptp(distance, axis=1) / distance.mean(1)
    error = np.abs(again[..., 2] - landmarks_px[..., 2]).max(1)
    assert (error < spread * np.ptp(landmarks_px[..., 2], axis=1)).all()


def test_no_other_plane_of_depth_0_fits_better(canonical, landmarks_px):
    geometry = solve_geometry(landmarks_px, size=SIZE, canonical=canonical)

    def error(depth_step):
        matrices = geometry.image_from_head.copy()
        # Moving the plane adds a multiple of the fourth row's reciprocal to depth.
        matrices[:, 2, 3] += depth_step
        depth = apply_transform(matrices, geometry.head_m)[..., 2]
        return ((depth - landmarks_px[..., 2]) ** 2).sum(1)

    assert (error(0.0) < error(0.01)).all() and (error(0.0) < error(-0.01)).all()


def test_points_beyond_the_canonical_face_are_posed_with_it(canonical, landmarks_px):
    irises = landmarks_px[:, [33, 263]] + (5.0, 0.0, 2.0)
    both = solve_geometry(np.concatenate([landmarks_px, irises], 1), size=SIZE, canonical=canonical)
    alone = solve_geometry(landmarks_px, size=SIZE, canonical=canonical)
    np.testing.assert_array_equal(both.head_m[:, :468], alone.head_m)
    np.testing.assert_array_equal(both.camera_from_head, alone.camera_from_head)
    again = apply_transform(both.image_from_head, both.head_m[:, 468:])
    np.testing.assert_allclose(again[..., :2], irises[..., :2], atol=1e-3)


@pytest.mark.parametrize(
    "break_frame",
    [
        lambda p: p * np.nan,
        lambda p: p * 0.0 + (200.0, 100.0, 0.0),
        lambda p: p[:, :1] * (1.0, 1.0, 0.0),
        lambda p: p * (1.0, 1.0, 30.0),
    ],
    ids=["lost", "a dot", "a line", "through the camera"],
)
def test_a_frame_without_a_face_is_nan_and_harms_no_other(canonical, landmarks_px, break_frame):
    broken = landmarks_px.copy()
    broken[2] = break_frame(broken[2])
    geometry = solve_geometry(broken, size=SIZE, canonical=canonical)
    whole = solve_geometry(landmarks_px, size=SIZE, canonical=canonical)
    for name in ("head_m", "camera_from_head", "image_from_head"):
        found, expected = getattr(geometry, name), getattr(whole, name)
        assert np.isnan(found[2]).all()
        np.testing.assert_array_equal(np.delete(found, 2, 0), np.delete(expected, 2, 0))


def test_no_face_at_all_gives_an_empty_result(canonical):
    lost = np.full((3, 468, 3), np.nan, np.float32)
    geometry = solve_geometry(lost, size=SIZE, canonical=canonical)
    assert geometry.head_m.shape == (3, 468, 3) and np.isnan(geometry.head_m).all()
    assert solve_geometry(lost[:0], size=SIZE, canonical=canonical).head_m.shape == (0, 468, 3)


def test_too_few_landmarks_are_refused(canonical):
    with pytest.raises(ShapeError, match="at least the canonical face's 468 points, got 68"):
        solve_geometry(np.zeros((1, 68, 3)), size=SIZE, canonical=canonical)
    with pytest.raises(ShapeError, match="landmarks_px must have shape"):
        solve_geometry(np.zeros((468, 3)), size=SIZE, canonical=canonical)


def test_geometry_agrees_with_mediapipes_own_test(canonical, data_file):
    size = (1024, 820)
    text = data_file("golden/face_blendshapes_in_landmarks.prototxt").read_text()
    columns = [re.findall(rf"\b{axis}: (\S+)", text) for axis in "xyz"]
    normalised = np.array(columns, np.float64).T
    assert normalised.shape == (478, 3)
    landmarks_px = normalised * (size[1], size[0], size[1])
    geometry = solve_geometry(landmarks_px[None, :468], size=size, canonical=canonical)

    text = data_file("golden/face_geometry_expected_out.pbtxt").read_text()
    pose = np.array(re.findall(r"packed_data: (\S+)", text), np.float64).reshape(4, 4).T
    vertices = np.array(re.findall(r"vertex_buffer: (\S+)", text), np.float64).reshape(-1, 5)
    found = geometry.camera_from_head[0].copy()
    found[:3, 3] *= 100.0  # theirs are centimetres
    np.testing.assert_allclose(found, pose, atol=1e-4)
    np.testing.assert_allclose(geometry.head_m[0] * 100.0, vertices[:, :3], atol=1e-4)


@pytest.mark.parametrize("clip", CLIPS)
def test_poses_agree_with_mediapipes_on_footage(canonical, data_file, clip):
    with np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz")) as golden:
        width, height = golden["size_wh"]
        landmarks_px, matrices = golden["task_video"], golden["task_matrices"].astype(np.float64)
    geometry = solve_geometry(
        landmarks_px[:, :468], size=(int(height), int(width)), canonical=canonical
    )
    matrices[:, :3, 3] /= 100.0
    # Theirs is float32 throughout; distances reach a metre.
    np.testing.assert_allclose(geometry.camera_from_head, matrices, atol=1e-5)
    again = apply_transform(geometry.image_from_head, geometry.head_m)
    np.testing.assert_allclose(again[..., :2], landmarks_px[:, :468, :2], atol=1e-3)
