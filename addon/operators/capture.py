"""Footage → take → face: capture, resume, stop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from ...core.errors import ArgumentError, MienError, TakeBusy, TakeError, TakeExists
from ...core.jobs import Job
from ...core.progress import OnProgress, silent
from ...core.settings import DetectSettings, SecondLookSettings, SourceSettings, TrackSettings
from .. import preferences
from ..active_take import active_take, mark_of, scene_of
from ..job_operator import JobOperator, Outcome
from ..paths import new_take_folder, takes_folder
from ..session import SESSION
from ..solved import SOLVED
from ..words import count_text
from .polls import can_begin, has_take

if TYPE_CHECKING:
    from ...core.pipeline import CapturePlan
    from ...core.records import Take
    from ..prepared import BuildOrder, PreparedTake


@dataclass(frozen=True, slots=True, eq=False)
class _Captured:
    """A take, and what is to be built from it."""

    take: Take
    prepared: PreparedTake


class _CaptureJob(JobOperator):
    """What capturing anew and going on with a capture share."""

    job_name = "Capturing"
    _scene = 0
    _mark_before = None
    _plan = None  # without a type: Blender looks annotations up, and this one is loaded late

    def apply_result(self, context: bpy.types.Context, result: _Captured) -> Outcome:
        """Build the face, and look at it where there is a window."""
        from ..shown_take import show_take, target_scene
        from ..view import look_at_faces

        folder = result.prepared.order.folder
        scene = target_scene(self._scene, folder=folder)
        shown = show_take(scene, result.prepared)
        if scene == context.scene:
            look_at_faces(context)
        return Outcome(f"Captured {shown.line}", (*result.take.warnings, *shown.warnings))

    def apply_stop(self, context: bpy.types.Context) -> str:
        """Keep what was captured as a take."""
        from ..shown_take import list_take, target_scene

        take = self._kept_take()
        if take is None:
            return "Stopped before the first frame was captured: nothing was kept."
        entry = list_take(target_scene(self._scene, folder=take.folder), take)
        then = "Build it, or resume the capture" if not take.is_complete else "Build it"
        frames = count_text(take.n_frames, "frame")
        return f"Stopped: {frames} kept in take '{entry.name}'. {then}."

    def apply_failure(self, context: bpy.types.Context, error: MienError) -> None:
        """Keep what was captured before something went wrong."""
        from ..shown_take import list_take, target_scene

        if isinstance(error, TakeBusy | TakeExists):  # what lies there is another's
            return
        take = self._kept_take()
        if take is None:
            self._unlist()
        else:
            entry = list_take(target_scene(self._scene, folder=take.folder), take)
            error.add_note(f"{count_text(take.n_frames, 'frame')} kept in take '{entry.name}'.")

    def _unlist(self) -> None:
        """Take a take off the list that is gone: resumed, it turned out to show no face."""
        from ..shown_take import entry_of

        folder = None if self._plan is None else self._plan.take_folder
        if folder is None or folder.exists():
            return
        scene = scene_of(self._scene)
        entry = None if scene is None else entry_of(scene, str(folder))
        if entry is not None:
            takes = scene.mien.takes
            takes.remove(list(takes).index(entry))

    def _kept_take(self) -> Take | None:
        """Read what this capture has left in its folder; a take without a frame is removed."""
        from ...core.takes import read_take, remove_take, take_mark

        folder = None if self._plan is None else self._plan.take_folder
        # A take that was there before, or that another capture writes, is not this one's.
        if folder is None or take_mark(folder) in (None, self._mark_before):
            return None
        take = read_take(folder)
        if take.n_frames:
            return take
        remove_take(folder)
        return None


def _capture_job(plan: CapturePlan, order: BuildOrder) -> Job:
    """Return the job that captures, then prepares the face."""
    from ...core.pipeline import capture
    from ..prepared import prepare_take

    def task(on_progress: OnProgress) -> _Captured:
        take = capture(plan, on_progress=on_progress)
        # Stopping is how a recording ends: what it holds is built all the same.
        is_recording = take.footage.kind == "camera"
        return _Captured(take, prepare_take(order, silent if is_recording else on_progress))

    return Job(task, name="mien-capture")


class MIEN_OT_capture(_CaptureJob, bpy.types.Operator):
    """Find the face in the footage, frame by frame, and build it. Esc stops and keeps the take"""

    bl_idname = "mien.capture"
    bl_label = "Capture"
    bl_options = {"UNDO"}

    filepath: StringProperty(
        name="Footage",
        description="Footage to capture; empty takes what the panel says",
        subtype="FILE_PATH",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    take_folder: StringProperty(
        name="Take",
        description="Folder for the take, which must not exist; empty chooses one",
        subtype="DIR_PATH",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether a capture may begin; without footage only a script can name some."""
        return can_begin(cls, context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather what is captured, and how."""
        from ...core.pipeline import CapturePlan
        from ...core.takes import take_mark
        from ..shown_take import order_of

        scene = context.scene
        source = scene.mien.source
        if self.filepath:
            source.kind, source.filepath = "FILE", self.filepath
        address = source.address
        if not address:
            raise ArgumentError("No footage is chosen. Choose a video, images or a camera first.")
        values = preferences.values()
        folder = _folder_for(self.take_folder, address, is_beside=values.is_beside_blend)
        self._plan = CapturePlan(
            footage=address,
            take_folder=folder,
            engine=scene.mien.capture.engine,
            quality=scene.mien.capture.quality,
            source=source.to_settings(is_images=_is_images(address)),
            detect=DetectSettings(range=scene.mien.capture.detector),
            track=scene.mien.capture.to_settings(),
            device=values.device,
            n_threads=values.n_threads,
        )
        self._scene, self._mark_before = mark_of(scene), take_mark(folder)
        SOLVED.forget(str(folder))
        return _capture_job(self._plan, order_of(scene, None, str(folder)))


class MIEN_OT_resume(_CaptureJob, bpy.types.Operator):
    """Go on with a capture that was stopped, where it ended"""

    bl_idname = "mien.resume"
    bl_label = "Resume Capture"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether the chosen take can go on."""
        if not has_take(cls, context):
            return False
        if active_take(context.scene).is_complete:
            cls.poll_message_set("The take is complete")
            return False
        return True

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather how the take was begun."""
        from ...core.pipeline import CapturePlan
        from ...core.takes import read_take
        from ..shown_take import order_of

        scene = context.scene
        entry = active_take(scene)
        folder = entry.folder
        take = read_take(folder)
        values = preferences.values()
        settings = take.provenance.settings
        try:
            source = SourceSettings(**settings["source"])
            detect = DetectSettings(**settings["detect"])
            track = TrackSettings(**settings["track"])
            second_look = SecondLookSettings(**settings.get("second_look", {}))
            quality = settings["quality"]
        except (KeyError, TypeError) as error:
            raise TakeError(
                f"Take '{entry.name}' cannot be resumed: it does not say how it was captured. "
                "Capture the footage again."
            ) from error
        self._plan = CapturePlan(
            footage=take.footage.path,
            take_folder=Path(folder),
            engine=take.provenance.engine,
            quality=quality,
            source=source,
            detect=detect,
            track=track,
            second_look=second_look,
            device=values.device,
            n_threads=values.n_threads,
            is_resumed=True,
        )
        self._scene = mark_of(scene)
        SOLVED.forget(folder)
        return _capture_job(self._plan, order_of(scene, entry, folder))


class MIEN_OT_stop(bpy.types.Operator):
    """Stop what is running. Frames that were captured are kept as a take"""

    bl_idname = "mien.stop"
    bl_label = "Stop"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether something runs."""
        return SESSION.is_busy and not SESSION.is_stopping

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask it to stop."""
        SESSION.stop(context)
        return {"FINISHED"}


class MIEN_OT_choose_footage(bpy.types.Operator):
    """Choose a video, an animated GIF, or one of several numbered images"""

    bl_idname = "mien.choose_footage"
    bl_label = "Choose Footage"
    bl_options = {"UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_movie: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Open the file browser where the last footage was."""
        self.filepath = context.scene.mien.source.filepath
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the choice over."""
        if not self.filepath:
            return {"CANCELLED"}
        source = context.scene.mien.source
        source.kind, source.filepath = "FILE", self.filepath
        return {"FINISHED"}


def _folder_for(chosen: str, address: str, *, is_beside: bool) -> Path:
    """Return where a new take goes."""
    if chosen:
        return Path(bpy.path.abspath(chosen)).absolute()
    parent = takes_folder(is_beside_blend=is_beside)
    try:
        return new_take_folder(parent, address)
    except OSError as error:
        raise TakeError(
            f"The folder for takes, '{parent}', cannot be made: {error.strerror}. Choose another "
            "user folder in Mien's preferences, or save the .blend in a folder of yours."
        ) from error


def _is_images(address: str) -> bool:
    """Say whether footage is made of images, which have no times of their own."""
    from ...core.source.image_list import images_at
    from ...core.source.opening import footage_place

    place = footage_place(address)
    try:
        return place is not None and bool(images_at(place))
    except MienError:
        return False  # opening it tells why


register, unregister = bpy.utils.register_classes_factory(
    (MIEN_OT_capture, MIEN_OT_resume, MIEN_OT_stop, MIEN_OT_choose_footage)
)
