"""The version of Mien, read from its one home, the extension's manifest."""

from __future__ import annotations

import tomllib
from pathlib import Path

MANIFEST = Path(__file__).resolve().parent.parent / "blender_manifest.toml"

VERSION: str = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["version"]
