from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.bench.clip_file import write_clip
from mien.core.cli.take_summary import gaps_of
from mien.core.export import read_mdd, read_pc2
from mien.core.outputs import point_files
from mien.core.records import Footage, Provenance, Take
from mien.core.takes import hash_footage


@pytest.fixture
def take(mien, fake_capture, tmp_path):
    """A take of two faces; the second is lost at 0.2, 0.3 and 0.7 s of 0.7 s."""
    assert mien("capture", "clip.mp4", "--take", "t", "--faces", 2)[0] == 0
    return tmp_path / "t"


def test_info_says_what_is_in_a_take(mien, mien_json, take):
    code, out, err = mien("info", take)
    assert (code, err) == (0, "mien: warning: The clip ends early.\n")
    for line in (
        f"Take:      {take}",
        "Footage:   clip.mp4 (video, 100 × 100, 10 Hz)",
        "Frames:    8, 0.000 to 0.700 s",
        "Complete:  yes",
        "Face 1:    found in 8 frames, lost in 0",
        "Face 2:    found in 5 frames, lost in 3",
        "           lost from 0.200 to 0.400 s (2 frames)",
        "           lost from 0.700 to 0.700 s (1 frame)",
        "Stills:    2",
    ):
        assert line in out.splitlines()
    code, values = mien_json("info", take)
    assert (code, values["n_frames"], values["n_stills"], values["n_landmarks"]) == (0, 8, 2, 4)
    assert values["engine"] == "facemesh" and values["footage"]["size"] == [100, 100]
    assert values["faces"][1]["gaps"] == [
        {"start_s": 0.2, "end_s": 0.4, "n_frames": 2},
        {"start_s": 0.7, "end_s": 0.7, "n_frames": 1},
    ]


def test_info_of_a_stopped_capture_says_so(mien, fake_capture):
    fake_capture.interrupt_at = 2
    mien("capture", "clip.mp4", "--take", "t")
    assert "Complete:  no (the capture was stopped)" in mien("info", "t")[1]


@pytest.mark.parametrize(
    ("is_found", "spans"),
    [
        ("", []),
        ("+++", []),
        ("---", [(0, 2, 3)]),
        ("-+-", [(0, 1, 1), (2, 2, 1)]),
        ("+--+-+", [(1, 3, 2), (4, 5, 1)]),
    ],
)
def test_gaps_run_from_the_first_lost_frame_to_the_next_found_one(is_found, spans):
    found = np.array([mark == "+" for mark in is_found], bool)
    gaps = gaps_of(found, np.arange(len(found), dtype=np.float64))
    assert [(gap["start_s"], gap["end_s"], gap["n_frames"]) for gap in gaps] == spans


def test_info_of_a_take_with_a_damaged_still_shows_all_of_it(mien, mien_json, take):
    next((take / "stills").iterdir()).write_bytes(b"no picture")
    code, out, _ = mien("info", take)
    assert code == 0 and "Frames:    8, 0.000 to 0.700 s" in out and "Stills:    2" in out
    assert mien_json("info", take)[1]["n_stills"] == 2


def test_build_makes_a_blend_and_nothing_else(mien, take, blender):
    code, out, _ = mien("build", take, "-o", "face.BLEND", "--carrier", "absolute-keys")
    assert code == 0 and blender.jobs[0].animate.carrier == "absolute-keys"
    assert out.startswith(str(take.parent / "face.BLEND: absolute-keys"))
    code, _, err = mien("build", take, "-o", "face.fbx")
    assert code == 2 and "Use 'mien export'" in err


def test_each_face_gets_the_texture_of_its_own_stills(mien, take, blender):
    mien("export", take, "-o", "face.glb")
    pictures = [
        cv2.imdecode(np.frombuffer(png, np.uint8), 1)[..., ::-1] for png in blender.textures
    ]
    assert [picture[512, 512].tolist() for picture in pictures] == [[200, 0, 0], [200, 40, 0]]
    assert not any(Path(texture).exists() for texture in blender.paths)


def test_a_face_that_was_never_seen_is_left_out(mien, mien_json, fake_capture, blender):
    fake_capture.lost = (tuple(range(8)), ())
    mien("capture", "clip.mp4", "--take", "t", "--faces", 2)
    code, values = mien_json("export", "t", "-o", "a.npz", "-o", "a.glb")
    assert code == 0 and values["outputs"][0]["n_faces"] == 1
    (png,) = blender.textures
    assert cv2.imdecode(np.frombuffer(png, np.uint8), 1)[512, 512, ::-1].tolist() == [200, 40, 0]


NEUTRAL = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0, 0.1], [0, -0.01, 0.1]])  # scene space


def test_point_caches_hold_the_mesh_in_scene_space_at_scene_frames(mien, take):
    assert mien("export", take, "-o", "a.pc2", "-o", "b.mdd", "--scene-rate", 20)[0] == 0
    cache, other = read_pc2("a.pc2"), read_mdd("b.mdd")
    assert (cache.start_frame, cache.sample_rate, len(cache.positions)) == (0, 1, 15)
    up = np.array([0, 0, 0.0005])
    wanted = np.stack([NEUTRAL + index * up for index in range(15)])
    np.testing.assert_allclose(cache.positions, wanted, atol=1e-7)
    np.testing.assert_array_equal(other.positions, cache.positions)
    np.testing.assert_allclose(other.times_s, np.arange(15) / 20, rtol=1e-6)


def test_a_mesh_of_someone_elses_is_not_written_over(mien, take):
    mesh = take.parent / "face.obj"
    mesh.write_text("# my own model\n")
    code, _, err = mien("export", take, "-o", "face.mdd")
    assert code == 2 and "'face.obj', but a mesh that is not Mien's has that name" in err
    assert mesh.read_text() == "# my own model\n"
    mesh.unlink()
    assert [mien("export", take, "-o", "face.mdd")[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("name", ["face-2.pc2", "face-2.obj"])
def test_no_file_of_someone_elses_is_written_over_for_another_face(mien, fake_capture, take, name):
    mine = take.parent / name
    mine.write_text("my own")
    code, _, err = mien("export", take, "-o", "face.pc2")
    assert code == 2 and f"'{name}'" in err and "not Mien's has that name" in err
    code, _, err = mien("animate", "clip.mp4", "-o", "face.pc2", "--faces", 2)
    assert code == 2 and len(fake_capture.plans) == 1
    assert mine.read_text() == "my own" and not (take.parent / "face.pc2").exists()
    mine.unlink()
    assert [mien("export", take, "-o", "face.pc2")[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("other", ["face-2.pc2", "face-2.mdd"])
def test_no_output_is_written_over_what_another_needs_for_a_second_face(mien, take, other):
    for names in (("face.pc2", other), (other, "face.pc2")):
        code, _, err = mien("export", take, "-o", names[0], "-o", names[1])
        assert code == 2 and "needs for one of its faces" in err
    assert mien("export", take, "-o", "face.pc2", "-o", "face.mdd")[0] == 0


def test_each_face_has_a_cache_and_a_mesh_of_its_own_and_is_held_where_lost(mien, take):
    assert mien("export", take, "-o", "a.pc2")[0] == 0
    assert sorted(path.name for path in take.parent.glob("a*")) == [
        "a-2.obj",
        "a-2.pc2",
        "a.obj",
        "a.pc2",
    ]
    heights = read_pc2("a-2.pc2").positions[:, 0, 2]
    np.testing.assert_allclose(heights, np.array([0, 1, 1, 1, 4, 5, 6, 6]) / 1000, atol=1e-7)


def test_a_subdivided_cache_fits_its_mesh_and_moves_with_it(mien, take, monkeypatch):
    monkeypatch.setattr(point_files, "_CHUNK_FRAMES", 3)
    assert mien("export", take, "-o", "a.pc2", "--subdivide", 2)[0] == 0
    positions = read_pc2("a.pc2").positions
    mesh = (take.parent / "a.obj").read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in mesh if line.startswith("v ")], float)
    corners = [
        [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
        for line in mesh
        if line.startswith("f ")
    ]
    # Two triangles: 6 quads, then 24; V − E + F = 1 for a disc.
    assert {len(face) for face in corners} == {4} and len(corners) == 24
    edges = {frozenset((face[k], face[k - 1])) for face in corners for k in range(4)}
    assert positions.shape == (8, 1 + len(edges) - 24, 3)
    assert len(vertices) == positions.shape[1]
    shifts = positions - positions[:1]
    np.testing.assert_allclose(
        shifts[..., 2], np.arange(8)[:, None] / 1000 + 0 * shifts[..., 2], atol=1e-6
    )
    np.testing.assert_allclose(shifts[..., :2], 0, atol=1e-6)
    offset = vertices - positions[0]
    np.testing.assert_allclose(offset, np.broadcast_to(offset[:1], offset.shape), atol=1e-6)


def test_arrays_and_tables_hold_both_faces(mien, take):
    assert mien("export", take, "-o", "a.npz", "-o", "a.csv")[0] == 0
    arrays = np.load("a.npz")
    assert np.isnan(arrays["face1/head_m"]).all(axis=(1, 2)).tolist() == [
        index in (2, 3, 7) for index in range(8)
    ]
    assert (take.parent / "a.csv").read_text().count("\n") == 1 + 2 * 8


def take_of(path, *, kind, files, rate_hz):
    """A take without frames of footage that was captured at a rate."""
    n_bytes, sha256 = hash_footage(files)
    settings = {"source": {"start_s": None, "end_s": None, "rate_hz": rate_hz}}
    return Take(
        footage=Footage(str(path), kind, (8, 8), 12.0, None),
        provenance=Provenance("0", "facemesh", {}, settings, "2030", n_bytes, sha256),
        time_s=np.zeros(0),
        frame_index=np.zeros(0, np.int32),
        faces=(),
    )


@pytest.mark.parametrize("name", ["", "a_#.png", "a_1.png"])
def test_images_that_were_changed_are_told_however_they_were_named(tmp_path, name):
    files = [tmp_path / f"a_{number}.png" for number in (1, 2)]
    for file in files:
        cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))
    take = take_of(tmp_path / name, kind="images", files=files, rate_hz=12.0)
    assert point_files._changed_footage(take) == ()
    cv2.imwrite(str(files[1]), np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8))
    (warning,) = point_files._changed_footage(take)
    assert "was changed after it was captured" in warning


def test_the_rate_that_an_old_take_of_a_video_names_is_passed_over(tmp_path):
    clip = tmp_path / "clip.mp4"
    write_clip(clip, [np.zeros((16, 16, 3), np.uint8)] * 3, rate_hz=25.0)
    take = take_of(clip, kind="video", files=[clip], rate_hz=12.0)
    assert point_files._changed_footage(take) == ()


def test_a_damaged_still_stops_only_what_needs_it(mien, take, blender):
    next((take / "stills").iterdir()).write_bytes(b"no picture")
    code, _, err = mien("build", take, "-o", "face.blend")
    assert code == 3 and err.endswith("\n--no-texture leaves the texture out.\n")
    assert mien("build", take, "-o", "face.blend", "--no-texture")[0] == 0


def test_a_stopped_capture_can_be_exported(mien, fake_capture):
    fake_capture.interrupt_at = 4
    mien("capture", "clip.mp4", "--take", "t")
    assert mien("export", "t", "-o", "a.pc2")[0] == 0
    assert len(read_pc2("a.pc2").positions) == 5


def test_a_take_without_a_face_gives_4(mien, fake_capture):
    fake_capture.lost = ((0, 1),)
    fake_capture.interrupt_at = 1
    mien("capture", "clip.mp4", "--take", "t")
    code, _, err = mien("export", "t", "-o", "a.npz")
    assert code == 4 and "holds no face" in err
