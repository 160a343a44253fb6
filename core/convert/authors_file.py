"""An authors' file → the networks in it, as ONNX files of ours.

A file's kind is told by its content, never by its name. Importing this module needs `onnx` and
NumPy; torch loads for the networks that it defines.
"""

from __future__ import annotations

from .converted_model import ConvertedModel
from .mediapipe_models import convert_known, known_model
from .task_bundle import convert_bundle, is_bundle
from .tflite_graph import read_tflite_graph
from .tflite_weights import TFLITE_IDENTIFIER


def convert_file(data: bytes, *, subject: str) -> list[ConvertedModel]:
    """Convert what a file holds: one network, or those of a task bundle.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsUnsafe
        The file is a pickle of more than plain tensors, or an archive with a name that points
        outside of it. It was neither run nor unpacked.
    WeightsCorrupt
        The file is damaged, or of a kind that is not supported.
    ImportError
        A package is missing that this file needs.
    """
    # Before a look for archives: a TFLite file may have one behind its end, with its labels.
    if data[4:8] == TFLITE_IDENTIFIER:
        graph = read_tflite_graph(data, subject=subject)
        known = known_model(graph)
        if known is not None:
            return [convert_known(graph, known)]
    elif is_bundle(data):
        return convert_bundle(data, subject=subject)
    from .recognise import convert_recognised

    return [convert_recognised(data, subject=subject)]
