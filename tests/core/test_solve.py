"""Solving again, in part, and from what was solved before."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import ArgumentError
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import carry_expression, raw_geometries, solve
from mien.core.records import FaceTrack, Footage, Provenance, Take
from mien.core.settings import (
    CARRIERS,
    SMOOTHINGS,
    AnimateSettings,
    MeshSettings,
    SmoothSettings,
    Span,
)
from mien.core.spaces import scene_from_head

N_FRAMES, RATE_HZ = 40, 25.0
LOST = (10, 11, 12)


@pytest.fixture(scope="module")
def take():
    """A canonical face that turns, opens its jaw, trembles, and is lost for a moment."""
    neutral = load_canonical_face(468).topology.neutral_m
    time_s = np.arange(N_FRAMES) / RATE_HZ
    turn = 0.3 * np.sin(3 * time_s)[:, None]
    low = np.maximum(-neutral[:, 1] - 0.02, 0.0)
    head = np.repeat(neutral[None], N_FRAMES, axis=0).astype(np.float64)
    head[..., 1] -= low * (0.3 - 0.3 * np.cos(5 * time_s))[:, None]
    x = head[..., 0] * np.cos(turn) + head[..., 2] * np.sin(turn)
    z = head[..., 2] * np.cos(turn) - head[..., 0] * np.sin(turn)
    points = np.stack([320 + 1500 * x, 240 - 1500 * head[..., 1], -1500 * z], -1)
    points += np.random.default_rng(1).normal(0, 0.2, points.shape)
    presence = np.ones(N_FRAMES, np.float32)
    points[list(LOST)], presence[list(LOST)] = np.nan, 0
    track = FaceTrack(
        presence, points.astype(np.float32), np.full((N_FRAMES, 4), np.nan, np.float32)
    )
    return Take(
        Footage("x.mp4", "video", (480, 640), RATE_HZ, N_FRAMES),
        Provenance("0", "facemesh-468", {}, {}, "2030"),
        time_s,
        np.arange(N_FRAMES, dtype=np.int32),
        (track,),
    )


@pytest.mark.parametrize("mode", SMOOTHINGS)
def test_what_was_solved_before_changes_nothing(take, mode):
    settings = SmoothSettings(mode=mode)
    (anew,) = solve(take, settings)
    (again,) = solve(take, settings, geometries=raw_geometries(take, settings))
    assert np.array_equal(anew.geometry.head_m, again.geometry.head_m, equal_nan=True)
    assert np.array_equal(anew.landmarks_smooth_px, again.landmarks_smooth_px, equal_nan=True)


def test_a_span_is_cut_out_of_the_whole_which_still_helps_to_smooth(take):
    (whole,) = solve(take, SmoothSettings())
    (part,) = solve(take, SmoothSettings(), span=Span(5 / RATE_HZ, 14 / RATE_HZ))
    assert np.array_equal(part.time_s, take.time_s[5:15])
    assert np.array_equal(part.geometry.head_m, whole.geometry.head_m[5:15], equal_nan=True)
    assert part.is_present.tolist() == whole.is_present[5:15].tolist()
    for name in ("presence", "landmarks_px", "regions"):
        assert len(getattr(part.track, name)) == 10, name
    assert len(part.landmarks_smooth_px) == len(part.is_filled) == 10


def test_an_open_span_goes_to_the_end(take):
    (part,) = solve(take, SmoothSettings(), span=Span(start_s=30 / RATE_HZ))
    assert part.time_s[0] == take.time_s[30] and part.time_s[-1] == take.time_s[-1]


def test_a_span_without_a_frame_is_told(take):
    with pytest.raises(ArgumentError, match=r"lies between 5 and 6 s: it goes from 0 to 1\.56 s"):
        solve(take, SmoothSettings(), span=Span(5.0, 6.0))
    with pytest.raises(ArgumentError, match="end must not come before start"):
        Span(2.0, 1.0)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("level", [0, 1])
def test_every_carrier_holds_the_same_face(take, carrier, level):
    (performance,) = solve(take, SmoothSettings())
    found = carry_expression(
        performance,
        mesh=MeshSettings(subdivide=level),
        animate=AnimateSettings(carrier=carrier),
        rate_hz=RATE_HZ,
    )
    poses = performance.geometry.head_m[performance.is_present]
    wanted = found.surface.carry(scene_from_head(poses))
    if carrier == "shape-keys":
        rebuilt = found.neutral_m + np.einsum("tk,knc->tnc", found.weights, found.offsets_m)
        tolerance_m = 1.2e-4
    elif carrier == "cache":
        assert found.first_frame == 0 and len(found.positions_m) == N_FRAMES
        rebuilt, tolerance_m = found.positions_m[performance.is_present], 1e-6
    else:
        rebuilt, tolerance_m = found.positions_m, 1e-9
    assert np.abs(rebuilt - wanted).max() <= tolerance_m
    assert found.neutral_m.shape == wanted.shape[1:]


def test_depth_is_solved_over_the_take_unless_frames_must_do(take):
    modes = {mode: SmoothSettings(mode=mode).has_depth_of_take for mode in SMOOTHINGS}
    assert modes == {"none": False, "live": False, "best": True}
    for mode in SMOOTHINGS:
        for depth, wanted in (("take", True), ("frame", False)):
            assert SmoothSettings(mode=mode, depth=depth).has_depth_of_take is wanted
    (by_frame,) = solve(take, SmoothSettings(mode="none"))
    (of_take,) = solve(take, SmoothSettings(mode="none", depth="take"))
    # The points move in the image as they did: only depth, pose and camera are others.
    for one in (by_frame, of_take):
        assert np.array_equal(one.landmarks_smooth_px, take.faces[0].landmarks_px, equal_nan=True)
    assert by_frame.geometry.camera != of_take.geometry.camera
    assert by_frame.is_present.tolist() == of_take.is_present.tolist()


def test_irises_that_are_not_there_give_no_size(take):
    with pytest.raises(
        ArgumentError, match=r"'facemesh-468', which gives 468 points and no irises"
    ):
        solve(take, SmoothSettings(scale="iris"))


def test_unknown_words_are_refused():
    with pytest.raises(ArgumentError, match=r"depth must be one of auto, frame, take, got 'deep'"):
        SmoothSettings(depth="deep")
    with pytest.raises(ArgumentError, match="scale must be one of canonical, iris, got 'metre'"):
        SmoothSettings(scale="metre")
