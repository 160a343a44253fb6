"""One frame in, face boxes out."""

from .blazeface import BlazeFace
from .detector import FaceDetector
from .ranges import detector_weights, open_detector

__all__ = ["BlazeFace", "FaceDetector", "detector_weights", "open_detector"]
