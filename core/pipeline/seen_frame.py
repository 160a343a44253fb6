"""A frame between its first look and the take."""

from __future__ import annotations

from dataclasses import dataclass

from ..records import Landmarks, Still
from ..track import Patch


@dataclass(frozen=True, slots=True, eq=False)
class SeenFrame:
    """What the first look found in a frame, and what the second one needs of it.

    `faces`, `patches`: one entry a face, None where it is lost; no patches where nobody looks
    again. `stills` are those of the take from this frame on, None where none was exchanged.
    `is_written`: an earlier run wrote the frame; here it only tells what came before the others.
    """

    index: int
    time_s: float
    shot: int
    faces: tuple[Landmarks | None, ...]
    patches: tuple[Patch | None, ...] = ()
    stills: tuple[Still, ...] | None = None
    is_written: bool = False
