"""The words of a scenario: steps, places, spots, and actions that are not forgotten."""

from functools import wraps
from typing import NamedTuple


class Failure(AssertionError):
    """What a scenario expected did not come true."""


class Place(NamedTuple):
    """A region, named by its area; of several areas the largest one is meant."""

    area: str
    region: str = "WINDOW"


class Spot(NamedTuple):
    """A point of a window, in pixels from its lower left corner."""

    x: int
    y: int
    window: int = 0  # position in the list of open windows


SIDEBAR = Place("VIEW_3D", "UI")


class Restart(NamedTuple):
    """Entry of a scenario's list: Blender is closed and started again, with a file perhaps."""

    opening: str = ""  # relative to the home folder


def step(*, limit_s: float = 120.0, is_essential: bool = False):
    """Give a step more or less time; after an essential one fails, no other is run."""

    def marked(function):
        function.limit_s, function.is_essential = limit_s, is_essential
        return function

    return marked


def name_of(function) -> str:
    """Return the name that a step is reported by: its docstring's first sentence."""
    return (function.__doc__ or function.__name__).strip().splitlines()[0].rstrip(".")


class Action:
    """An action that is to be run by `yield from`; one that was forgotten fails its step."""

    forgotten: list[str] = []  # noqa: RUF012

    def __init__(self, name, generator):
        self._name, self._generator, self._has_begun = name, generator, False

    def __iter__(self):
        self._has_begun = True
        return self._generator

    def __del__(self):
        if not self._has_begun:
            self.forgotten.append(self._name)


def action(function):
    @wraps(function)
    def started(*arguments, **options):
        return Action(function.__name__, function(*arguments, **options))

    return started
