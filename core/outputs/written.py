"""What was written, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """One output: `values` for `--json`, `line` for people."""

    values: dict[str, Any]
    line: str
    warnings: tuple[str, ...] = ()
