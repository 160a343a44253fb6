"""Joins the stages: footage → take (`capture`), take → solved faces (`solve`).

The only file that imports every stage.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from .detect import BlazeFace
from .errors import ArgumentError, NoFace, TakeError
from .geometry import load_canonical_face, solve_geometry
from .geometry.canonical_face import CanonicalFace
from .inference.weights import find_weights, open_network
from .landmarks import engine_spec, open_engine
from .records import (
    FaceTrack,
    Footage,
    Frame,
    Landmarks,
    OnProgress,
    Performance,
    Progress,
    Provenance,
    Region,
    Take,
    silent,
)
from .settings import (
    DEFAULT_ENGINE,
    DetectSettings,
    SmoothSettings,
    SourceSettings,
    TrackSettings,
)
from .smooth import fill_gaps, smooth_causally, smooth_without_lag
from .source import FrameSource, open_source
from .spaces import apply_transform
from .takes import TakeWriter, hash_footage, read_stills, read_take, remove_take
from .track import (
    FaceTracker,
    Sighting,
    StillPicker,
    crop_from_image,
    image_from_crop,
    picture_from_crop,
    region_from_box,
)
from .version import VERSION

DETECTOR_WEIGHTS = "face_detection_short_range"


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """Everything that a capture needs to know, as plain values."""

    footage: str
    take_folder: Path
    engine: str = DEFAULT_ENGINE
    source: SourceSettings = field(default_factory=SourceSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    device: str = "cpu"
    n_threads: int = 1
    is_resumed: bool = False
    is_overwriting: bool = False

    def settings_dict(self) -> dict[str, object]:
        """Return the settings that decide the result, as they stand in a take's provenance."""
        return {
            "source": asdict(self.source),
            "detect": asdict(self.detect),
            "track": asdict(self.track),
        }


def capture(plan: CapturePlan, *, on_progress: OnProgress = silent) -> Take:
    """Find the faces in footage and write them to a take, as they are found.

    Parameters
    ----------
    plan : what, with what, and where to
    on_progress : called every frame; may raise `Cancelled`, which keeps the take so far

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
            writer = stack.enter_context(TakeWriter.resume(plan.take_folder))
        source = stack.enter_context(_open_footage(plan, writer))
        if writer is None:
            writer = stack.enter_context(_new_take(plan, source.footage))
        if writer.take_so_far is None or not writer.take_so_far.is_complete:
            _capture_frames(finder, source=source, writer=writer, on_progress=on_progress)
            for warning in source.warnings:
                writer.add_warning(warning)
        writer.finish()
    take = read_take(plan.take_folder)
    if not any(track.presence.any() for track in take.faces):
        remove_take(plan.take_folder)
        raise NoFace(
            f"No face was found in '{plan.footage}' ({take.n_frames} frames). The face should be "
            "lit, at most two metres from the camera, and not turned far away."
        )
    return take


def solve(take: Take, settings: SmoothSettings) -> list[Performance]:
    """Smooth and solve every face of a take that was seen at all.

    Parameters
    ----------
    take : raw samples; the footage itself is not needed
    settings : how to smooth, which gaps to fill

    Returns
    -------
    list of Performance
        In the order of the take's faces.

    Raises
    ------
    TakeError
        Another Mien captured it, with an engine that this one lacks.
    """
    try:
        spec = engine_spec(take.provenance.engine)
    except ArgumentError as error:
        raise TakeError(
            f"Take '{take.folder}' was captured with engine '{take.provenance.engine}', which this "
            "Mien does not have. Update Mien, or capture again."
        ) from error
    canonical = load_canonical_face(spec.n_landmarks)
    return [
        _solve_face(take, track, canonical=canonical, settings=settings)
        for track in take.faces
        if track.presence.any()
    ]


class FaceFinder:
    """Finds the faces of one frame after another: detector, regions, engine, identities."""

    def __init__(self, plan: CapturePlan) -> None:
        network = open_network(DETECTOR_WEIGHTS, device=plan.device, n_threads=plan.n_threads)
        self._detector = BlazeFace(network, plan.detect)
        self._engine = open_engine(plan.engine, device=plan.device, n_threads=plan.n_threads)
        self._tracker = FaceTracker(plan.track)
        self._settings = plan.track

    def find(self, frame: Frame) -> list[Landmarks | None]:
        """Return the landmarks of each followed face, None where it is lost."""
        regions = self._tracker.followed_regions()
        if len(regions) < self._settings.n_faces:
            detected = [
                region_from_box(box, scale=self._settings.region_scale)
                for box in self._detector.detect(frame.image)
            ]
            regions = regions + self._tracker.new_regions(detected)
        return self._tracker.assign(self._look_at(frame, regions))

    def go_on_after(self, faces: list[Landmarks | None]) -> None:
        """Follow the faces of a frame that an earlier run has captured."""
        self._tracker.restore(faces)

    def _look_at(self, frame: Frame, regions: list[Region]) -> list[Sighting]:
        """Run the engine on regions of a frame."""
        if not regions:
            return []
        size = self._engine.input_size
        crops = np.stack([crop_from_image(frame.image, region, size=size) for region in regions])
        found = self._engine.estimate(crops)
        return [
            Sighting(
                landmarks=Landmarks(
                    points_px=image_from_crop(points, region, size=size),
                    presence=float(presence),
                    region=region,
                ),
                picture=picture_from_crop(crop),
            )
            for points, presence, region, crop in zip(
                found.points_px, found.presence, regions, crops, strict=True
            )
        ]


def _open_footage(plan: CapturePlan, resumed: TakeWriter | None) -> FrameSource:
    """Open the footage, behind what a resumed take holds already."""
    settings = plan.source
    so_far = None if resumed is None else resumed.take_so_far
    if resumed is not None and so_far is not None and so_far.n_frames and not so_far.is_complete:
        row = min(resumed.n_frames_with_stills, so_far.n_frames - 1)
        settings = replace(settings, start_s=float(so_far.time_s[row]))
    source = open_source(plan.footage, settings)
    if so_far is not None:
        _check_same_capture(plan, so_far, source.footage)
    return source


def _new_take(plan: CapturePlan, footage: Footage) -> TakeWriter:
    """Begin the plan's take."""
    spec = engine_spec(plan.engine)
    n_bytes, sha256 = hash_footage(footage.path)
    provenance = Provenance(
        mien_version=VERSION,
        engine=plan.engine,
        weights_sha256={
            name: find_weights(name).sha256 for name in (DETECTOR_WEIGHTS, spec.weights)
        },
        settings=plan.settings_dict(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        footage_bytes=n_bytes,
        footage_sha256=sha256,
    )
    return TakeWriter.create(
        plan.take_folder,
        footage=footage,
        provenance=provenance,
        n_faces=plan.track.n_faces,
        n_landmarks=spec.n_landmarks,
        is_overwriting=plan.is_overwriting,
    )


def _check_same_capture(plan: CapturePlan, take: Take, footage: Footage) -> None:
    """Raise unless resuming a take continues the capture that began it."""
    n_bytes, sha256 = hash_footage(footage.path)
    made = take.provenance
    differs = [
        name
        for name, found, wanted in (
            ("footage", (made.footage_bytes, made.footage_sha256), (n_bytes, sha256)),
            ("engine", made.engine, plan.engine),
            ("settings", made.settings, plan.settings_dict()),
        )
        if found != wanted
    ]
    if differs:
        raise TakeError(
            f"Take '{plan.take_folder}' cannot be resumed: it was made with other "
            f"{' and '.join(differs)} than asked for now. Capture into a new folder, or resume "
            "with the same words."
        )


def _capture_frames(
    finder: FaceFinder, *, source: FrameSource, writer: TakeWriter, on_progress: OnProgress
) -> None:
    """Look at each frame that the take does not hold yet."""
    picker = StillPicker()
    so_far, rows = writer.take_so_far, {}
    if so_far is not None and so_far.n_frames:
        rows = {int(index): row for row, index in enumerate(so_far.frame_index)}
        finder.go_on_after(_faces_of_frame(so_far, -1))
        picker.restore(read_stills(writer.folder), first_index=_first_seen(so_far))
    last_index = max(rows, default=-1)
    total = source.footage.n_frames
    started, n_done = time.monotonic(), 0
    for frame in source.frames():
        if frame.index > last_index:
            faces = finder.find(frame)
            writer.append(frame.index, frame.time_s, faces=faces)
            _offer(picker, frame, faces)
        elif so_far is not None and rows.get(frame.index, -1) >= writer.n_frames_with_stills:
            _offer(picker, frame, _faces_of_frame(so_far, rows[frame.index]))
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
            region=Region(*(float(value) for value in track.regions[row])),
        )
        if track.presence[row] > 0
        else None
        for track in take.faces
    ]


def _solve_face(
    take: Take, track: FaceTrack, *, canonical: CanonicalFace, settings: SmoothSettings
) -> Performance:
    """Smooth and solve one face: `live` calms landmarks as they come, `best` the solved face."""
    points = track.landmarks_px
    if settings.mode == "live":
        points = smooth_causally(points, take.time_s, settings=settings)
    geometry = solve_geometry(points, size=take.footage.size, canonical=canonical)
    if settings.mode == "best":
        geometry = smooth_without_lag(geometry, take.time_s, settings=settings)
    geometry, is_filled = fill_gaps(geometry, take.time_s, max_gap_s=settings.fill_gap_s)
    if settings.mode == "best" or is_filled.any():
        points = apply_transform(geometry.image_from_head, geometry.head_m).astype(np.float32)
    return Performance(
        footage=take.footage,
        time_s=take.time_s,
        track=track,
        landmarks_smooth_px=points,
        geometry=geometry,
        topology=canonical.topology,
        is_filled=is_filled,
    )
