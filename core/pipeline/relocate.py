"""Footage that was moved is found again, and told from other footage."""

from __future__ import annotations

from pathlib import Path

from ..errors import TakeError
from ..settings import SourceSettings
from ..source import open_source
from ..takes import hash_footage, read_take, set_footage_path


def relocate_footage(take_folder: str | Path, path: str, *, is_trusted: bool = False) -> None:
    """Let a take know where its footage lies now.

    Parameters
    ----------
    take_folder : of the take
    path : as for `open_source`
    is_trusted : takes footage that is not the captured file, a proxy for example, if only it has
        the same size

    Raises
    ------
    SourceError
        There is no usable footage.
    TakeError
        It is not the take's, or the take cannot be written.
    """
    take = read_take(take_folder)
    name = Path(path).name
    # With the rate of the capture: images have none of their own.
    rate_hz = take.footage.rate_hz if take.footage.kind == "images" else None
    with open_source(path, SourceSettings(rate_hz=rate_hz), queue_size=1) as source:
        found = source.footage
        sha256 = hash_footage(source.files).sha256
    (height, width), (h, w) = take.footage.size, found.size
    if found.size != take.footage.size:
        raise TakeError(
            f"'{name}' is not the footage of take '{Path(take_folder).name}': it is {w}×{h} "
            f"pixels, the captured one {width}×{height}. Choose the right file."
        )
    if not is_trusted and sha256 != take.provenance.footage_sha256:
        raise TakeError(
            f"'{name}' is not the footage of take '{Path(take_folder).name}': its content differs "
            "from what was captured. Choose the right file, or say that it shows the same."
        )
    set_footage_path(take_folder, found.path)
