"""Authors' TFLite files → torch networks with their weights."""

from __future__ import annotations

from ..networks.attention_mesh import AttentionMesh
from ..networks.blazeface import BlazeFace
from ..networks.facemesh import FaceMesh
from .mediapipe_weights import (
    attention_mesh_state_dict,
    blazeface_state_dict,
    facemesh_state_dict,
)
from .tflite_weights import read_tflite


def facemesh_from_tflite(data: bytes, *, subject: str) -> FaceMesh:
    """Build FaceMesh from the bytes of `face_landmark.tflite`."""
    network = FaceMesh()
    network.load_state_dict(facemesh_state_dict(read_tflite(data, subject=subject)))
    return network.eval()


def attention_mesh_from_tflite(data: bytes, *, subject: str) -> AttentionMesh:
    """Build the attention mesh from the bytes of `face_landmark_with_attention.tflite`."""
    network = AttentionMesh()
    network.load_state_dict(attention_mesh_state_dict(read_tflite(data, subject=subject)))
    return network.eval()


def blazeface_from_tflite(data: bytes, *, subject: str) -> BlazeFace:
    """Build BlazeFace from the bytes of `face_detection_short_range.tflite`."""
    network = BlazeFace()
    network.load_state_dict(blazeface_state_dict(read_tflite(data, subject=subject)))
    return network.eval()
