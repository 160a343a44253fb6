"""Smoothing on the landmarks of real footage."""

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face, solve_geometry
from mien.core.settings import SmoothSettings
from mien.core.smooth import smooth_causally, smooth_without_lag
from mien.core.spaces import apply_transform

SETTINGS = SmoothSettings()


@pytest.fixture(
    params=["pyfeat_WolfgangLanger_Pexels.mp4", "sadtalker_WDA_KatieHill.mp4"], scope="module"
)
def clip(request, data_file):
    """Return landmarks, times and size of a clip."""
    with np.load(data_file(f"golden/mediapipe_0.10.21/{request.param}.npz")) as golden:
        landmarks_px = golden["base_video"]
        time_s = np.arange(len(landmarks_px)) / float(golden["fps"])
        return landmarks_px, time_s, tuple(int(n) for n in golden["size_wh"][::-1])


def jitter(points):
    """Median length of the second difference: what a quiet frame trembles by."""
    return np.median(np.linalg.norm(np.diff(points, 2, axis=0), axis=-1))


def lid_gaps(points):
    """Distance of the lids of both eyes, (n_frames, 2)."""
    return np.linalg.norm(points[:, [159, 386]] - points[:, [145, 374]], axis=-1)


def test_the_stabilised_face_trembles_half_as_much_and_blinks_as_before(clip):
    landmarks_px, time_s, size = clip
    raw = solve_geometry(landmarks_px, size=size, canonical=load_canonical_face())
    calm = smooth_without_lag(raw, time_s, settings=SETTINGS)
    assert jitter(calm.head_m) < 0.5 * jitter(raw.head_m)

    before, after = lid_gaps(raw.head_m), lid_gaps(calm.head_m)
    # The quickest drops of the lids within 0.15 s: blinks.
    step = round(0.15 / time_s[1])
    drop = before[:-step] - before[step:]
    for eye in (0, 1):
        frame = int(drop[:, eye].argmax())
        kept = after[frame, eye] - after[frame + step, eye]
        assert kept > 0.9 * drop[frame, eye]


def test_the_calm_face_stays_on_the_image(clip):
    landmarks_px, time_s, size = clip
    raw = solve_geometry(landmarks_px, size=size, canonical=load_canonical_face())
    calm = smooth_without_lag(raw, time_s, settings=SETTINGS)
    calm_px = apply_transform(calm.image_from_head, calm.head_m)[..., :2]
    eyes = landmarks_px[:, [33, 263], :2]
    eye_distance = np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=-1)[:, None]
    distances = np.linalg.norm(calm_px - landmarks_px[..., :2], axis=-1) / eye_distance
    assert np.median(distances) < 0.01
    assert np.quantile(distances, 0.99) < 0.04


def test_the_causal_filter_calms_and_hardly_lags(clip):
    landmarks_px, time_s, _ = clip
    calm = smooth_causally(landmarks_px, time_s, settings=SETTINGS)
    assert jitter(calm[..., :2]) < 0.85 * jitter(landmarks_px[..., :2])
    speed = np.gradient(landmarks_px[..., :2].astype(np.float64), axis=0)
    lag_frames = -((calm - landmarks_px)[..., :2] * speed).sum() / (speed**2).sum()
    assert 0.0 < lag_frames < 0.3
