"""A face of known shape that turns before a known camera, as a network would report it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.core.geometry import load_canonical_face

SIZE = (720, 1280)


@dataclass(frozen=True)
class Seen:
    """What is true of some frames, and the landmarks that a network reports."""

    head_m: np.ndarray
    pose: np.ndarray
    focal_px: float
    landmarks_px: np.ndarray


def person(neutral_m, *, seed=5, far_m=0.006):
    """Return another face: the canonical one, bent smoothly by up to some millimetres."""
    rng = np.random.default_rng(seed)
    centres = neutral_m[rng.integers(0, len(neutral_m), 14)]
    reach = np.exp(-((neutral_m[:, None] - centres) ** 2).sum(-1) / 2 / 0.03**2)
    bent = neutral_m + reach @ rng.normal(0.0, far_m / 2, (14, 3))
    return bent * (1.05, 0.96, 1.0)


def turn_of(yaw, pitch, roll):
    """Rotations of a head: to its left, up, clockwise as the viewer sees it; written by hand."""
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_y = np.array([[cy, zero, sy], [zero, one, zero], [-sy, zero, cy]])
    about_x = np.array([[one, zero, zero], [zero, cp, sp], [zero, -sp, cp]])
    about_z = np.array([[cr, sr, zero], [-sr, cr, zero], [zero, zero, one]])
    return np.einsum("ijt,jkt,klt->til", about_y, about_x, about_z)


def turning(
    face_m, *, n_frames=120, yaw_rad=np.pi / 6, zoom=1.6, noise_px=0.3, seed=0, has_bias=True
):
    """Turn a face (n, 3), or one that moves (n_frames, n, 3), and let a network look.

    Its x and y are right but for noise. Its depth is weak-perspective, flattened and tilted with
    the turn, as networks' are that have seen few faces from the side.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(n_frames) / 30.0
    yaw = yaw_rad * np.sin(2.1 * time)
    pitch = 0.3 * yaw_rad * np.sin(1.3 * time + 1.0)
    pose = np.tile(np.eye(4), (n_frames, 1, 1))
    pose[:, :3, :3] = turn_of(yaw, pitch, 0.1 * np.sin(0.7 * time))
    pose[:, 0, 3] = 0.05 * np.sin(1.1 * time)
    pose[:, 1, 3] = 0.02 * np.sin(1.7 * time)
    pose[:, 2, 3] = -0.45 * zoom - 0.05 * np.sin(0.9 * time)
    head_m = np.broadcast_to(face_m, (n_frames, *np.shape(face_m)[-2:])).astype(np.float64)
    camera_m = head_m @ np.swapaxes(pose[:, :3, :3], 1, 2) + pose[:, None, :3, 3]
    focal = zoom * SIZE[0] / 2 / np.tan(np.radians(31.5))
    distance = -camera_m[..., 2]
    mean = distance.mean(1, keepdims=True)
    landmarks = np.stack(
        [
            SIZE[1] / 2 + focal * camera_m[..., 0] / distance,
            SIZE[0] / 2 - focal * camera_m[..., 1] / distance,
            focal * (distance - mean) / mean,
        ],
        axis=-1,
    )
    if has_bias:
        aside = landmarks[..., 0] - landmarks[..., 0].mean(1, keepdims=True)
        landmarks[..., 2] *= (1.0 - 0.35 * np.abs(np.sin(yaw)))[:, None]
        landmarks[..., 2] -= 0.2 * np.sin(yaw)[:, None] * np.sign(1.0) * aside
    landmarks += rng.normal(0.0, 1.0, landmarks.shape) * noise_px * (1.0, 1.0, 3.0)
    return Seen(head_m, pose, focal, landmarks.astype(np.float32))


def spread(head_m):
    """Return how far points are from their mean over time: root mean square, metres."""
    return float(np.sqrt(((head_m - head_m.mean(0)) ** 2).sum(-1).mean()))


def turn_errors(pose, truth):
    """Return angles by which poses miss, radians, but for one turn of the head's own frame."""
    turn = pose[:, :3, :3] / np.linalg.norm(pose[:, :3, :1], axis=1, keepdims=True)
    between = np.swapaxes(truth[:, :3, :3], 1, 2) @ turn
    left, _, right = np.linalg.svd(between.sum(0))
    rest = between @ (left @ right).T
    return np.arccos(np.clip((np.trace(rest, axis1=1, axis2=2) - 1) / 2, -1, 1))


def neutral():
    """Return the canonical face, (468, 3) float64."""
    return load_canonical_face(468).topology.neutral_m.astype(np.float64)
