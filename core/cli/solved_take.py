"""A take on its way into files: solved once, however many there are."""

from __future__ import annotations

from functools import cached_property

from .. import pipeline
from ..errors import NoFace
from ..records import Performance, Take
from .output_settings import OutputSettings


class SolvedTake:
    """A take, how it is to be written, and its faces, solved when they are first asked for."""

    def __init__(self, take: Take, settings: OutputSettings) -> None:
        self.take = take
        self.settings = settings

    @property
    def face_indices(self) -> list[int]:
        """Which of the take's faces the performances are: those that were seen at all."""
        return [index for index, track in enumerate(self.take.faces) if track.presence.any()]

    @cached_property
    def performances(self) -> list[Performance]:
        """The faces, smoothed and solved.

        Raises
        ------
        NoFace
            The take holds none.
        """
        performances = pipeline.solve(self.take, self.settings.smooth)
        if not performances:
            raise NoFace(
                f"Take '{self.take.folder}' holds no face: there is nothing to write. "
                "Capture footage that shows one."
            )
        return performances
