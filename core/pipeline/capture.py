"""Footage → take: every frame is looked at once, and written as it is found."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from ..errors import Cancelled, NoFace, TakeError
from ..inference.weights import find_weights
from ..landmarks import engine_spec
from ..records import (
    Frame,
    Landmarks,
    OnProgress,
    Progress,
    Provenance,
    Take,
    silent,
)
from ..source import FrameSource, open_source, shown_address
from ..takes import TakeWriter, hash_footage, read_stills, read_take, remove_take
from ..track import StillPicker, region_from_array
from ..version import VERSION
from .face_finder import FaceFinder
from .plan import DETECTOR_WEIGHTS, CapturePlan

N_REPLAYED = 12
"""Frames before a face's last sighting from which its speed is known again, when resuming."""


def capture(plan: CapturePlan, *, on_progress: OnProgress = silent) -> Take:
    """Find the faces in footage and write them to a take, as they are found.

    Parameters
    ----------
    plan : what, with what, and where to
    on_progress : called every frame; may raise `Cancelled`, which keeps the take so far, and
        completes that of a camera, which has no other end

    Returns
    -------
    Take
        Read back from disk.

    Raises
    ------
    SourceError, ModelError, TakeError, ArgumentError
        The footage, a network, the take's folder or a setting is unusable.
    NoFace
        The whole footage holds no face; no take is left.
    """
    finder = FaceFinder(plan)
    with ExitStack() as stack:
        writer = None
        if plan.is_resumed:
            writer = TakeWriter.resume(plan.take_folder, is_temporary=plan.is_temporary)
            stack.enter_context(writer)
        source = stack.enter_context(_open_footage(plan, writer))
        if writer is None:
            writer = stack.enter_context(_new_take(plan, source))
        if writer.take_so_far is None or not writer.take_so_far.is_complete:
            try:
                _capture_frames(finder, source=source, writer=writer, on_progress=on_progress)
            except Cancelled:
                if source.footage.kind != "camera":
                    raise
            for warning in (*source.warnings, *finder.warnings):
                writer.add_warning(warning)
        writer.finish()
    take = read_take(plan.take_folder)
    if not any(track.presence.any() for track in take.faces):
        remove_take(plan.take_folder)
        raise NoFace(
            f"No face was found in '{shown_address(plan.footage)}' ({take.n_frames} frames). The "
            "face should be lit, at most two metres from the camera, and not turned far away."
        )
    return take


def _open_footage(plan: CapturePlan, resumed: TakeWriter | None) -> FrameSource:
    """Open the footage, behind what a resumed take holds already."""
    settings = plan.source
    so_far = None if resumed is None else resumed.take_so_far
    if so_far is not None and so_far.footage.kind == "camera":
        raise TakeError(
            f"Take '{plan.take_folder}' cannot be resumed: what the camera showed is gone. Export "
            "the take as it is, or record into a new folder."
        )
    if resumed is not None and so_far is not None and so_far.n_frames and not so_far.is_complete:
        row = min(resumed.n_frames_with_stills, _first_row_to_replay(so_far))
        settings = replace(settings, start_s=float(so_far.time_s[row]))
    source = open_source(plan.footage, settings)
    if so_far is not None:
        _check_same_capture(plan, so_far, source)
    return source


def _new_take(plan: CapturePlan, source: FrameSource) -> TakeWriter:
    """Begin the plan's take."""
    spec = engine_spec(plan.engine)
    n_bytes, sha256 = hash_footage(source.files)
    provenance = Provenance(
        mien_version=VERSION,
        engine=spec.name,
        weights_sha256=_weights_sha256(plan),
        settings=plan.settings_dict(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        footage_bytes=n_bytes,
        footage_sha256=sha256,
    )
    return TakeWriter.create(
        plan.take_folder,
        footage=source.footage,
        provenance=provenance,
        n_faces=plan.track.n_faces,
        n_landmarks=spec.n_landmarks,
        is_overwriting=plan.is_overwriting,
        is_temporary=plan.is_temporary,
    )


def _weights_sha256(plan: CapturePlan) -> dict[str, str]:
    """Return the hashes of the networks that the plan runs."""
    names = (DETECTOR_WEIGHTS, engine_spec(plan.engine).weights)
    return {name: find_weights(name).sha256 for name in names}


def _first_row_to_replay(take: Take) -> int:
    """Return the first frame of a take that tells where each of its faces is, or was last."""
    last = take.n_frames - 1
    if len(take.faces) == 1:
        return last
    seen = [np.flatnonzero(track.presence > 0) for track in take.faces]
    rows = [int(rows[-1]) - N_REPLAYED for rows in seen if rows.size]
    return max(min(rows, default=last), 0)


def _check_same_capture(plan: CapturePlan, take: Take, source: FrameSource) -> None:
    """Raise unless resuming a take continues the capture that began it."""
    n_bytes, sha256 = hash_footage(source.files)
    made = take.provenance
    differs = [
        name
        for name, found, wanted in (
            ("footage", (made.footage_bytes, made.footage_sha256), (n_bytes, sha256)),
            ("engine", made.engine, engine_spec(plan.engine).name),
            ("weights", made.weights_sha256, _weights_sha256(plan)),
            ("settings", made.settings, plan.settings_dict()),
        )
        if found != wanted
    ]
    if differs:
        raise TakeError(
            f"Take '{plan.take_folder}' cannot be resumed: it was made with other "
            f"{' and '.join(differs)} than asked for now. Capture into a new folder, or resume "
            "with the same ones."
        )


def _capture_frames(
    finder: FaceFinder, *, source: FrameSource, writer: TakeWriter, on_progress: OnProgress
) -> None:
    """Look at each frame that the take does not hold yet."""
    picker = StillPicker()
    so_far, rows = writer.take_so_far, {}
    if so_far is not None and so_far.n_frames:
        rows = {int(index): row for row, index in enumerate(so_far.frame_index)}
        picker.restore(read_stills(writer.folder), first_index=_first_seen(so_far))
    last_index = max(rows, default=-1)
    total = source.footage.n_frames
    started, n_done = time.monotonic(), 0
    for frame in source.frames():
        if frame.index > last_index:
            faces = finder.find(frame)
            writer.append(frame.index, frame.time_s, faces=faces)
            _offer(picker, frame, faces)
        elif so_far is not None and frame.index in rows:
            known = _faces_of_frame(so_far, rows[frame.index])
            finder.follow(frame, known)
            if rows[frame.index] >= writer.n_frames_with_stills:
                _offer(picker, frame, known)
        if picker.has_changed:
            writer.set_stills(picker.stills())
        n_done += 1
        rate = n_done / max(time.monotonic() - started, 1e-6)
        on_progress(Progress("capture", frame.index + 1, total, rate))


def _offer(picker: StillPicker, frame: Frame, faces: list[Landmarks | None]) -> None:
    """Let the picker look at the faces of a frame."""
    for face_index, landmarks in enumerate(faces):
        if landmarks is not None:
            picker.offer(frame, landmarks, face_index=face_index)


def _first_seen(take: Take) -> int:
    """Return the number of the first frame that shows a face; a very high one where none does."""
    is_seen = np.any([track.presence > 0 for track in take.faces], axis=0)
    return int(take.frame_index[np.argmax(is_seen)]) if is_seen.any() else sys.maxsize


def _faces_of_frame(take: Take, row: int) -> list[Landmarks | None]:
    """Return the faces of a take's frame, by its place in the take."""
    return [
        Landmarks(
            points_px=track.landmarks_px[row],
            presence=float(track.presence[row]),
            region=region_from_array(track.regions[row]),
        )
        if track.presence[row] > 0
        else None
        for track in take.faces
    ]
