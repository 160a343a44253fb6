"""One frame in, face boxes out."""

from .blazeface import BlazeFace
from .detector import FaceDetector

__all__ = ["BlazeFace", "FaceDetector"]
