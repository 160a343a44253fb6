"""MediaPipe's wheel, fetched once."""

import pytest

from mien.core.convert import packages


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Return MediaPipe's wheel, from its registry."""
    return packages.fetch_pypi_wheel(tmp_path_factory.mktemp("wheel"))
