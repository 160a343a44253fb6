"""Words of the command line → values."""

from __future__ import annotations

import argparse
import math

_MOST_THREADS = 256
_MOST_ROUNDS = 100
_MOST_STEPS = 10**8


def seconds_from_text(text: str) -> float:
    """Read a time: seconds, mm:ss or hh:mm:ss, each with a fraction if you like.

    Raises
    ------
    argparse.ArgumentTypeError
        It is no time.
    """
    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    is_whole = all(value == int(value) for value in values[:-1] if math.isfinite(value))
    is_in_order = all(0 <= value < 60 for value in values[1:])
    if (
        not 1 <= len(values) <= 3
        or not all(math.isfinite(value) and value >= 0 for value in values)
        or not (is_whole and is_in_order)
    ):
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write seconds or [hh:]mm:ss")
    return sum(value * (1.0, 60.0, 3600.0)[place] for place, value in enumerate(reversed(values)))


def positive_number(text: str) -> float:
    """Read a finite number above 0.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value


def metres_from_millimetres(text: str) -> float:
    """Read a length in millimetres.

    Raises
    ------
    argparse.ArgumentTypeError
        It is no length.
    """
    return positive_number(text) / 1000.0


def round_count(text: str) -> int:
    """Read a number of rounds.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    return _whole_number(text, most=_MOST_ROUNDS, what="number of rounds")


def step_count(text: str) -> int:
    """Read how many of something there are to be, one or more.

    Raises
    ------
    argparse.ArgumentTypeError
        It is no such number.
    """
    return _whole_number(text, most=_MOST_STEPS, what="whole number")


def seed_number(text: str) -> int:
    """Read a seed, 0 or more.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    return 0 if text == "0" else step_count(text)


def _whole_number(text: str, *, most: int, what: str) -> int:
    """Read a number from 1 to `most`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"'{text}' is no {what} (1 to {most})")
    return int(text)


def thread_count(text: str) -> int:
    """Read a number of threads, 0 for all cores.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none.
    """
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_THREADS):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no number of threads (up to {_MOST_THREADS}; 0: all cores)"
        )
    return int(text)
