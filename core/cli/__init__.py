"""Command-line words in, exit codes and files out."""

from .command import main

__all__ = ["main"]
