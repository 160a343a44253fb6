"""All that Mien draws, on a stand-in that holds Blender's own list of what a layout can do."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

import mien
from mien.addon import footage, preferences
from mien.addon.scene_properties import FILE_VERSION
from mien.addon.session import SESSION, _Running
from mien.addon.shown_take import list_take
from mien.core.inference.devices import PROVIDERS
from mien.core.inference.weights import list_weights
from mien.core.jobs import Job
from mien.core.records import Footage, Progress
from mien.core.source import FootageLook

_LAYOUT = bpy.types.UILayout.bl_rna
_PYTHON_TYPES = {
    "BOOLEAN": (bool,),
    "INT": (int,),
    "FLOAT": (int, float),
    "STRING": (str,),
    "ENUM": (str,),
}
CLIP = "/footage/clip.mp4"


def check_value(rna: bpy.types.Property, value: Any) -> None:
    """Fail where Blender would not take a value."""
    if rna.type == "POINTER":
        return
    is_number_for_flag = rna.type == "BOOLEAN" and type(value) is int
    assert isinstance(value, _PYTHON_TYPES[rna.type]) or is_number_for_flag, (rna.identifier, value)
    if rna.type == "ENUM":
        assert value in rna.enum_items, f"{rna.identifier} cannot be {value!r}"


def rna_of_operator(name: str) -> Any:
    """Blender's description of an operator; a KeyError where there is none."""
    module, _, function = name.partition(".")
    return getattr(getattr(bpy.ops, module), function).get_rna_type()


class OperatorProperties:
    """What `layout.operator` returns: takes the values of the operator's own properties."""

    def __init__(self, rna: Any):
        self.__dict__["rna"] = rna

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in self.rna.properties, f"{self.rna.identifier} has no {name!r}"
        check_value(self.rna.properties[name], value)
        self.__dict__[name] = value


class Layout:
    """Takes the calls and values that this very Blender's layout takes, and keeps the calls."""

    def __init__(self, calls: list[tuple[str, dict[str, Any], Any]]):
        self.__dict__["calls"] = calls

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in _LAYOUT.properties, f"a layout has no {name!r}"
        check_value(_LAYOUT.properties[name], value)

    def __getattr__(self, name: str) -> Any:
        if name == "operator_context":
            return "EXEC_DEFAULT"
        assert name in _LAYOUT.functions, f"a layout has no {name!r}"
        inputs = [one for one in _LAYOUT.functions[name].parameters if not one.is_output]
        outputs = [one for one in _LAYOUT.functions[name].parameters if one.is_output]
        checks = {
            "prop": self._prop,
            "operator": self._operator,
            "menu": self._menu,
            "template_ID": self._template_id,
            "template_list": self._template_list,
        }

        def call(*values: Any, **named: Any) -> Any:
            assert len(values) <= len(inputs)
            given = dict(zip((one.identifier for one in inputs), values, strict=False))
            assert not given.keys() & named
            given |= named
            assert given.keys() <= {one.identifier for one in inputs}, (name, given)
            assert {one.identifier for one in inputs if one.is_required} <= given.keys()
            for one in inputs:
                if one.identifier in given:
                    check_value(one, given[one.identifier])
            child = Layout(self.calls) if outputs else None
            checked = checks.get(name, lambda **given: None)(**given)
            self.calls.append((name, given, checked or child))
            return checked or child

        return call

    def _prop(self, data: Any, property: str, **rest: Any) -> None:
        rna = data.bl_rna
        assert property in rna.properties, f"{rna.identifier} has no {property!r}"

    def _operator(self, operator: str, **rest: Any) -> OperatorProperties:
        return OperatorProperties(rna_of_operator(operator))

    def _menu(self, menu: str, **rest: Any) -> None:
        assert issubclass(getattr(bpy.types, menu), bpy.types.Menu)

    def _template_id(self, data: Any, property: str, open: str = "", **rest: Any) -> None:
        self._prop(data, property)
        assert rna_of_operator(open)

    def _template_list(
        self, listtype_name: str, dataptr: Any, propname: str, active_dataptr: Any,
        active_propname: str, **rest: Any,
    ) -> None:  # fmt: skip
        self._prop(dataptr, propname)
        self._prop(active_dataptr, active_propname)
        list_type = getattr(bpy.types, listtype_name)
        for index, item in enumerate(getattr(dataptr, propname)):
            drawn = Drawn(list_type, self.calls)
            values = (dataptr, item, 0, active_dataptr, active_propname, index)
            n_taken = list_type.draw_item.__code__.co_argcount - 3
            drawn.draw_item(CONTEXT, Layout(self.calls), *values[:n_taken])


class Drawn:
    """A panel, a menu, a list, preferences or an operator while it is drawn."""

    def __init__(self, kind: type, calls: list[tuple[str, dict[str, Any], Any]]):
        self.kind, self.layout = kind, Layout(calls)
        is_operator = issubclass(kind, bpy.types.Operator)
        self.bl_rna = rna_of_operator(kind.bl_idname) if is_operator else kind.bl_rna

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name).__get__(self)


class _Context:
    """Blender's own, in a sidebar as narrow as it begins."""

    region = SimpleNamespace(width=220)
    area = SimpleNamespace(type="VIEW_3D")
    preferences = SimpleNamespace(system=SimpleNamespace(ui_scale=1.0))  # 0 without a window

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context, name)


CONTEXT = _Context()


def classes_of(base: type) -> list[type]:
    """The registered classes of Mien of one kind, in the order of their registration."""
    return [
        one
        for one in base.__subclasses__()
        if one.__module__.startswith("mien.addon.") and one.is_registered
    ]


def functions_in_menus() -> Iterator[Callable[..., None]]:
    """What Mien has added to menus and panels of Blender's own."""
    for name in dir(bpy.types):
        for function in getattr(getattr(getattr(bpy.types, name), "draw", None), "_draw_funcs", ()):
            if function.__module__.startswith("mien.addon."):
                yield function


class Picture:
    """All that was drawn at one moment."""

    def __init__(self, *kinds: type):
        self.calls: list[tuple[str, dict[str, Any], Any]] = []
        for kind in kinds:
            if not hasattr(kind, "poll") or kind.poll(CONTEXT):
                Drawn(kind, self.calls).draw(CONTEXT)

    @property
    def operators(self) -> list[str]:
        return [given["operator"] for name, given, _ in self.calls if name == "operator"]

    @property
    def properties(self) -> set[str]:
        """As class.name."""
        return {
            f"{given['data'].bl_rna.identifier}.{given['property']}"
            for name, given, _ in self.calls
            if name in {"prop", "template_ID"}
        }

    @property
    def words(self) -> str:
        return " ".join(given["text"] for _, given, _ in self.calls if given.get("text"))


def draw_everything() -> Picture:
    """Draw all of Mien at once: panels, menus, lists, preferences, dialogs, and file drops."""
    panels, menus = classes_of(bpy.types.Panel), classes_of(bpy.types.Menu)
    dialogs = [one for one in classes_of(bpy.types.Operator) if hasattr(one, "draw")]
    assert panels and menus and dialogs
    picture = Picture(*panels, *menus, *classes_of(bpy.types.AddonPreferences), *dialogs)
    added = list(functions_in_menus())
    assert added
    for function in added:
        function(SimpleNamespace(layout=Layout(picture.calls)), CONTEXT)
    for handler in classes_of(bpy.types.FileHandler):
        assert handler.poll_drop(CONTEXT) in {True, False}
        assert rna_of_operator(handler.bl_import_operator)
    for name, _, answer in picture.calls:
        if name == "operator":
            kind = getattr(bpy.types, answer.rna.identifier)
            assert kind.poll(CONTEXT) in {True, False} if hasattr(kind, "poll") else True
            assert not hasattr(kind, "description") or kind.description(CONTEXT, answer)
    return picture


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    """A scene of Blender's own start-up file, with Mien registered."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    mien.register()
    yield bpy.context.scene
    SESSION._running = None
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    mien.unregister()


@pytest.fixture
def take(scene, performance) -> bpy.types.PropertyGroup:
    """The entry of a take whose capture was stopped."""
    one = performance(lost=(3, 4))
    return list_take(
        scene,
        SimpleNamespace(
            folder="/takes/clip.take",
            footage=one.footage,
            faces=[one.track],
            n_frames=len(one.time_s),
            is_complete=False,
        ),
    )


@pytest.fixture
def built(scene, take) -> bpy.types.PropertyGroup:
    """The entry of a take whose face stands as the panel has it."""
    scene.render.fps = 25
    take.is_complete = take.is_built = True
    take.built_with = scene.mien.build_settings
    take.built_rate_hz, take.built_scale, take.n_keys = 25.0, 1.0, 12
    take.jitter_before, take.jitter_after = 1.25, float("nan")
    return take


@pytest.fixture
def look_at(monkeypatch) -> Callable[..., None]:
    """Say what is known of footage."""

    def look(kind: str = "", *, n_frames: int | None = 90, error: str = "") -> None:
        monkeypatch.setattr(footage._STATE, "due", "" if kind or error else CLIP)
        found = footage._Found(time.monotonic(), error=error)
        if kind:
            look = FootageLook(
                Footage(CLIP, kind, (1080, 1920), 29.97, n_frames),
                np.zeros((144, 256, 3), np.uint8),
                None if n_frames is None else n_frames / 29.97,
            )
            found = replace(found, look=look, thumbnail=footage._icon_from(look.thumbnail))
        footage._keep(CLIP, found)

    return look


def run(*progress: Progress) -> Job:
    """Let a job run, as far as the panel can tell."""
    job = Job(lambda on_progress: None)
    SESSION._running = _Running("Capturing", job, None, None, *progress)
    return job


def test_an_empty_scene_offers_footage_and_no_take(scene):
    picture = draw_everything()
    assert {"mien.choose_footage", "mien.capture"} <= set(picture.operators)
    assert not {"mien.resume", "mien.build", "mien.view_face", "mien.stop"} & set(picture.operators)
    assert "Captured faces appear here." in picture.words


def test_footage_that_was_chosen_is_described(scene, look_at):
    scene.mien.source.filepath = CLIP
    look_at()
    assert "Looking …" in draw_everything().words
    look_at("video")
    picture = draw_everything()
    assert "1920 × 1080 29.97 fps 3.0 s 90 frames" in picture.words
    assert "MIEN_PG_source.rate_hz" not in picture.properties
    look_at("images", n_frames=None)
    assert "MIEN_PG_source.rate_hz" in draw_everything().properties
    look_at(error="'clip.mp4' holds no frame.")
    assert "holds no frame" in draw_everything().words


def test_images_have_a_rate_before_and_while_they_are_looked_at(scene):
    scene.mien.source.filepath = "/footage/shot_0001.png"
    assert "MIEN_PG_source.rate_hz" in draw_everything().properties
    scene.mien.source.filepath = "/footage/shot.mov"
    assert "MIEN_PG_source.rate_hz" not in draw_everything().properties


class MenuLayout:
    """Keeps in which context each operator would run."""

    operator_context = "EXEC_REGION_WIN"

    def __init__(self):
        self.contexts = []

    def operator(self, name: str, **rest: Any) -> None:
        self.contexts.append((name, self.operator_context))


def test_the_add_menu_opens_a_file_browser_and_leaves_the_window_free(scene, take):
    (draw,) = [one for one in functions_in_menus() if one.__name__ == "_draw_add"]
    layout = MenuLayout()
    draw(SimpleNamespace(layout=layout), CONTEXT)
    scene.mien.takes.clear()
    draw(SimpleNamespace(layout=layout), CONTEXT)
    names = ("mien.build", "mien.choose_footage")
    assert layout.contexts == [(name, "INVOKE_REGION_WIN") for name in names]
    assert layout.operator_context == "EXEC_REGION_WIN", "others draw below"


def test_clips_and_cameras_have_a_choice_of_their_own(scene, tmp_path):
    scene.mien.source.kind = "CLIP"
    assert "Choose a movie clip" in draw_everything().words
    picture = bpy.data.images.new("0001", 8, 8)
    picture.filepath_raw, picture.file_format = str(tmp_path / "0001.png"), "PNG"
    picture.save()
    scene.mien.source.clip = bpy.data.movieclips.load(picture.filepath_raw)
    assert "Choose a movie clip" not in draw_everything().words
    scene.mien.source.kind = "CAMERA"
    picture = draw_everything()
    assert "MIEN_PG_source.camera_index" in picture.properties
    assert "MIEN_PG_source.use_range" not in picture.properties
    assert "Record" in picture.words
    assert "Recording goes on until you press Esc or Stop." in picture.words


def test_a_take_that_was_stopped_can_be_resumed_or_built(scene, take):
    picture = draw_everything()
    assert {"mien.resume", "mien.build"} <= set(picture.operators)
    assert "mien.view_face" not in picture.operators
    assert "24 frames 25 fps 1 face lost in 2" in picture.words
    (row,) = [given for name, given, _ in picture.calls if given.get("property") == "name"]
    assert row["icon"] == "ERROR"


def test_a_face_that_stands_is_shown_and_updated(scene, built):
    def buttons():
        found = draw_everything().calls
        return [given["depress"] for _, given, _ in found if "depress" in given]

    picture = draw_everything()
    assert "mien.view_face" in picture.operators and "mien.resume" not in picture.operators
    assert "1.25 %  →  –" in picture.words and "Built with 12 shape keys" in picture.words
    assert not any(buttons())
    scene.mien.smoothing.motion_threshold = 3.0
    assert all(buttons()) and len(buttons()) == 3
    scene.render.fps, scene.unit_settings.scale_length = 24, 0.01
    words = draw_everything().words
    assert "plays at 24 fps" in words and "unit scale is 0.01" in words


def test_a_job_that_runs_shows_how_far_it_is(scene, built):
    run()
    picture = draw_everything()
    assert "mien.stop" in picture.operators and "mien.capture" not in picture.operators
    assert "Capturing …" in picture.words
    run(Progress("capture", 30, 120, 15.0))
    assert "Capturing  ·  25%  ·  15 fps  ·  0:06 left" in draw_everything().words
    run(Progress("smooth", 30, None))
    assert "Smoothing  ·  30 frames" in draw_everything().words


def test_a_job_that_stops_says_so(scene, take):
    run(Progress("capture", 30, 120, 15.0)).stop()
    picture = draw_everything()
    assert "Stopping …" in picture.words and "25%" not in picture.words


def test_a_file_of_a_newer_mien_is_not_touched(scene, built):
    scene.mien.file_version = FILE_VERSION + 1
    draw_everything()
    picture = Picture(*classes_of(bpy.types.Panel))
    assert "saved by a newer Mien" in picture.words
    assert not picture.operators and not picture.properties


def test_every_choice_can_be_drawn(scene, built):
    groups = [getattr(scene.mien, one.identifier) for one in scene.mien.bl_rna.properties]
    n_drawn = 0
    for group in [one for one in groups if isinstance(one, bpy.types.PropertyGroup)]:
        for rna in group.bl_rna.properties:
            if rna.type not in {"ENUM", "BOOLEAN"}:
                continue
            before = getattr(group, rna.identifier)
            for value in rna.enum_items.keys() if rna.type == "ENUM" else (False, True):
                setattr(group, rna.identifier, value)
                draw_everything()
                n_drawn += 1
            setattr(group, rna.identifier, before)
    assert n_drawn > 40


def test_everything_that_can_be_set_is_drawn_somewhere(scene, built):
    drawn = set()
    scene.mien.source.use_range = True
    scene.mien.mesh.subdivide = 1
    for kind, mode in (("FILE", "best"), ("CAMERA", "live"), ("CLIP", "none")):
        scene.mien.source.kind, scene.mien.smoothing.mode = kind, mode
        drawn |= draw_everything().properties
    assert "MIEN_PG_mesh.density" not in drawn  # only position maps have a choice of densities
    built.n_landmarks = 33 * 33
    drawn |= draw_everything().properties
    # Of footage that is there; see above.
    drawn |= {"MIEN_PG_source.rate_hz", "MIEN_PG_source.filepath"}
    for group in classes_of(bpy.types.PropertyGroup):
        if group.__name__ not in {"MIEN_PG_scene", "MIEN_PG_take", "MIEN_PG_built_face"}:
            assert {f"{group.__name__}.{name}" for name in inspect.get_annotations(group)} <= drawn


def test_preferences_name_every_model_and_what_is_wrong_with_it(scene):
    models = list_weights()
    preferences.refresh_models({one: "" for one in models} | {models[0]: "It is damaged."})
    (kind,) = classes_of(bpy.types.AddonPreferences)
    picture = Picture(kind)
    assert all(one.name in picture.words for one in models) and "It is damaged." in picture.words
    assert picture.properties == {
        f"{kind.__name__}.{name}" for name in inspect.get_annotations(kind)
    }


def test_preferences_offer_all_devices_and_say_at_once_if_one_is_missing(scene, monkeypatch):
    (kind,) = classes_of(bpy.types.AddonPreferences)
    assert [item.identifier for item in kind.bl_rna.properties["device"].enum_items] == list(
        PROVIDERS
    )
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [PROVIDERS["cpu"]])
    for device, is_missing in (("cuda", True), ("cpu", False)):
        preferences._device_changed(SimpleNamespace(device=device))
        words = Picture(kind).words
        assert ("Device 'cuda' is not available" in words) is is_missing
        assert ("'onnxruntime-gpu'" in words) is is_missing


@pytest.mark.parametrize(
    "draw",
    [
        lambda layout, mien: layout.prop(mien.source, "kindd"),
        lambda layout, mien: layout.prop(mien.takes[0], "nam"),
        lambda layout, mien: layout.column().prop(mien.source, "kind", icon="NO_SUCH_ICON"),
        lambda layout, mien: layout.prop(mien.source, "kind", expnd=True),
        lambda layout, mien: layout.operator("mien.captur"),
        lambda layout, mien: setattr(layout.operator("mien.smoothing_preset"), "preset", "CLAM"),
        lambda layout, mien: setattr(layout.operator("mien.smoothing_preset"), "presets", "CALM"),
        lambda layout, mien: setattr(layout.row(), "scale_z", 1.5),
        lambda layout, mien: setattr(layout.row(), "alignment", "MIDDLE"),
        lambda layout, mien: layout.lable(text="Words"),
        lambda layout, mien: layout.label(text=7),
        lambda layout, mien: layout.menu("MIEN_MT_takess"),
        lambda layout, mien: layout.template_ID(mien.source, "clip", open="clip.opn"),
        lambda layout, mien: layout.template_list("MIEN_UL_takes", "", mien, "take", mien, "x"),
    ],
)
def test_the_stand_in_refuses_what_is_misspelt(scene, take, draw):
    with pytest.raises((AssertionError, KeyError, AttributeError)):
        draw(Layout([]), scene.mien)
