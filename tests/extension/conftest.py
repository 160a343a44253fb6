"""The build script as a module, and the zips that it makes."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tool():
    """The module `tools/build_extension.py`."""
    spec = importlib.util.spec_from_file_location(
        "build_extension", ROOT / "tools" / "build_extension.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def wheels(tool):
    """The pinned wheels, which lie in the cache; a skip where one cannot be fetched."""
    pinned = tool.pinned_wheels()
    try:
        tool.fetch_wheels(pinned)
    except tool.WheelUnavailable as error:
        pytest.skip(str(error))
    return pinned


@pytest.fixture(scope="session")
def archives(tool, wheels, tmp_path_factory):
    """The zips of the working tree, by platform."""
    folder = tmp_path_factory.mktemp("extension")
    built = tool.build(folder / "dist", stage_folder=folder / "stage")
    return dict(zip(tool.PLATFORMS, built, strict=True))
