"""NumPy archives whose bytes depend on nothing but the arrays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from ..arrays import AnyArray

_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def plain_npz(arrays: Mapping[str, AnyArray]) -> bytes:
    """Return the bytes of an uncompressed .npz: no clock, no compressor version in them."""
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            array_bytes = io.BytesIO()
            np.save(array_bytes, np.ascontiguousarray(array))
            entry = zipfile.ZipInfo(f"{name}.npy", _FIRST_ZIP_DATE)
            entry.create_system = 3  # else the platform's own number is written
            archive.writestr(entry, array_bytes.getvalue())
    return archive_bytes.getvalue()
