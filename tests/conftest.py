"""Where the tests find real footage, golden results and made faces."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _data_folder() -> Path:
    return Path(os.environ.get("MIEN_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def data_file():
    """Return a function: path within the data folder → Path, or a skip that names it."""

    def find(relative: str) -> Path:
        path = _data_folder() / relative
        if not path.exists():
            pytest.skip(f"'{relative}' is not in the data folder (set MIEN_DATA)")
        return path

    return find


@pytest.fixture(scope="session")
def astronaut():
    """Return the portrait that scikit-image carries, (512, 512, 3) RGB; its licence is CC0."""
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    return data.astronaut()
