"""A take on its way into files: solved once, however many there are."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .. import pipeline
from ..arrays import ImageArray
from ..errors import NoFace, TakeDamaged
from ..mesh.face_texture import unwrap_face_texture
from ..records import Performance, Still, Take
from ..takes import read_stills
from .output_settings import OutputSettings


class SolvedTake:
    """A take, how it is to be written, and its faces, solved when they are first asked for."""

    def __init__(self, take: Take, settings: OutputSettings) -> None:
        self.take = take
        self.settings = settings

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

    @cached_property
    def textures(self) -> list[ImageArray | None]:
        """One texture a performance; None where its face has no stills.

        Raises
        ------
        TakeError
            A still is damaged.
        """
        assert self.take.folder is not None
        try:
            stills = read_stills(self.take.folder)
        except TakeDamaged as error:
            error.add_note("Only the texture needs the stills: --no-texture works without them.")
            raise
        seen = [face for face, track in enumerate(self.take.faces) if track.presence.any()]
        return [
            self._texture([still for still in stills if still.face_index == face], performance)
            for face, performance in zip(seen, self.performances, strict=True)
        ]

    def _texture(self, stills: list[Still], performance: Performance) -> ImageArray | None:
        """Unwrap those stills of a face in whose frames it has landmarks."""
        row_of_frame = {int(index): row for row, index in enumerate(self.take.frame_index)}
        usable = [
            (still, row)
            for still in stills
            if (row := row_of_frame.get(still.frame_index)) is not None
            and performance.track.presence[row] > 0
        ]
        if not usable:
            return None
        return unwrap_face_texture(
            [still for still, _ in usable],
            np.stack([performance.track.landmarks_px[row] for _, row in usable]),
            topology=performance.topology,
        )
