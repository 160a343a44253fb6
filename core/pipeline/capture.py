"""Footage → take: opened or gone on with, written as it is found, read back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from ..detect import detector_weights
from ..errors import Cancelled, NoFace, TakeError
from ..inference.weights import find_weights
from ..landmarks import engine_spec
from ..records import OnProgress, Provenance, Take, silent
from ..source import FrameSource, open_source, shown_address
from ..takes import TakeWriter, hash_footage, read_take, remove_take
from ..version import VERSION
from .face_finder import FaceFinder
from .frame_loop import capture_frames
from .plan import CapturePlan

N_REPLAYED = 12
"""Frames before a face's last sighting from which its speed is known again, when resuming."""
REPLAY_S = 1.5
"""Before the end of a take, when resuming: from here on it is known again how regions move, and
how much the picture changes."""


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
        else:
            _take_back_the_end(plan, writer)
        if writer.take_so_far is None or not writer.take_so_far.is_complete:
            try:
                capture_frames(plan, finder, source=source, writer=writer, on_progress=on_progress)
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
            "face should be lit, at most five metres from the camera, and not turned far away."
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
    source = open_source(plan.footage, settings, keeps_bgr=True)
    if so_far is not None:
        _check_same_capture(plan, so_far, source)
    return source


def _take_back_the_end(plan: CapturePlan, writer: TakeWriter) -> None:
    """Remove the frames that an earlier run wrote without knowing how they go on."""
    so_far = writer.take_so_far
    if plan.reach_s and so_far is not None and so_far.n_frames and not so_far.is_complete:
        end_s = float(so_far.time_s[-1]) - plan.reach_s
        writer.take_back(int(np.searchsorted(so_far.time_s, end_s, side="right")))


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
        map_size=spec.map_size,
        is_overwriting=plan.is_overwriting,
        is_temporary=plan.is_temporary,
    )


def _weights_sha256(plan: CapturePlan) -> dict[str, str]:
    """Return the hashes of the networks that the plan runs."""
    names = (*detector_weights(plan.detect), engine_spec(plan.engine).weights)
    return {name: find_weights(name).sha256 for name in names}


def _first_row_to_replay(take: Take) -> int:
    """Return the first frame of a take that tells where each of its faces is, or was last."""
    last_s = float(take.time_s[-1]) - REPLAY_S
    last = int(np.searchsorted(take.time_s, last_s))
    if len(take.faces) == 1:
        return last
    seen = [np.flatnonzero(track.presence > 0) for track in take.faces]
    rows = [int(rows[-1]) - N_REPLAYED for rows in seen if rows.size]
    return max(min(*rows, last), 0) if rows else last


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
