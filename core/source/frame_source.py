"""What every kind of footage offers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ..records import Footage, Frame


class FrameSource(Protocol):
    """Footage that was opened, and its frames.

    A context manager: leaving it ends the reader and frees the device. Frames come as often as
    `frames` is called, each time from the first (live footage goes on where it is).
    """

    @property
    def footage(self) -> Footage:
        """What is known before the first frame is decoded."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the frames are read from, in their order; none of live footage."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the artist; complete when `frames` has ended."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yield the frames of the range in the order of their times, which always increase.

        Raises
        ------
        CannotDecode
            Not one frame of the range could be decoded.
        """
        ...

    def close(self) -> None:
        """End the reader; a second call does nothing."""
        ...

    def __enter__(self) -> Self:
        """Return the source."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        ...
