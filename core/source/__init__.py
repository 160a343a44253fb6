"""Footage in, frames with their times out."""

from .frame_source import FrameSource
from .opening import open_source

__all__ = ["FrameSource", "open_source"]
