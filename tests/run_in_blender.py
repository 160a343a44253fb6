"""Runs tests/addon in a Blender executable, or in the bpy module of any version.

    blender --background --factory-startup --python tests/run_in_blender.py -- [pytest's words]
    python tests/run_in_blender.py -- [pytest's words]

In Blender, pytest must be importable: let PYTHONPATH lead to it, and add the option
`--python-use-system-env`. In bpy 4.2 plain pytest passes too, but crashes when it exits.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load_package() -> None:
    """Make the checkout importable as `mien`."""
    spec = importlib.util.spec_from_file_location(
        "mien", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["mien"] = package
    spec.loader.exec_module(package)


def main() -> int:
    """Run pytest with the words behind `--`."""
    import pytest

    load_package()
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    return int(pytest.main(["--rootdir", str(ROOT), *(words or [str(ROOT / "tests" / "addon")])]))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Blender 4.2 crashes in its own clean-up after a glTF export
