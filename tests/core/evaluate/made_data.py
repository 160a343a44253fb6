"""Tiny data sets in the forms of AFLW2000-3D and 300-W, written by SciPy and by hand."""

import cv2
import numpy as np


def square_face(size=100.0, left=20.0, top=30.0):
    """Return 68 points whose box is `size` wide and high, eye corners 36 and 45 half as far."""
    rng = np.random.default_rng(1)
    points = rng.uniform(0.1, 0.9, (68, 2))
    points[0], points[16] = (0.0, 0.0), (1.0, 1.0)
    points[36], points[45] = (0.25, 0.4), (0.75, 0.4)
    return points * size + (left, top)


def write_image(path, value=128, image=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((160, 160, 3), value, np.uint8) if image is None else image[..., ::-1]
    cv2.imwrite(str(path), image)


def write_mat(path, points_px, yaw_deg, *, is_compressed=True):
    """Write what AFLW2000-3D's files hold of interest, and some of what they hold besides."""
    import scipy.io

    pose = np.array([[0.1, np.radians(yaw_deg), -0.2, 5.0, 6.0, 7.0, 0.001]], np.float32)
    arrays = {
        "pt2d": np.full((2, 21), -1.0),
        "roi": np.array([[12, 9, 240, 240]], np.int16),
        "pt3d_68": np.vstack([points_px.T, np.full(68, 3.0)]),
        "Pose_Para": pose,
        "Illum_Para": {"a": np.zeros(3)},
        "note": "text",
    }
    scipy.io.savemat(path, arrays, do_compression=is_compressed)


def write_pts(path, points_px):
    """Write 300-W's form: the first pixel is 1."""
    lines = "\n".join(f"{x:.6f} {y:.6f}" for x, y in points_px + 1.0)
    path.write_text(f"version: 1\nn_points:  {len(points_px)}\n{{\n{lines}\n}}\n")
