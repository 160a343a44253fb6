"""Footage in, frames with their times out."""
