"""Runs one job of the bench in a Python of its own, and finds the Python that can.

So neither memory nor warm caches of one contestant help or burden the next, and MediaPipe, which
asks for packages that Mien does not, may live in an environment beside Mien's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import BackendError

PYTHON_VARIABLE = "MIEN_MEDIAPIPE_PYTHON"
_ROOT = Path(__file__).resolve().parents[2]
_BESIDE = (".venv-mediapipe/bin/python", ".venv-mediapipe/Scripts/python.exe")
"""Where `make figures` puts it in a checkout."""

# The package is loaded from its folder, under a name of its own: installed by pip or living inside
# Blender's extensions, it is the same. What follows on stdout's last line is the answer.
_CHILD = """
import importlib, importlib.util, json, sys
root, job = sys.argv[1], json.loads(sys.argv[2])
spec = importlib.util.spec_from_file_location(
    "mien", root + "/__init__.py", submodule_search_locations=[root]
)
sys.modules["mien"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["mien"])
run = getattr(importlib.import_module("mien.core.bench." + job.pop("module")), job.pop("run"))
try:
    answer = run(**job)
except Exception as error:
    answer = {"error": type(error).__name__, "message": str(error)}
print()
print(json.dumps(answer))
"""


def python_with(module: str, *, named: str | None = None) -> str | None:
    """Find a Python that has a module.

    Parameters
    ----------
    module : its name
    named : a Python to ask before all others, after this one

    Returns
    -------
    str or None
        This Python, where it has it; else the named one, that of `MIEN_MEDIAPIPE_PYTHON`, or that
        beside a checkout; None where none has it.
    """
    if importlib.util.find_spec(module) is not None:
        return sys.executable
    beside = [str(_ROOT / path) for path in _BESIDE if (_ROOT / path).exists()]
    asked = [named, os.environ.get(PYTHON_VARIABLE), *beside]
    return next((path for path in asked if path and _has(path, module)), None)


def run_child(job: dict[str, Any], *, python: str | None = None) -> dict[str, Any]:
    """Start Python on one job and read its answer.

    Parameters
    ----------
    job : `module` of this folder, `run`, a function in it, and the function's keyword arguments
    python : which one; this one by default

    Returns
    -------
    dict
        What the function returned; `error` and `message` where it raised.

    Raises
    ------
    BackendError
        The process broke.
    """
    done = subprocess.run(
        [python or sys.executable, "-P", "-c", _CHILD, str(_ROOT), json.dumps(job)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=_environment(is_own=python in (None, sys.executable)),
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        name = job.get("name", job["run"])
        raise BackendError(f"Measuring '{name}' ended with exit code {done.returncode}.\n{last}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def _environment(*, is_own: bool) -> dict[str, str]:
    """Return the child's environment; another Python finds its packages by itself."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYTHONPATH", None)
    if is_own:
        # Neither `-c` nor `python -m` here shall make it import what lies beside the footage.
        here = Path.cwd()
        environment["PYTHONPATH"] = os.pathsep.join(
            path for path in sys.path if path and Path(path) != here
        )
    return environment


@cache
def _has(python: str, module: str) -> bool:
    """Return whether another Python runs and has a module."""
    code = "import sys, importlib.util as u; sys.exit(u.find_spec(sys.argv[1]) is None)"
    try:
        done = subprocess.run(
            [python, "-P", "-c", code, module],
            capture_output=True,
            env=_environment(is_own=False),
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
