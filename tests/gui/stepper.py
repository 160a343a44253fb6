"""Runs a scenario's steps from a timer, so that Blender's own loop runs between any two movements.

Started by `blender --python stepper.py`; what happens goes into progress.jsonl, line by line.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import bpy

RUN = Path(os.environ["MIEN_GUI_RUN"])
sys.path.insert(0, str(RUN / "scripts"))

import driver  # noqa: E402
import scenario  # noqa: E402
import scenario_words  # noqa: E402

DEFAULT_LIMIT_S = 120.0
FIRST_LOOK_S = 1.0  # from the timer's start until Blender has drawn its window


class Stepper:
    """Goes through the list of steps, one movement a tick."""

    def __init__(self):
        self._ui = driver.Ui(RUN)
        self._state_path = RUN / "state.json"
        self._position = 0
        if self._state_path.exists():
            state = json.loads(self._state_path.read_text())
            self._position, self._ui.memory = state["position"], state["memory"]
        else:
            steps = [step for step in scenario.STEPS if callable(step)]
            self._tell(kind="plan", names=[scenario_words.name_of(step) for step in steps])
        self._step = None

    def tick(self) -> float | None:
        try:
            return self._go_on()
        except Exception:
            self._tell(kind="broken", why=traceback.format_exc())
            bpy.ops.wm.quit_blender()
            return None

    def _go_on(self) -> float | None:
        if self._step is None and not self._begin():
            return None
        try:
            if time.monotonic() - self._started > self._limit_s:
                raise scenario_words.Failure(f"The step was not done within {self._limit_s:g} s.")
            return next(self._step) or 0.0
        except StopIteration:
            self._finish(*self._forgotten())
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            self._finish(
                str(error) if isinstance(error, scenario_words.Failure) else why, _own_traceback()
            )
        return 0.1

    def _begin(self) -> bool:
        """Take the next entry of the list; tell whether there is anything left to do here."""
        if self._position >= len(scenario.STEPS):
            return self._leave(kind="end")
        entry = scenario.STEPS[self._position]
        self._position += 1
        if isinstance(entry, scenario_words.Restart):
            state = {"position": self._position, "memory": self._ui.memory}
            self._state_path.write_text(json.dumps(state))
            return self._leave(kind="restart", opening=entry.opening)
        self._name, self._started = scenario_words.name_of(entry), time.monotonic()
        self._limit_s = getattr(entry, "limit_s", DEFAULT_LIMIT_S)
        self._is_essential = getattr(entry, "is_essential", False)
        self._tell(kind="begin", name=self._name)
        self._is_recovery = False
        self._step = _started(entry, self._ui)
        return True

    def _forgotten(self) -> tuple[str, str]:
        names, scenario_words.Action.forgotten[:] = list(scenario_words.Action.forgotten), []
        return (f"`yield from` is missing before {', '.join(names)}" if names else ""), ""

    def _finish(self, why: str, trace: str) -> None:
        if self._is_recovery:
            self._step = None
            if self._is_essential:
                self._leave(kind="end")
            return
        seconds = time.monotonic() - self._started
        self._tell(
            kind="step",
            name=self._name,
            seconds=round(seconds, 2),
            why=why,
            trace=trace,
            notes=self._ui.take_notes(),
        )
        self._step = None
        if why:
            self._is_recovery, self._started, self._limit_s = True, time.monotonic(), 30.0
            self._step = iter(self._ui.recover(f"failed-{self._position:02}"))

    def _leave(self, **message) -> bool:
        self._tell(**message)
        bpy.ops.wm.quit_blender()
        return False

    def _tell(self, **message) -> None:
        with (RUN / "progress.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(message) + "\n")


def _started(entry, ui):
    """Run a step as a generator, one that never waits too."""
    movements = entry(ui)
    if movements is not None:
        yield from movements


def _own_traceback() -> str:
    """Return where in the scenario it failed, without the stepper's own lines."""
    kind, error, trace = sys.exc_info()
    for _ in range(2):
        trace = trace.tb_next or trace
    return "".join(traceback.format_exception(kind, error, trace))


bpy.app.timers.register(Stepper().tick, first_interval=FIRST_LOOK_S, persistent=True)
