"""Runs models with LiteRT, which is the truth for TFLite files, and with ONNX Runtime."""

import onnxruntime
import pytest


def litert_results(data, arrays):
    """Return what LiteRT computes, in the file's order."""
    module = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    interpreter = module.Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def onnx_results(model, arrays):
    """Return what ONNX Runtime computes."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True)))
