"""Footage in, frames with their times out."""

from .camera import shown_address
from .frame_source import FrameSource
from .opening import open_source

__all__ = ["FrameSource", "open_source", "shown_address"]
