import gc
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import ExportError
from mien.core.export import write_npz
from mien.core.records import BlendshapeWeights

NAMES = {
    "time_s", "presence", "is_filled", "landmarks_px", "landmarks_smooth_px", "head_m",
    "image_from_head", "camera_from_head", "camera_fov_y_rad", "footage_size", "triangles", "uv",
}  # fmt: skip


def _read(path):
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_one_face_has_the_names_and_shapes_of_the_contract(tmp_path, performance):
    write_npz([performance()], tmp_path / "face.npz")
    arrays = _read(tmp_path / "face.npz")
    assert set(arrays) == NAMES | {"format_version"}
    shapes = {name: arrays[name].shape for name in arrays}
    assert shapes == {
        "format_version": (), "time_s": (8,), "presence": (8,), "is_filled": (8,),
        "landmarks_px": (8, 5, 3), "landmarks_smooth_px": (8, 5, 3), "head_m": (8, 5, 3),
        "image_from_head": (8, 4, 4), "camera_from_head": (8, 4, 4), "camera_fov_y_rad": (),
        "footage_size": (2,), "triangles": (3, 3), "uv": (5, 2),
    }  # fmt: skip


def test_arrays_come_back_bit_for_bit_with_nan_where_the_face_was_lost(tmp_path, performance):
    face = performance(lost=(0, 3), filled=(5,))
    write_npz([face], tmp_path / "face.npz")
    arrays = _read(tmp_path / "face.npz")
    for name, original in [
        ("time_s", face.time_s),
        ("presence", face.track.presence),
        ("is_filled", face.is_filled),
        ("landmarks_px", face.track.landmarks_px),
        ("landmarks_smooth_px", face.landmarks_smooth_px),
        ("head_m", face.geometry.head_m),
        ("image_from_head", face.geometry.image_from_head),
        ("camera_from_head", face.geometry.camera_from_head),
        ("triangles", face.topology.triangles),
        ("uv", face.topology.uv),
    ]:
        assert arrays[name].dtype == original.dtype, name
        assert np.array_equal(arrays[name], original, equal_nan=original.dtype.kind == "f"), name
    assert np.isnan(arrays["head_m"]).all(axis=(1, 2)).nonzero()[0].tolist() == [0, 3]
    assert np.isnan(arrays["landmarks_px"]).all(axis=(1, 2)).nonzero()[0].tolist() == [0, 3, 5]


def test_named_weights_stand_beside_the_face_that_has_them(tmp_path, performance):
    weights = np.random.default_rng(1).random((8, 3)).astype(np.float32)
    weights[2] = np.nan
    named = BlendshapeWeights(names=("_neutral", "jawOpen", "mouthClose"), weights=weights)
    faces = [replace(performance(), face_index=k, n_faces=2) for k in (0, 1)]
    write_npz(faces, tmp_path / "faces.npz", blendshapes=[None, named])
    arrays = _read(tmp_path / "faces.npz")
    assert "face0/blendshapes" not in arrays and "face0/blendshape_names" not in arrays
    assert np.array_equal(arrays["face1/blendshapes"], weights, equal_nan=True)
    assert arrays["face1/blendshape_names"].tolist() == list(named.names)


def test_the_matrix_of_the_archive_lays_its_points_on_its_landmarks(tmp_path, performance):
    write_npz([performance()], tmp_path / "face.npz")
    arrays = _read(tmp_path / "face.npz")
    head = np.concatenate([arrays["head_m"], np.ones((8, 5, 1))], axis=-1)
    image = np.einsum("tij,tnj->tni", arrays["image_from_head"], head)
    image = image[..., :3] / image[..., 3:]
    assert np.abs(image - arrays["landmarks_smooth_px"]).max() < 1e-3


def test_several_faces_are_told_apart_by_their_prefix(tmp_path, performance):
    faces = [performance(), replace(performance(n=6), face_index=1)]
    write_npz([replace(face, n_faces=2) for face in faces], tmp_path / "faces.npz")
    arrays = _read(tmp_path / "faces.npz")
    assert set(arrays) == {f"face{k}/{name}" for k in (0, 1) for name in NAMES} | {"format_version"}
    assert arrays["face0/head_m"].shape == (8, 5, 3)
    assert arrays["face1/head_m"].shape == (8, 6, 3)


def test_names_depend_on_what_was_asked_for_and_not_on_who_was_seen(tmp_path, performance):
    write_npz([replace(performance(), face_index=1, n_faces=2)], tmp_path / "faces.npz")
    assert set(_read(tmp_path / "faces.npz")) == {f"face1/{name}" for name in NAMES} | {
        "format_version"
    }


def test_a_file_of_another_suffix_keeps_its_name(tmp_path, performance):
    write_npz([performance()], tmp_path / "face.arrays")
    assert [path.name for path in tmp_path.iterdir()] == ["face.arrays"]


def test_a_disk_that_fills_up_is_told_once_and_leaves_nothing(tmp_path, performance, monkeypatch):
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    def refuse(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile._ZipWriteFile, "write", refuse)
    with pytest.raises(ExportError, match="the disk is full"):
        write_npz([performance()], tmp_path / "face.npz")
    gc.collect()
    assert not complaints and not list(tmp_path.iterdir())
