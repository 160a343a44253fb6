"""Faces of position maps, solved, and sampled to denser meshes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import ArgumentError, TakeError
from mien.core.geometry import landmarks_from_map, load_canonical_face, load_map_face
from mien.core.geometry.position_map import load_position_layout
from mien.core.pipeline import face_textures, has_position_maps, raw_geometries, solve
from mien.core.records import FaceTrack, Footage, Landmarks, Provenance, Still
from mien.core.settings import MeshSettings, SmoothSettings, Span
from mien.core.takes import TakeWriter, read_take
from mien.core.track import region_around

N_FRAMES, RATE_HZ = 24, 25.0
LOST = (9, 10)
PROVENANCE = Provenance("0", "facemesh", {}, {}, "2030")
N_DENSE = {"1k": 33**2, "4k": 65**2, "16k": 129**2}


def map_px(index: int):
    """The neutral map, turned, with a mouth corner that comes and goes, as a network sees it."""
    head = load_position_layout().neutral_m.astype(np.float64)
    corner = load_position_layout().landmarks_uv[48] * 127.0
    rows, columns = np.mgrid[:128, :128]
    near = np.exp(-((columns - corner[0]) ** 2 + (rows - corner[1]) ** 2) / 60.0)
    head[..., 1] += 0.006 * near * np.sin(index / 3.0)
    angle = 0.3 * np.sin(index / 5.0)
    x = head[..., 0] * np.cos(angle) + head[..., 2] * np.sin(angle)
    z = head[..., 2] * np.cos(angle) - head[..., 0] * np.sin(angle)
    seen = np.stack([640 + 1800 * x, 360 - 1800 * head[..., 1], -1800 * (z - z.mean())], axis=-1)
    return seen.astype(np.float32)


def face_of(index: int) -> Landmarks | None:
    if index in LOST:
        return None
    seen = map_px(index)
    region = region_around(seen.reshape(-1, 3), scale=1.25, rotation_rad=0.0)
    return Landmarks(landmarks_from_map(seen), 0.9, region, position_map=seen)


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps") / "take"
    footage = Footage("x.mp4", "video", (720, 1280), RATE_HZ, N_FRAMES)
    with TakeWriter.create(
        folder, footage=footage, provenance=PROVENANCE, n_faces=1, n_landmarks=33**2, map_size=128
    ) as writer:
        for index in range(N_FRAMES):
            writer.append(index, index / RATE_HZ, faces=[face_of(index)])
        image = np.full((720, 1280, 3), (200, 150, 120), np.uint8)
        writer.set_stills([Still(0, 0, 0.8, image, x_px=0.0, y_px=0.0, scale=1.0)])
        writer.finish()
    return read_take(folder)


@pytest.mark.parametrize("density", ["4k", "16k"])
def test_unsmoothed_dense_meshes_are_what_the_maps_show(take, density):
    (found,) = solve(take, SmoothSettings(mode="none"), density=density)
    face = load_map_face(N_DENSE[density])
    assert found.landmarks_smooth_px.shape == (N_FRAMES, N_DENSE[density], 3)
    assert found.topology is face.canonical.topology
    seen = map_px(5)
    column, row = np.rint(face.uv * 127).astype(int).T
    at_texel = np.abs(face.uv * 127 - np.rint(face.uv * 127)).max(axis=1) < 1e-3
    assert at_texel.sum() >= 4
    off = found.landmarks_smooth_px[5, at_texel, :2] - seen[row, column, :2][at_texel]
    assert np.abs(off).max() < 0.05
    raw, smooth = found.track.landmarks_px[5], found.landmarks_smooth_px[5]
    assert np.abs(raw[:, :2] - smooth[:, :2]).max() < 0.02
    assert np.isnan(found.landmarks_smooth_px[list(LOST)]).all()


def test_the_head_stays_itself_while_it_turns(take):
    (found,) = solve(take, SmoothSettings(mode="none", depth="take"), density="4k")
    neutral = found.topology.neutral_m
    upper = (neutral[:, 1] > 0.0) & (neutral[:, 2] > 0.0)
    heads = found.geometry.head_m[found.is_present][:, upper]
    assert np.linalg.norm(heads - heads.mean(axis=0), axis=-1).max() < 0.005
    assert np.linalg.norm(heads.mean(axis=0) - neutral[upper], axis=-1).mean() < 0.006


@pytest.mark.parametrize("depth", ["frame", "take"])
def test_vertices_at_the_landmarks_are_the_same_points_in_all_densities(take, depth):
    settings = SmoothSettings(mode="none", depth=depth)
    (coarse,), (dense,) = solve(take, settings), solve(take, settings, density="4k")
    one, other = (
        face.geometry.head_m[face.is_present][:, load_map_face(n).landmark_vertex]
        for face, n in ((coarse, 33**2), (dense, 65**2))
    )
    off_m = np.linalg.norm(one - other, axis=-1)
    assert off_m.mean() < 2e-4 and off_m.max() < 2e-3


@pytest.mark.parametrize("mode", ["live", "best"])
def test_image_and_head_agree_after_smoothing(take, mode):
    (found,) = solve(take, SmoothSettings(mode=mode), density="4k")
    rows = np.flatnonzero(found.is_present)
    head = found.geometry.head_m[rows].astype(np.float64)
    whole = np.concatenate([head, np.ones((*head.shape[:2], 1))], axis=-1)
    seen = whole @ np.swapaxes(found.geometry.image_from_head[rows], 1, 2)
    off = seen[..., :2] / seen[..., 3:] - found.landmarks_smooth_px[rows, :, :2]
    assert np.abs(off).max() < 0.02


def test_filled_frames_have_dense_faces_between_their_neighbours(take):
    (found,) = solve(take, SmoothSettings(mode="best", fill_gap_s=0.5), density="4k")
    assert found.is_filled[list(LOST)].all() and np.isfinite(found.geometry.head_m).all()
    between = found.landmarks_smooth_px[9:11].mean(axis=0)
    around = found.landmarks_smooth_px[[8, 11]].mean(axis=0)
    assert np.abs(between - around)[:, :2].mean() < 1.0
    (coarse,) = solve(take, SmoothSettings(mode="best", fill_gap_s=0.5))
    dense = found.landmarks_smooth_px[9, load_map_face(65**2).landmark_vertex, :2]
    same = coarse.landmarks_smooth_px[9, load_map_face().landmark_vertex, :2]
    assert np.abs(dense - same).mean() < 1.0


def test_a_span_has_the_frames_that_the_whole_has(take):
    settings = SmoothSettings(mode="none")
    (whole,) = solve(take, settings, density="4k")
    (part,) = solve(take, settings, density="4k", span=Span(12 / RATE_HZ, 15 / RATE_HZ))
    assert len(part.time_s) == 4
    assert np.array_equal(part.landmarks_smooth_px, whole.landmarks_smooth_px[12:16])


def test_what_was_solved_before_serves_all_densities(take):
    settings = SmoothSettings()
    (found,) = solve(take, settings, geometries=raw_geometries(take, settings), density="4k")
    (anew,) = solve(take, settings, density="4k")
    assert np.array_equal(found.geometry.head_m, anew.geometry.head_m, equal_nan=True)


def test_a_dense_face_has_the_texture_of_the_take(take):
    coarse, dense = solve(take, SmoothSettings()), solve(take, SmoothSettings(), density="16k")
    (one,), (other,) = face_textures(take, coarse), face_textures(take, dense)
    assert np.array_equal(one, other)
    assert np.abs(one[400:600, 400:600].astype(int) - (200, 150, 120)).max() <= 2


def test_takes_without_maps_have_one_density(take, tmp_path):
    points = load_canonical_face(468).topology.neutral_m * [1800.0, -1800.0, -1800.0]
    points = (points + np.array([640, 360, 0]))[None].astype(np.float32)
    track = FaceTrack(np.ones(1, np.float32), points, np.ones((1, 4), np.float32))
    mesh = replace(
        take, faces=(track,), time_s=np.zeros(1), frame_index=np.zeros(1, np.int32),
        shot=np.zeros(1, np.int32),
    )  # fmt: skip
    assert has_position_maps(take) and not has_position_maps(mesh)
    assert solve(mesh, SmoothSettings())[0].landmarks_smooth_px.shape == (1, 468, 3)
    with pytest.raises(ArgumentError, match=r"needs position maps.*engine 'facemesh'.*468 points"):
        solve(mesh, SmoothSettings(), density="4k")


def test_maps_are_read_from_the_take_on_the_disk(take):
    with pytest.raises(TakeError, match="in memory"):
        solve(replace(take, folder=None), SmoothSettings(), density="4k")


def test_there_is_no_other_density():
    with pytest.raises(ArgumentError, match="density must be one of 1k, 4k, 16k, got '2k'"):
        MeshSettings(density="2k")
