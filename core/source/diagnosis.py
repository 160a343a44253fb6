"""Words for what is wrong with footage that cannot be used."""

from __future__ import annotations

from pathlib import Path

from ..errors import CannotDecode, CannotOpen
from .container import ContainerFacts, container_facts

_SOUND_SUFFIXES = (
    ".aac",
    ".aif",
    ".aiff",
    ".flac",
    ".m4a",
    ".mp3",
    ".ogg",
    ".opus",
    ".wav",
    ".wma",
)
_CONVERT = "Convert it to H.264 in an MP4 file."
_NOT_VIDEO = "Choose a video file, a GIF, a folder of images or one numbered image."


def check_readable(path: Path) -> None:
    """Raise unless the file or folder is there and may be read.

    Raises
    ------
    CannotOpen
        It is missing, or reading is not allowed.
    """
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            with path.open("rb") as file:
                file.read(1)
    except FileNotFoundError as error:
        raise CannotOpen(
            f"Footage '{path}' does not exist. Check the name and the folder."
        ) from error
    except NotADirectoryError as error:
        raise CannotOpen(
            f"Footage '{path}' does not exist: a part of its path is a file, not a folder. "
            "Check the name."
        ) from error
    except PermissionError as error:
        raise CannotOpen(
            f"Footage '{path}' cannot be opened: permission denied. "
            "Allow reading it, or copy it to another place."
        ) from error
    except (OSError, ValueError) as error:
        raise CannotOpen(f"Footage '{path}' cannot be opened: {error}.") from error


def cannot_open_video(path: Path) -> CannotOpen:
    """Return the error for a file that FFmpeg refused to open."""
    return CannotOpen(f"Video '{path.name}' cannot be opened: {_reason_not_opened(path)}")


def cannot_decode_video(path: Path) -> CannotDecode:
    """Return the error for a video that opened and gave not one frame."""
    facts = container_facts(path)
    if facts.missing_bytes:
        reason = f"the file is cut off before its first frame. {_cut_off(facts)}"
    elif facts.codec:
        reason = (
            f"it has no frames, or no decoder takes its '{facts.codec}'. "
            f"Check that it plays, then {_CONVERT[0].lower()}{_CONVERT[1:]}"
        )
    else:
        reason = f"it has no frames that can be decoded. {_CONVERT}"
    return CannotDecode(f"Video '{path.name}' cannot be decoded: {reason}")


def _reason_not_opened(path: Path) -> str:
    """Return why, and what to do, as the end of a sentence and another one."""
    if path.stat().st_size == 0:
        return "the file is empty. Copy or record it again."
    facts = container_facts(path)
    is_sound = facts.has_audio and not facts.has_video
    if is_sound or (not facts.kind and path.suffix.lower() in _SOUND_SUFFIXES):
        return f"it holds sound and no picture. {_NOT_VIDEO}"
    if not facts.has_index:
        return (
            "its index is missing, as after a recording that was not finished or a copy that was "
            "cut off. Copy it again, or repair it."
        )
    if facts.has_video is False:
        return f"it holds no video. {_NOT_VIDEO}"
    if facts.missing_bytes > 1:
        return f"the file is cut off. {_cut_off(facts)}"
    if facts.codec:
        return f"no decoder for '{facts.codec}'. {_CONVERT}"
    if facts.kind:
        return f"the {facts.kind.upper()} file is damaged. {_cut_off(facts)}"
    return f"it is not a video. {_NOT_VIDEO}"


def _cut_off(facts: ContainerFacts) -> str:
    """Return what to do with a damaged file."""
    if facts.missing_bytes > 1:
        return f"{facts.missing_bytes} bytes are missing at its end. Copy it again."
    return "Copy or record it again."
