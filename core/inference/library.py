"""Libraries that are not ours: missing, broken, or another add-on's old copy."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from ..errors import BackendError


def load_library(
    module_name: str, *, name: str, package: str, oldest: tuple[int, int]
) -> ModuleType:
    """Import a library and check that it is new enough.

    All of Blender is one Python: whichever add-on is the first to import a library does it for all
    of them, and one that puts its own folder in front of the others decides which copy it is.

    Parameters
    ----------
    module_name : what is imported
    name : what the artist reads
    package : what pip installs
    oldest : first version that works, (major, minor)

    Raises
    ------
    BackendError
        It is missing, cannot be loaded, or is too old.
    """
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise BackendError(_reason(error, module_name, name=name, package=package)) from error
    # What is left of a copy that was removed is a folder, which imports as an empty package.
    version = str(getattr(module, "__version__", "") or "")
    if not version:
        raise BackendError(
            f"{name} in '{_place(module)}' is broken: it holds no version of it. "
            f"{_advice('brings it', package=package)}"
        )
    if _numbers(version) < oldest:
        needed = ".".join(str(number) for number in oldest)
        raise BackendError(
            f"{name} {version} is too old: {needed} or newer is needed. It was loaded from "
            f"'{_place(module)}'. {_advice('brings this copy', package=package)}"
        )
    return module


def _reason(error: ImportError, module_name: str, *, name: str, package: str) -> str:
    """Say why an import failed."""
    if isinstance(error, ModuleNotFoundError) and error.name == module_name:
        return (
            f"{name} is missing: the Python package '{package}' cannot be imported. In Blender, "
            f"disable Mien and enable it again. Elsewhere: pip install {package}"
        )
    found = find_spec(module_name)
    place = Path(found.origin).parent if found and found.origin else "?"
    # Built for another numpy, ONNX Runtime gives no reason.
    reason = str(error).strip()[:300] or "it does not fit this Python or its numpy"
    return (
        f"{name} in '{place}' cannot be loaded: {reason}. "
        f"{_advice('brings this copy', package=package)}"
    )


def _advice(does: str, *, package: str) -> str:
    """Say what to do about a wrong copy."""
    return (
        f"In Blender, restart it; if that does not help, disable the add-on that {does}, and "
        f"disable and enable Mien. Elsewhere: pip install --upgrade {package}"
    )


def _place(module: ModuleType) -> str:
    """Return the folder that a package was loaded from."""
    file = getattr(module, "__file__", None)
    return str(Path(file).parent) if file else next(iter(getattr(module, "__path__", [])), "?")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers: '4.5.5-dev' → (4, 5, 5)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
