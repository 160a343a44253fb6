"""A take on its way into files: solved once, however many there are."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from .. import pipeline
from ..arrays import ImageArray
from ..errors import NoFace, TakeDamaged
from ..records import Performance, Take
from ..settings import Density, SmoothSettings
from .settings import OutputSettings


class SolvedTake:
    """A take, how it is to be written, and its faces, solved when they are first asked for."""

    def __init__(self, take: Take, settings: OutputSettings) -> None:
        self.take = take
        self.settings = settings

    @cached_property
    def performances(self) -> list[Performance]:
        """The faces, smoothed and solved, of the wanted span.

        Raises
        ------
        NoFace
            The take holds none.
        ArgumentError
            The span holds no frame.
        """
        return self._solved(self.settings.smooth, density=self.settings.mesh.density)

    @cached_property
    def drawn_performances(self) -> list[Performance]:
        """The faces as they are drawn over footage: with the coarse mesh, whatever is exported.

        Raises
        ------
        NoFace, ArgumentError
            As `performances`.
        """
        performances = self.performances
        if self.settings.mesh.density == "1k":
            return performances
        return self._solved(self.settings.smooth, density="1k")

    def _solved(self, smooth: SmoothSettings, *, density: Density) -> list[Performance]:
        """Solve the take, for a density of its meshes."""
        span = self.settings.span
        performances = pipeline.solve(self.take, smooth, span=span, density=density)
        if not performances:
            raise NoFace(
                f"Take '{self.take.folder}' holds no face: there is nothing to write. "
                "Capture footage that shows one."
            )
        return performances

    @cached_property
    def _textured_performances(self) -> list[Performance]:
        """The faces for whoever only asks which there are, and of which mesh: solved in no time."""
        if "performances" in vars(self):
            return self.performances
        quick = replace(self.settings.smooth, mode="none", depth="frame")
        return self._solved(quick, density="1k")

    @cached_property
    def textures(self) -> list[ImageArray | None]:
        """One texture a performance; None where its face has no stills.

        Raises
        ------
        NoFace, ArgumentError
            As `performances`.
        TakeError
            A still is damaged.
        """
        try:
            return pipeline.face_textures(self.take, self._textured_performances)
        except TakeDamaged as error:
            error.add_note("Only the texture needs the stills: leave the texture out to go on.")
            raise
