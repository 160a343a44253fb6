"""The list of takes, the files that are written, models, and the report."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from mien.addon.session import SESSION
from mien.core.inference.weights import list_weights


def test_a_take_is_copied_whole_and_deleted_from_the_disk_only_when_asked(scene, captured):
    folder = Path(captured.folder)
    bpy.ops.mien.take_duplicate()
    copy = Path(scene.mien.takes[1].folder)
    assert scene.mien.active_take == 1 and not scene.mien.takes[1].is_built
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".pc2":
            assert (copy / file.relative_to(folder)).read_bytes() == file.read_bytes()
    bpy.ops.mien.take_delete()
    assert len(scene.mien.takes) == 1 and (copy / "take.json").exists()
    bpy.ops.mien.take_open(directory=str(copy))
    bpy.ops.mien.take_delete(use_delete_files=True)
    assert not copy.exists() and folder.exists()


def test_a_take_is_listed_once(scene, captured):
    bpy.ops.mien.take_open(directory=captured.folder)
    assert len(scene.mien.takes) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda header: header.update(format_version=99), "newer Mien"),
        (lambda header: header.update(n_frames=10**6), "damaged"),
    ],
)
def test_takes_that_cannot_be_read_are_told(scene, captured, change, words):
    path = Path(captured.folder) / "take.json"
    header = json.loads(path.read_text())
    change(header)
    path.write_text(json.dumps(header))
    for call in (lambda: bpy.ops.mien.take_open(directory=captured.folder), bpy.ops.mien.build):
        with pytest.raises(RuntimeError, match=words):
            call()


def test_a_folder_without_a_take_is_told(scene, tmp_path):
    with pytest.raises(RuntimeError, match=r"there is no 'take\.json'"):
        bpy.ops.mien.take_open(directory=str(tmp_path))


def test_a_range_of_the_scene_is_written(scene, captured, tmp_path):
    scene.mien.export.use_range = True
    scene.frame_start, scene.frame_end = 4, 9
    bpy.ops.mien.export_take(filepath=str(tmp_path / "part.npz"))
    with np.load(tmp_path / "part.npz") as part:
        assert np.allclose(part["time_s"] * 30.0, range(4, 10))
    scene.use_preview_range = True
    scene.frame_preview_start = scene.frame_preview_end = 5
    bpy.ops.mien.export_take(filepath=str(tmp_path / "one.npz"))
    with np.load(tmp_path / "one.npz") as one:
        assert len(one["time_s"]) == 1
    scene.frame_preview_start = scene.frame_preview_end = 500
    with pytest.raises(RuntimeError, match="No frame of the take lies between"):
        bpy.ops.mien.export_take(filepath=str(tmp_path / "none.npz"))
    assert not (tmp_path / "none.npz").exists()


@pytest.mark.slow
def test_a_scene_file_is_written_by_a_blender_of_its_own(scene, captured, tmp_path):
    objects = set(bpy.data.objects)
    scene.mien.export.use_range = True
    scene.frame_start, scene.frame_end = 4, 9
    bpy.ops.mien.export_take(filepath=str(tmp_path / "face.glb"))
    assert (tmp_path / "face.glb").read_bytes()[:4] == b"glTF"
    assert set(bpy.data.objects) == objects


def test_edits_that_an_export_leaves_out_are_told(scene, captured, tmp_path):
    captured.faces[0].target.data.shape_keys.key_blocks[1].points[0].co[0] += 0.01
    bpy.ops.mien.export_take(filepath=str(tmp_path / "face.csv"))
    assert "edited by hand on 'Face' is not in it" in SESSION.report_text("")


def test_an_export_without_a_place_to_go_is_told(scene, captured, tmp_path):
    with pytest.raises(RuntimeError, match="there is no folder"):
        bpy.ops.mien.export_take(filepath=str(tmp_path / "no" / "face.csv"))
    with pytest.raises(RuntimeError, match="names no format"):
        bpy.ops.mien.export_take(filepath=str(tmp_path / "face.xyz"))


def test_models_are_checked(scene):
    bpy.ops.mien.models_verify()
    count = len(list_weights())
    assert count > 2 and f"{count} of {count} models are whole" in SESSION.report_text("")


def test_the_report_holds_what_went_wrong(scene):
    with pytest.raises(RuntimeError):
        bpy.ops.mien.take_open(directory="/nowhere/at all")
    text = SESSION.report_text("5.0.1")
    assert text.startswith("Mien ") and "Blender 5.0.1" in text
    assert "ERROR: Take '/nowhere/at all' is missing" in text
