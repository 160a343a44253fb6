"""A bar on the terminal for running work; nothing where nobody looks."""

from __future__ import annotations

import logging
import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..records import Progress

if TYPE_CHECKING:
    from tqdm import tqdm

_STAGES_OF_FRAMES = ("capture", "overlay")
_USUAL_SIZE = (80, 24)  # of terminals that do not say theirs; tqdm would draw nothing
_log = logging.getLogger(__name__)


class ProgressBar:
    """Shows `Progress` on stderr, one bar after another as stages change; closed by `with`."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        """Show a report."""
        if not self._is_shown:
            return
        if self._bar is None or progress.stage != self._stage:
            self._begin(progress)
        if self._bar is None:
            return
        if progress.total != self._bar.total:
            self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _begin(self, progress: Progress) -> None:
        """Open the bar of a stage; frames of an earlier run do not count as speed."""
        self._end()
        try:
            from tqdm import tqdm
        except ImportError as error:
            _log.info("There is no progress bar: %s", error)
            self._is_shown = False
            return
        self._stage = progress.stage
        is_resumed = progress.done > 1
        is_of_frames = progress.stage in _STAGES_OF_FRAMES
        is_width_known = _columns() > 0
        self._bar = tqdm(
            desc=progress.stage.capitalize(),
            total=progress.total,
            initial=progress.done if is_resumed else 0,
            unit=" frames" if is_of_frames else " steps",
            file=sys.stderr,
            # Blender does not tell how far it is with writing a file: only how long it takes.
            bar_format=None if progress.total or is_of_frames else "{desc} {elapsed}",
            dynamic_ncols=is_width_known,
            ncols=None if is_width_known else _USUAL_SIZE[0],
            nrows=None if is_width_known else _USUAL_SIZE[1],
        )

    def _end(self) -> None:
        """Close the bar and leave it on the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _columns() -> int:
    """Return how wide the terminal is, 0 where it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 0
