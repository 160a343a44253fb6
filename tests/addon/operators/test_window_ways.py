"""What a window does differently: scenes that change under a job, file browsers, menus, errors."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from mien.addon.active_take import mark_of, scene_of
from mien.addon.operators import takes
from mien.addon.operators.export import MIEN_OT_export_take
from mien.addon.operators.takes import MIEN_OT_take_duplicate, MIEN_OT_take_relocate
from mien.addon.session import SESSION
from mien.core import takes as core_takes
from mien.core.errors import TakeError


def test_a_scene_is_found_again_whatever_it_is_called_and_until_it_is_deleted(scene):
    mark = mark_of(scene)
    other = bpy.data.scenes.new("Another")
    name, scene.name = scene.name, "Renamed"
    other.name = name
    bpy.context.window.scene = other
    assert scene_of(mark) == scene
    assert scene_of(mark_of(other)) == other
    bpy.data.scenes.remove(scene)
    assert scene_of(mark) is None


def stand_in(kind: type, **values) -> SimpleNamespace:
    """What an operator's own functions need of `self`: without a window there is no other one."""
    own = {name: one for name, one in vars(kind).items() if not name.startswith("__")}
    bound = SimpleNamespace(**values)
    for name, one in own.items():
        if not hasattr(bound, name):
            setattr(bound, name, one.__get__(bound) if callable(one) else one)
    return bound


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("face", "face.npz"),
        ("face.v2", "face.v2.npz"),
        ("face.npz", "face.npz"),
        ("face.NPZ", "face.NPZ"),
        ("face.csv", "face.csv"),
    ],
)
def test_a_name_without_a_suffix_gets_that_of_the_format(scene, captured, tmp_path, typed, written):
    browser = stand_in(MIEN_OT_export_take, filepath="", suffix=".npz", filter_glob="")
    browser.offer(bpy.context)
    assert browser.filepath.endswith(".npz") and browser.filter_glob == "*.npz"
    browser.filepath = str(tmp_path / typed)
    assert browser.check(bpy.context) == (typed != written)
    assert Path(browser.filepath).name == written and not browser.check(bpy.context)
    path = str(tmp_path / typed)
    assert bpy.ops.mien.export_take(filepath=path, step="CHOOSE", suffix=".npz") == {"FINISHED"}
    assert {file.name for file in tmp_path.glob("face*")} == {written}


def test_a_folder_without_a_name_stays_a_folder(scene, captured, tmp_path):
    browser = stand_in(MIEN_OT_export_take, filepath=f"{tmp_path}/", suffix=".npz")
    assert browser.chosen_file() == f"{tmp_path}/"


def test_the_format_of_the_panel_is_offered_where_the_button_has_none(scene, captured):
    scene.mien.export.suffix = ".abc"
    browser = stand_in(MIEN_OT_export_take, filepath="", suffix="", filter_glob="")
    browser.offer(bpy.context)
    assert browser.suffix == ".abc" and browser.filepath.endswith(".abc")


def test_an_error_behind_a_file_browser_is_a_report(scene, captured, tmp_path):
    calls = {
        "there is no folder": lambda: bpy.ops.mien.export_take(
            filepath=str(tmp_path / "no" / "face.csv"), step="CHOOSE"
        ),
        "no.tflite": lambda: bpy.ops.mien.models_import(
            filepath=str(tmp_path / "no.tflite"), step="CHOOSE"
        ),
        "no.mp4": lambda: bpy.ops.mien.take_relocate(
            filepath=str(tmp_path / "no.mp4"), step="CHOOSE"
        ),
    }
    for words, call in calls.items():
        with pytest.raises(RuntimeError, match=words) as caught:
            call()
        assert "Traceback" not in str(caught.value)
        assert str(caught.value).count("Error:") == 1


def test_footage_is_relocated_behind_a_file_browser_with_what_was_ticked(
    scene, captured, footage, tmp_path
):
    other = tmp_path / "other.mp4"
    other.write_bytes(footage.read_bytes() + b"\0")  # another content that shows the same
    assert bpy.ops.mien.take_relocate(
        filepath=str(other), is_trusted=True, step="CHOOSE"
    ) == {"FINISHED"}  # fmt: skip
    assert captured.footage == str(other)


def test_a_copy_is_listed_in_the_scene_that_it_was_made_for(scene, captured):
    job = stand_in(MIEN_OT_take_duplicate)
    made = job.make_job(bpy.context)
    bpy.context.window.scene = bpy.data.scenes.new("Another")
    outcome = job.apply_result(bpy.context, made.run(lambda progress: None))
    assert not outcome.warnings
    assert len(scene.mien.takes) == 2 and not bpy.context.scene.mien.takes


def test_a_copy_whose_scene_is_gone_is_told(scene, captured):
    job = stand_in(MIEN_OT_take_duplicate)
    made = job.make_job(bpy.context)
    bpy.context.window.scene = bpy.data.scenes.new("Another")
    bpy.data.scenes.remove(scene)
    result = made.run(lambda progress: None)
    outcome = job.apply_result(bpy.context, result)
    assert str(result) in outcome.line and "is gone" in outcome.warnings[0]


def test_a_take_that_left_the_list_is_relocated_on_the_disk(scene, captured, footage):
    job = stand_in(MIEN_OT_take_relocate, filepath=str(footage), is_trusted=False)
    made = job.make_job(bpy.context)
    scene.mien.takes.clear()
    outcome = job.apply_result(bpy.context, made.run(lambda progress: None))
    assert str(footage) in outcome.line and "no longer in the list" in outcome.warnings[0]


@pytest.mark.parametrize("is_scene_gone", [False, True])
def test_an_export_ends_well_whatever_became_of_its_take(scene, captured, tmp_path, is_scene_gone):
    job = stand_in(MIEN_OT_export_take, filepath=str(tmp_path / "face.csv"))
    made = job.make_job(bpy.context)
    if is_scene_gone:
        bpy.context.window.scene = bpy.data.scenes.new("Another")
        bpy.data.scenes.remove(scene)
    else:
        scene.mien.takes.clear()
    outcome = job.apply_result(bpy.context, made.run(lambda progress: None))
    assert outcome.line.startswith("Wrote") and not outcome.warnings


def test_a_take_whose_folder_is_gone_is_not_shown(scene, captured):
    captured.name, captured.folder = "x", "/nowhere/x.take"
    with pytest.raises(RuntimeError, match=r"The folder of take 'x' is gone: '/nowhere/x\.take'"):
        bpy.ops.mien.take_reveal()


def test_a_system_that_shows_no_folders_is_told(scene, captured, monkeypatch):
    def open_path(filepath):
        raise RuntimeError("Error: Python: Traceback (most recent call last): …")

    ops = SimpleNamespace(wm=SimpleNamespace(path_open=open_path))
    monkeypatch.setattr(takes, "bpy", SimpleNamespace(ops=ops))
    with pytest.raises(TakeError, match="shows no folders") as caught:
        stand_in(takes.MIEN_OT_take_reveal).change(bpy.context)
    assert captured.folder in str(caught.value)


def test_one_frame_is_called_one_frame(scene, captured, tmp_path, monkeypatch):
    read_take = core_takes.read_take
    monkeypatch.setattr(
        core_takes,
        "read_take",
        lambda folder: SimpleNamespace(
            folder=read_take(folder).folder, footage=read_take(folder).footage, faces=[],
            n_frames=1, is_complete=True,
        ),
    )  # fmt: skip
    bpy.ops.mien.take_open(directory=captured.folder)
    assert ": 1 frame, lost in" in SESSION.report_text("")
