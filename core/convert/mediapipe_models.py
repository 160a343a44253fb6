"""MediaPipe's TFLite models that are converted as they are, without a torch definition of ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import AnyArray, Float32Array
from ..errors import WeightsCorrupt
from .converted_model import ConvertedModel
from .tflite_graph import TfliteGraph, damage_named
from .tflite_reference import run_tflite_graph
from .tflite_to_onnx import Contract, ImageInput, Output, check_operators, onnx_from_tflite
from .tflite_wide_channels import widen_channels


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model as its shapes tell it: `input_shape`, and how many numbers each result has."""

    name: str
    engine: str
    title: str
    input_shape: tuple[int, ...]
    output_sizes: tuple[int, ...]
    contract: Contract

    def fits(self, graph: TfliteGraph) -> bool:
        """Tell whether a graph has these shapes."""
        inputs, outputs = graph.shapes()
        sizes = tuple(math.prod(shape) for shape in outputs)
        return inputs == [self.input_shape] and sizes == self.output_sizes


LANDMARKS_V2 = KnownModel(
    name="face_landmark_v2",
    engine="facemesh-v2",
    title="face landmarks V2",
    input_shape=(1, 256, 256, 3),
    output_sizes=(1434, 1, 1),
    contract=Contract(
        ImageInput(1 / 255),
        # The third result is a probability that MediaPipe's own graph does not read either.
        (Output("landmarks", 0, (478, 3)), Output("presence", 1, (), is_logit=True)),
    ),
)
BLENDSHAPES = KnownModel(
    name="face_blendshapes",
    engine="face-blendshapes",
    title="face blendshapes",
    input_shape=(1, 146, 2),
    output_sizes=(52,),
    contract=Contract("points", (Output("weights", 0, (52,)),)),
)
FULL_RANGE_DETECTOR = KnownModel(
    name="face_detection_full_range",
    engine="blazeface-full-range",
    title="full-range face detector",
    input_shape=(1, 192, 192, 3),
    output_sizes=(2304 * 16, 2304),
    contract=Contract(
        ImageInput(1 / 127.5, offset=-127.5),
        (Output("scores", 1, (2304,)), Output("boxes", 0, (2304, 16))),
    ),
)
KNOWN_MODELS = (LANDMARKS_V2, BLENDSHAPES, FULL_RANGE_DETECTOR)


def known_model(graph: TfliteGraph) -> KnownModel | None:
    """Return which of MediaPipe's models a graph is, None for any other."""
    return next((model for model in KNOWN_MODELS if model.fits(graph)), None)


def convert_known(graph: TfliteGraph, model: KnownModel) -> ConvertedModel:
    """Convert a graph of a known model, with what it must compute from an example.

    Raises
    ------
    WeightsCorrupt
        The graph has other shapes than the model, an operator that is not known, or weights that
        are no finite numbers.
    """
    check_model(graph, model)
    example = _example(model)
    with damage_named(graph.subject):
        return ConvertedModel(
            name=model.name,
            engine=model.engine,
            onnx=onnx_from_known(graph, model),
            example=example,
            expected=reference_results(graph, model, example),
            reference="the file's own operators",
        )


def onnx_from_known(graph: TfliteGraph, model: KnownModel) -> bytes:
    """Convert a graph of a known model to the bytes of its ONNX file.

    Raises
    ------
    WeightsCorrupt
        As of `onnx_from_tflite`.
    """
    check_operators(graph)
    with damage_named(graph.subject):
        return onnx_from_tflite(widen_channels(graph), model.contract)


def check_model(graph: TfliteGraph, model: KnownModel) -> None:
    """Raise unless a graph has a model's shapes, and finite weights.

    Raises
    ------
    WeightsCorrupt
        It has not.
    """
    if not model.fits(graph):
        inputs, outputs = graph.shapes()
        raise WeightsCorrupt(
            f"{graph.subject} is not MediaPipe's {model.title}: it takes {_listed(inputs)} and "
            f"gives {_listed(outputs)}; expected {model.input_shape}, and results of "
            f"{', '.join(str(size) for size in model.output_sizes)} numbers. Check that this is "
            "the right file."
        )
    for tensor in graph.tensors:
        if tensor.values is not None and not np.isfinite(tensor.values).all():
            raise WeightsCorrupt(
                f"{graph.subject} holds infinite or undefined numbers in '{tensor.name}'. "
                "Get the file again."
            )


def reference_results(
    graph: TfliteGraph, model: KnownModel, inputs: Mapping[str, AnyArray]
) -> dict[str, Float32Array]:
    """Compute with a graph itself what its converted network should give.

    Parameters
    ----------
    graph : of the model
    model : which it is
    inputs : as the converted network takes them
    """
    rule = model.contract.input
    if isinstance(rule, str):
        values = np.asarray(inputs[rule], np.float32)
    else:
        values = (inputs[rule.name].astype(np.float32) + rule.offset) * np.float32(rule.scale)
    rows = [run_tflite_graph(graph, [row[None]]) for row in values]
    results = {}
    for output in model.contract.outputs:
        stacked = np.stack([row[output.source].reshape(output.shape) for row in rows])
        results[output.name] = 0.5 + 0.5 * np.tanh(stacked / 2) if output.is_logit else stacked
    return results


def _example(model: KnownModel) -> dict[str, AnyArray]:
    """Return inputs of two rows; points as of a face some hundred pixels wide."""
    random = np.random.default_rng(0)
    shape = (2, *model.input_shape[1:])
    if isinstance(model.contract.input, str):
        return {model.contract.input: random.uniform(0, 500, shape).astype(np.float32)}
    return {model.contract.input.name: random.integers(0, 256, shape, np.uint8)}


def _listed(shapes: list[tuple[int, ...]]) -> str:
    """Return shapes for a message."""
    return ", ".join(str(shape) for shape in shapes) or "nothing"
