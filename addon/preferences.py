"""Where Mien keeps things, what runs the networks, and which networks there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..core.errors import MienError
from .panels.panel import draw_text
from .paths import PACKAGE, choose_user_folder, forget_user_folder
from .session import SESSION

if TYPE_CHECKING:
    from ..core.inference.weights import WeightFile

_weights: list[WeightFile] = []
_complaints: dict[str, str] = {}
_device_complaint: list[str] = []


@dataclass(frozen=True, slots=True)
class PreferenceValues:
    """The preferences as plain values."""

    is_beside_blend: bool = True
    device: str = "cpu"
    n_threads: int = 1


class MIEN_AP_preferences(bpy.types.AddonPreferences):
    """What is the same for all files."""

    bl_idname = PACKAGE

    user_folder: StringProperty(
        name="User Folder",
        description="Where imported models lie, and takes of files that were never saved. Empty: "
        "the place that the operating system keeps for data of applications, which the command "
        "line uses, too",
        subtype="DIR_PATH",
        update=lambda self, context: _folder_changed(self),
    )
    is_beside_blend: BoolProperty(
        name="Takes Beside the .blend",
        description="New takes of a saved file go into a folder beside it. "
        "Off: into the user folder",
        default=True,
    )
    device: EnumProperty(
        name="Device",
        description="What runs the networks. The extension brings ONNX Runtime for processors; "
        "other devices need a build of it that has them. The CPU steps in, and says so, for one "
        "that does not work",
        items=(
            ("cpu", "CPU", "Any processor: faster than real time"),
            ("cuda", "CUDA", "NVIDIA graphics cards"),
            ("coreml", "Core ML", "Apple's own"),
            ("directml", "DirectML", "Graphics cards on Windows"),
        ),
        update=lambda self, context: _device_changed(self),
    )
    n_threads: IntProperty(
        name="Threads",
        description="Threads for one network; 0 takes all cores. Decoding has threads of its own, "
        "so that 1 is often the fastest",
        default=1,
        min=0,
        max=256,
        soft_max=16,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw folders, device, models and the report."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(heading="Takes")
        column.prop(self, "is_beside_blend", text="Beside the .blend")
        layout.prop(self, "user_folder")
        column = layout.column()
        column.prop(self, "device")
        for text in _device_complaint:
            draw_text(column, context, text, icon="ERROR")
        column.prop(self, "n_threads")
        self._draw_models(layout)
        row = layout.row()
        row.label(text=_errors_text(), icon="INFO" if SESSION.n_errors == 0 else "ERROR")
        row.operator("mien.copy_report", icon="COPYDOWN")

    def _draw_models(self, layout: bpy.types.UILayout) -> None:
        """Draw the networks: what they are, whose, and whether they are whole."""
        box = layout.box()
        row = box.row()
        row.label(text="Models", icon="NODETREE")
        row.operator("mien.models_verify", text="Verify", icon="CHECKMARK")
        row.operator("mien.models_import", text="Import", icon="IMPORT")
        for weights in _weights:
            row = box.split(factor=0.5)
            complaint = _complaints.get(str(weights.path))
            icon = "DOT" if complaint is None else "ERROR" if complaint else "CHECKMARK"
            row.label(text=weights.name, icon=icon)
            row.label(text="Bundled" if weights.is_bundled else "Imported")
            row.label(text=weights.licence)
            if complaint:
                box.label(text=complaint)


def values() -> PreferenceValues:
    """Return the preferences; their defaults where Mien runs without being installed."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    chosen = None if addon is None else addon.preferences
    if chosen is None:
        return PreferenceValues()
    return PreferenceValues(
        is_beside_blend=chosen.is_beside_blend,
        device=chosen.device,
        n_threads=chosen.n_threads,
    )


def refresh_models(complaints: dict[WeightFile, str] | None = None) -> None:
    """List the networks again, for the preferences to draw; with what a check has found."""
    from ..core.inference.weights import list_weights

    _complaints.clear()
    if complaints is not None:
        _complaints.update({str(one.path): text for one, text in complaints.items()})
    try:
        _weights[:] = list_weights()
    except MienError as error:
        SESSION.note("ERROR", str(error))
        _weights.clear()


def _folder_changed(chosen: MIEN_AP_preferences) -> None:
    """Use another user folder from now on."""
    absolute = bpy.path.abspath(chosen.user_folder)
    if absolute != chosen.user_folder:  # other files must find it, too
        chosen.user_folder = absolute
        return
    choose_user_folder(chosen.user_folder)
    refresh_models()


def _device_changed(chosen: MIEN_AP_preferences) -> None:
    """Say at once where ONNX Runtime lacks the device, not first when something is captured."""
    from ..core.inference.devices import check_device

    _device_complaint.clear()
    if chosen.device == "cpu":  # which needs no look, and so no library
        return
    try:
        check_device(chosen.device)
    except MienError as error:
        _device_complaint.append(str(error))


def _errors_text() -> str:
    """Say how this session went."""
    n_errors = SESSION.n_errors
    if n_errors == 0:
        return "No errors in this session"
    return "1 error in this session" if n_errors == 1 else f"{n_errors} errors in this session"


_register_classes, _unregister_classes = bpy.utils.register_classes_factory((MIEN_AP_preferences,))


def register() -> None:
    """Register the preferences, and obey them."""
    _register_classes()
    addon = bpy.context.preferences.addons.get(PACKAGE)
    if addon is not None and addon.preferences is not None:
        choose_user_folder(addon.preferences.user_folder)
    # Not at once: enabling an extension must be quick.
    bpy.app.timers.register(refresh_models, first_interval=0.5)


def unregister() -> None:
    """Take them back."""
    if bpy.app.timers.is_registered(refresh_models):
        bpy.app.timers.unregister(refresh_models)
    forget_user_folder()
    _weights.clear()
    _complaints.clear()
    _device_complaint.clear()
    _unregister_classes()
