"""Footage in, frames with their times out."""

from .camera import shown_address
from .footage_look import FootageLook, look_at_footage
from .frame_source import FrameSource
from .opening import open_source

__all__ = ["FootageLook", "FrameSource", "look_at_footage", "open_source", "shown_address"]
