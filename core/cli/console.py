"""What a verb gives back, and how it reaches the terminal or the next program."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

_FLAGS = {
    "leave the texture out": "--no-texture leaves the texture out.",
    "look for faces where the truth has them": "--regions truth looks there.",
    "go on with that take": "--resume goes on with the take, --overwrite replaces it.",
}
"""How the command line does what the engine advises, whose words are read in a window, too."""


@dataclass(frozen=True, slots=True)
class Result:
    """A verb's outcome: `values` for `--json`, `lines` for people, `warnings` for both."""

    values: dict[str, Any]
    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def show_result(result: Result, *, is_json: bool) -> None:
    """Print a result on stdout, and for people the warnings on stderr, each once."""
    warnings = list(dict.fromkeys(result.warnings))
    if is_json:
        _write_json(result.values | {"warnings": warnings})
        return
    for warning in warnings:
        _write(f"mien: warning: {warning}", stream=sys.stderr)
    for line in result.lines:
        _write(line, stream=sys.stdout)


def show_error(error: BaseException, *, exit_code: int, is_json: bool) -> None:
    """Print an error, its notes, and the flags that it brings to mind: on stderr, or as JSON."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    message = "\n".join([str(error) or "Interrupted.", *notes])
    flags = (text for advice, text in _FLAGS.items() if advice in message)
    message = "\n".join([message, *flags])
    if is_json:
        kind = type(error).__name__
        _write_json({"error": kind, "message": message, "exit_code": exit_code})
    else:
        _write(f"mien: {message}", stream=sys.stderr)


def _write_json(values: dict[str, Any]) -> None:
    """Print one JSON object on one line; it is ASCII, so that no terminal can spoil it."""
    _write(json.dumps(values), stream=sys.stdout)


def _write(line: str, *, stream: TextIO | None) -> None:
    """Print a line; what the terminal's encoding lacks, such as broken file names, is escaped."""
    if stream is None:  # closed by whoever started us
        return
    encoding = stream.encoding or "utf-8"
    shown = line.encode(encoding, "backslashreplace").decode(encoding)
    print(shown, file=stream, flush=True)
