"""Solved takes of this session, for whoever draws them: computed on a thread, looked up in draw.

Nothing here is saved. What is missing is asked for with `want`, and is there some ticks later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import MienError
from ..core.jobs import Failed, Finished, Job
from ..core.progress import OnProgress
from ..core.settings import SmoothSettings

if TYPE_CHECKING:
    from ..core.pipeline import Geometries
    from ..core.records import Performance

N_KEPT = 3
"""Solved takes in memory; a minute of one face takes about 40 MB."""


class SolvedTakes:
    """The faces of a few takes, by the take's folder."""

    def __init__(self) -> None:
        self._faces: OrderedDict[str, list[Performance]] = OrderedDict()
        self._geometries: dict[str, tuple[object, dict[str, Geometries]]] = {}
        self._unusable: dict[str, str] = {}
        self._wanted: tuple[str, Job] | None = None

    def of(self, folder: str) -> list[Performance]:
        """Return the faces of a take, none where they are not known; never waits."""
        return self._faces.get(folder, [])

    def geometries_of(self, folder: str, kind: str) -> Geometries | None:
        """Return what is known of a take before it was smoothed, unless it was captured anew.

        `kind` is the `geometry_kind` of the settings by which it is to be solved.
        """
        from ..core.takes import take_mark

        mark, geometries = self._geometries.get(folder, (None, {}))
        return geometries.get(kind) if mark == take_mark(Path(folder)) else None

    def keep_geometries(
        self, folder: str, geometries: Geometries, *, kind: str, mark: object
    ) -> None:
        """Take what was solved of a take that had this mark."""
        known_mark, known = self._geometries.get(folder, (mark, {}))
        if known_mark != mark:
            known = {}
        self._geometries[folder] = mark, {**known, kind: geometries}

    def remember(self, folder: str, performances: list[Performance]) -> None:
        """Take what somebody has solved."""
        self._unusable.pop(folder, None)
        self._faces[folder] = performances
        self._faces.move_to_end(folder)
        while len(self._faces) > N_KEPT:
            oldest, _ = self._faces.popitem(last=False)
            self._geometries.pop(oldest, None)

    def forget(self, folder: str) -> None:
        """Drop a take that was changed or removed."""
        self._faces.pop(folder, None)
        self._geometries.pop(folder, None)
        self._unusable.pop(folder, None)

    def want(self, folder: str, smooth: SmoothSettings) -> None:
        """Begin to solve a take on a thread, unless it is known, being solved, or unusable."""
        if folder in self._faces or folder in self._unusable or self._wanted is not None:
            return

        def task(on_progress: OnProgress) -> list[Performance]:
            from ..core.pipeline import solve
            from ..core.takes import read_take

            return solve(read_take(Path(folder)), smooth)

        job = Job(task, name="mien-solve")
        self._wanted = folder, job
        job.start()

    def collect(self, on_change: Callable[[], None]) -> bool:
        """Take what the thread has done; return whether it still works."""
        if self._wanted is None:
            return False
        folder, job = self._wanted
        for message in job.messages():
            if isinstance(message, Finished):
                self.remember(folder, message.result)
                self._wanted = None
            elif isinstance(message, Failed):
                if not isinstance(message.error, MienError):
                    self._wanted = None
                    raise message.error
                self._unusable[folder] = str(message.error)
                self._wanted = None
            on_change()
        return self._wanted is not None

    def close(self) -> None:
        """Forget everything, and wait for the thread."""
        if self._wanted is not None:
            self._wanted[1].stop()
            self._wanted[1].join(5.0)
        self.__init__()


SOLVED = SolvedTakes()
