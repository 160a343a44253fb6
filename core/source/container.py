"""What a video file's structure says of itself, read without decoding.

Only so much of each format as tells a file that is cut off, and names a codec: the boxes of MP4 and
QuickTime (ISO/IEC 14496-12), the elements of Matroska and WebM (RFC 8794, RFC 9559), RIFF's chunks,
and GIF's trailer.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_ISO_FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_ISO_LARGE = (b"moov", b"mdat", b"moof")
_EBML = b"\x1a\x45\xdf\xa3"
_MATROSKA_SEGMENT = b"\x18\x53\x80\x67"
_HEAD_BYTES = 1 << 16
_HEADER_BYTES = 64


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """What was found in a file.

    `kind` is 'mp4', 'matroska', 'avi', 'gif' or ''. `missing_bytes` is how far the structure
    reaches beyond the file's end. `has_index` is False for an MP4 without its 'moov'. `codec` is
    the video track's name for its codec, '' where unknown. `has_video` and `has_audio` are None
    where unknown. `duration_s` is how long an MP4's video track is shown, after its edits;
    `n_quarter_turns` how far clockwise it asks to be turned before that.
    """

    kind: str
    missing_bytes: int = 0
    has_index: bool = True
    codec: str = ""
    has_video: bool | None = None
    has_audio: bool | None = None
    duration_s: float | None = None
    n_quarter_turns: int = 0


@dataclass(frozen=True, slots=True)
class _Track:
    """A track of an MP4: handler, its codec's name, duration in the movie's clock, turn."""

    handler: bytes = b""
    codec: str = ""
    duration: int = 0
    n_quarter_turns: int = 0


def container_facts(path: Path) -> ContainerFacts:
    """Read what a file's structure says.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head[4:8] in _ISO_FIRST:
            return _iso_facts(file, n_bytes)
        if head.startswith(_EBML):
            return _matroska_facts(head, n_bytes)
        if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
            return _avi_facts(head, n_bytes)
        if head.startswith((b"GIF87a", b"GIF89a")):
            file.seek(max(0, n_bytes - 64))
            is_whole = file.read().rstrip(b"\0").endswith(b";")
            return ContainerFacts("gif", missing_bytes=0 if is_whole else 1, has_video=True)
    return ContainerFacts("")


def _boxes(file: BinaryIO, *, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, first byte of the body, end) of the boxes within a span of an ISO file."""
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, body = int.from_bytes(header[:4], "big"), start + 8
        if length == 1:
            length, body = int.from_bytes(header[8:16], "big"), start + 16
        elif length == 0:
            length = end - start
        if start + length < body:
            return
        yield header[4:8], body, start + length
        start += length


def _iso_facts(file: BinaryIO, n_bytes: int) -> ContainerFacts:
    missing, index = 0, None
    for name, body, end in _boxes(file, start=0, end=n_bytes):
        if name in _ISO_LARGE:  # Bytes behind the last box may look like one, and say nothing.
            missing = max(missing, end - n_bytes)
        if name == b"moov" and end <= n_bytes:
            index = (body, end)
    if index is None:
        return ContainerFacts("mp4", missing_bytes=missing, has_index=False)
    tracks: dict[bytes, _Track] = {}
    clock_hz = 0
    for name, body, end in _boxes(file, start=index[0], end=index[1]):
        if name == b"mvhd":
            clock_hz = _iso_number(file, body, version_0=12, version_1=20, n_long=4)
        elif name == b"trak":
            track = _iso_track(file, body, end)
            tracks.setdefault(track.handler, track)
    video = tracks.get(b"vide", _Track())
    return ContainerFacts(
        "mp4",
        missing_bytes=missing,
        codec=video.codec,
        has_video=b"vide" in tracks,
        has_audio=b"soun" in tracks,
        duration_s=video.duration / clock_hz if clock_hz and video.duration else None,
        n_quarter_turns=video.n_quarter_turns,
    )


def _iso_track(file: BinaryIO, body: int, end: int) -> _Track:
    """Read a track, or a part of one."""
    handler, codec, duration, n_quarter_turns = b"", "", 0, 0
    for name, start, stop in _boxes(file, start=body, end=end):
        if name == b"tkhd":
            duration = _iso_number(file, start, version_0=20, version_1=28, n_long=8)
            n_quarter_turns = _iso_turns(file, start)
        elif name in (b"mdia", b"minf", b"stbl"):
            inner = _iso_track(file, start, stop)
            handler, codec = handler or inner.handler, codec or inner.codec
        elif name == b"hdlr" and not handler:
            file.seek(start + 8)
            handler = file.read(4)
            # QuickTime has a second one, of the data, inside 'minf'; the media's comes first.
        elif name == b"stsd":
            file.seek(start + 12)
            codec = _printable(file.read(4))
    return _Track(handler, codec, duration, n_quarter_turns)


def _iso_turns(file: BinaryIO, body: int) -> int:
    """Return the quarter turns clockwise of a track header's matrix."""
    file.seek(body)
    is_long = file.read(1) == b"\1"
    file.seek(body + (52 if is_long else 40))
    matrix = file.read(8)
    if len(matrix) < 8:
        return 0
    # (x, y) → (a·x + c·y, b·x + d·y), y down: ISO/IEC 14496-12, 8.3.2.
    a, b = struct.unpack(">2i", matrix)
    return round(math.atan2(b, a) / (math.pi / 2)) % 4


def _iso_number(file: BinaryIO, body: int, *, version_0: int, version_1: int, n_long: int) -> int:
    """Return an unsigned field of a full box, whose place and length depend on its version."""
    file.seek(body)
    is_long = file.read(1) == b"\1"
    file.seek(body + (version_1 if is_long else version_0))
    n_bytes = n_long if is_long else 4
    value = int.from_bytes(file.read(n_bytes), "big")
    return 0 if value == 256**n_bytes - 1 else value  # All ones: unknown.


def _matroska_facts(head: bytes, n_bytes: int) -> ContainerFacts:
    missing = 0
    place = head.find(_MATROSKA_SEGMENT)
    if place >= 0 and len(head) > place + 12:
        first = head[place + 4]
        n_size = 9 - first.bit_length()  # The leading zeros of the first byte tell the length.
        if 1 <= n_size <= 8:
            size = int.from_bytes(head[place + 4 : place + 4 + n_size], "big")
            size &= (1 << (7 * n_size)) - 1
            if size != (1 << (7 * n_size)) - 1:  # All ones: a live recording, size unknown.
                missing = max(0, place + 4 + n_size + size - n_bytes)
    video = re.search(rb"\x86[\x81-\xbf](V_[\x20-\x7e]+)", head)
    audio = re.search(rb"\x86[\x81-\xbf](A_[\x20-\x7e]+)", head)
    return ContainerFacts(
        "matroska",
        missing_bytes=missing,
        codec=_printable(video[1]) if video else "",
        has_video=True if video else None if not audio else False,
        has_audio=True if audio else None,
    )


def _avi_facts(head: bytes, n_bytes: int) -> ContainerFacts:
    # A recording that was not finished has the size 0; writers disagree by a header's length.
    size = max(0, int.from_bytes(head[4:8], "little") - _HEADER_BYTES)
    video = head.find(b"vids")
    return ContainerFacts(
        "avi",
        missing_bytes=max(0, size - n_bytes),
        codec=_printable(head[video + 4 : video + 8]) if video >= 0 else "",
        has_video=video >= 0,
        has_audio=b"auds" in head,
    )


def _printable(name: bytes) -> str:
    """Return a codec's name as text, without what cannot be shown."""
    return "".join(chr(byte) for byte in name if 32 <= byte < 127).strip()
