"""The coordinate spaces, all right-handed, and how they lead into each other.

==========  ======  ===============================================================================
image       px      origin at the centre of the top-left pixel, x right, y down, z away from the
                    camera, in pixels too
crop        px      the same, of a network's square input
camera      m       origin at the camera, x right in the image, y up, z toward the viewer
head        m       origin within the head, x to the subject's left, y up, z out of the face
scene       m       head space turned to stand in a scene: x to the subject's left, y back into the
                    head, z up (a face object's own axes in Blender, and those of point caches)
==========  ======  ===============================================================================
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import Float64Array, FloatArray
from .records import Camera, homogeneous


def focal_length_px(camera: Camera) -> float:
    """Return the camera's focal length in pixels, the same for both axes."""
    return camera.size[0] / 2.0 / math.tan(camera.fov_y_rad / 2.0)


def image_from_camera(camera: Camera, *, depth_m: FloatArray) -> Float64Array:
    """Return the projective matrices that lay camera space on the image.

    Parameters
    ----------
    camera : the camera
    depth_m : shape (n,), distance from the camera of the plane whose image depth is 0

    Returns
    -------
    shape (n, 4, 4), float64
        To be divided by the fourth coordinate. Image depth is f·(distance − depth) / distance: the
        scale of x and y at that distance.
    """
    height, width = camera.size
    focal = focal_length_px(camera)
    matrices = np.zeros((len(depth_m), 4, 4))
    matrices[:, 0, 0] = focal
    matrices[:, 0, 2] = -width / 2.0
    matrices[:, 1, 1] = -focal
    matrices[:, 1, 2] = -height / 2.0
    matrices[:, 2, 2] = -focal
    matrices[:, 2, 3] = -focal * np.asarray(depth_m, np.float64)
    matrices[:, 3, 2] = -1.0
    return matrices


def image_from_head_matrices(
    camera: Camera, *, camera_from_head: FloatArray, depth_m: FloatArray
) -> Float64Array:
    """Return the projective matrices that lay head space on the image.

    Parameters
    ----------
    camera : the camera
    camera_from_head : shape (n, 4, 4), NaN where lost
    depth_m : shape (n,), as in `image_from_camera`, NaN where lost

    Returns
    -------
    shape (n, 4, 4), float64
        To be divided by the fourth coordinate, which is 1 at head space's origin; NaN where lost.
    """
    matrices = image_from_camera(camera, depth_m=depth_m) @ camera_from_head
    matrices /= matrices[:, 3:, 3:].copy()
    matrices[~np.isfinite(matrices).all((1, 2))] = np.nan
    return np.asarray(matrices, np.float64)


def apply_transform(target_from_source: FloatArray, points: FloatArray) -> Float64Array:
    """Map points by 4×4 matrices, affine or projective.

    Parameters
    ----------
    target_from_source : shape (…, 4, 4)
    points : shape (…, n, 3); leading axes broadcast with the matrices'

    Returns
    -------
    shape (…, n, 3), float64
        In the target space, divided by the fourth coordinate.
    """
    mapped = homogeneous(points) @ np.swapaxes(target_from_source, -1, -2)
    return np.asarray(mapped[..., :3] / mapped[..., 3:], np.float64)


def scene_from_head(points: FloatArray) -> FloatArray:
    """Turn points or offsets of head space into scene space: (x, y, z) → (x, −z, y).

    Parameters
    ----------
    points : shape (…, 3), metres, head space

    Returns
    -------
    shape (…, 3), of the same dtype
        Metres, scene space; exact, since coordinates only change place and sign.
    """
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def quaternions_of_rotations(rotations: FloatArray) -> Float64Array:
    """Turn rotation matrices into unit quaternions whose sign never jumps.

    q and −q are one rotation, but a curve from one to the other would spin the head around.

    Parameters
    ----------
    rotations : shape (n, 3, 3), finite, without scale

    Returns
    -------
    shape (n, 4), float64
        w, x, y, z; the first w is not negative, and each quaternion is the one of the two that is
        nearer to the one before.
    """
    r = np.asarray(rotations, np.float64)
    # 4·q·qᵀ is made of sums of the matrix's entries; its longest column loses no digits.
    outer = np.zeros((len(r), 4, 4))
    trace = np.einsum("nii->n", r)
    outer[:, 0, 0] = 1.0 + trace
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        outer[:, 1 + i, 1 + i] = 1.0 - trace + 2.0 * r[:, i, i]
        outer[:, 0, 1 + i] = outer[:, 1 + i, 0] = r[:, k, j] - r[:, j, k]
        outer[:, 1 + i, 1 + j] = outer[:, 1 + j, 1 + i] = r[:, i, j] + r[:, j, i]
    longest = np.argmax(np.einsum("nii->ni", outer), axis=1)
    quaternions = outer[np.arange(len(r)), longest]
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    is_against = np.einsum("ni,ni->n", quaternions[1:], quaternions[:-1]) < 0.0
    quaternions[1:] *= np.where(np.cumsum(is_against) % 2, -1.0, 1.0)[:, None]
    return np.asarray(np.where(quaternions[:1, :1] < 0.0, -quaternions, quaternions), np.float64)
