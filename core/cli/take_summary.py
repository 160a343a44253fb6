"""What is in a take, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import BoolArray, Float64Array
from ..records import FaceTrack, Take


def gaps_of(is_found: BoolArray, time_s: Float64Array) -> list[dict[str, Any]]:
    """List where a face is lost.

    Parameters
    ----------
    is_found : shape (n_frames,), bool
    time_s : shape (n_frames,), seconds

    Returns
    -------
    list of dict
        `start_s`: time of the first lost frame; `end_s`: time of the next frame with the face, or
        of the last frame; `n_frames`: lost frames.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_found, [True]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    return [
        {
            "start_s": float(time_s[start]),
            "end_s": float(time_s[min(end, len(time_s) - 1)]),
            "n_frames": int(end - start),
        }
        for start, end in zip(starts, ends, strict=True)
    ]


def values_of_take(take: Take) -> dict[str, Any]:
    """Return what `--json` prints of a take."""
    made = asdict(take.provenance)
    has_frames = take.n_frames > 0
    return {
        "take": take.folder,
        "footage": asdict(take.footage),
        **made,
        "is_complete": take.is_complete,
        "n_frames": take.n_frames,
        "start_s": float(take.time_s[0]) if has_frames else None,
        "end_s": float(take.time_s[-1]) if has_frames else None,
        "cuts_s": take.cuts_s.tolist(),
        "n_landmarks": take.faces[0].landmarks_px.shape[1] if take.faces else 0,
        "faces": [_values_of_face(track, take.time_s) for track in take.faces],
    }


def lines_of_take(take: Take) -> list[str]:
    """Return what people are shown of a take."""
    values = values_of_take(take)
    footage = take.footage
    height, width = footage.size
    span = f", {values['start_s']:.3f} to {values['end_s']:.3f} s" if take.n_frames else ""
    lines = [
        f"Take:      {take.folder}",
        f"Footage:   {footage.path} ({footage.kind}, {width} × {height}, {footage.rate_hz:g} Hz)",
        f"Captured:  {take.provenance.created}, engine {take.provenance.engine}, "
        f"Mien {take.provenance.mien_version}",
        f"Frames:    {take.n_frames}{span}",
        f"Complete:  {'yes' if take.is_complete else 'no (the capture was stopped)'}",
    ]
    if len(take.cuts_s):
        times = ", ".join(f"{time_s:.3f}" for time_s in take.cuts_s)
        lines.append(f"Cuts:      {len(take.cuts_s)}, at {times} s")
    for index, face in enumerate(values["faces"], start=1):
        lines.append(
            f"Face {index}:    found in {face['n_found']} frames, lost in {face['n_lost']}"
        )
        lines += [
            f"           lost from {gap['start_s']:.3f} to {gap['end_s']:.3f} s "
            f"({_frames(gap['n_frames'])})"
            for gap in face["gaps"]
        ]
    return lines


def capture_line(take: Take, *, n_new_frames: int, seconds: float) -> str:
    """Return one line on what a capture has found, and how fast it was in this run."""
    seen = [track for track in take.faces if track.presence.any()]
    n_lost = sum(int((track.presence == 0).sum()) for track in seen)
    faces = "1 face" if len(seen) == 1 else f"{len(seen)} faces"
    effort = "was complete already"
    if n_new_frames:
        effort = f"{seconds:.1f} s, {n_new_frames / max(seconds, 1e-9):.1f} frames/s"
    return (
        f"{Path(take.footage.path).name}: {_frames(take.n_frames)}, {faces}, "
        f"lost in {_frames(n_lost)}; {effort}"
    )


def _values_of_face(track: FaceTrack, time_s: Float64Array) -> dict[str, Any]:
    """Return the counts and gaps of one face."""
    is_found = track.presence > 0
    n_found = int(is_found.sum())
    return {
        "n_found": n_found,
        "n_lost": len(is_found) - n_found,
        "gaps": gaps_of(is_found, time_s),
    }


def _frames(count: int) -> str:
    """Return a count with its word."""
    return "1 frame" if count == 1 else f"{count} frames"
