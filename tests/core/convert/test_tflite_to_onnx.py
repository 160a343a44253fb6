"""What LiteRT computes of a TFLite file, our conversion of it computes too."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from runtimes import litert_results, onnx_results
from tflite_maker import tflite_of

from mien.core.convert.tflite_graph import read_tflite_graph
from mien.core.convert.tflite_reference import REFERENCE_OPERATORS, run_tflite_graph
from mien.core.convert.tflite_to_onnx import onnx_from_tflite
from mien.core.errors import WeightsCorrupt

RANDOM = np.random.default_rng(5)
SAME, VALID = 0, 1


def floats(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def convolution(**more):
    return {
        "Padding": SAME, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1,
        "FusedActivationFunction": 0, **more,
    }  # fmt: skip


def pool(padding, size, stride):
    return ("Pool2DOptions", {"Padding": padding, "FilterHeight": size, "FilterWidth": size,
                              "StrideH": stride, "StrideW": stride})  # fmt: skip


def conv(shape, weights, output_shape, **more):
    return {
        "kind": "CONV_2D", "inputs": [shape], "constants": [weights, floats(len(weights))],
        "output_shape": output_shape, "options": ("Conv2DOptions", convolution(**more)),
    }  # fmt: skip


def depthwise(shape, weights, output_shape, multiplier=1, **more):
    options = convolution(DepthMultiplier=multiplier, **more)
    return {
        "kind": "DEPTHWISE_CONV_2D", "inputs": [shape],
        "constants": [weights, floats(weights.shape[3])],
        "output_shape": output_shape, "options": ("DepthwiseConv2DOptions", options),
    }  # fmt: skip


def plain(kind, shape, output_shape=None, *constants, options=None):
    return {
        "kind": kind, "inputs": [shape] if isinstance(shape, tuple) else shape,
        "constants": constants, "output_shape": output_shape or shape, "options": options,
    }  # fmt: skip


def integers(*values):
    return np.array(values, np.int32)


def part(begin_mask, end_mask, shrink=0):
    masks = {"BeginMask": begin_mask, "EndMask": end_mask, "ShrinkAxisMask": shrink}
    return ("StridedSliceOptions", masks)


NO_ACTIVATION = {"FusedActivationFunction": 0}
CASES = {
    "same, odd size, stride 2": conv((1, 7, 6, 3), floats(4, 3, 3, 3), (1, 4, 3, 4),
                                     StrideH=2, StrideW=2),
    "same, even size, stride 2": conv((1, 8, 8, 3), floats(4, 5, 5, 3), (1, 4, 4, 4),
                                      StrideH=2, StrideW=2),
    "strides that differ": conv((1, 9, 8, 2), floats(3, 3, 2, 2), (1, 3, 4, 3),
                                StrideH=3, StrideW=2),
    "valid": conv((1, 7, 6, 3), floats(4, 3, 2, 3), (1, 5, 5, 4), Padding=VALID),
    "dilated": conv((1, 9, 9, 2), floats(3, 3, 3, 2), (1, 9, 9, 3),
                    DilationHFactor=2, DilationWFactor=3),
    "grouped": conv((1, 5, 5, 4), floats(6, 3, 3, 2), (1, 5, 5, 6)),
    "with relu": conv((1, 5, 5, 2), floats(3, 1, 1, 2), (1, 5, 5, 3), FusedActivationFunction=1),
    "with relu6": conv((1, 5, 5, 2), 9 * floats(3, 1, 1, 2), (1, 5, 5, 3),
                       FusedActivationFunction=3),
    "depthwise": depthwise((1, 7, 6, 3), floats(1, 3, 3, 3), (1, 4, 3, 3), StrideH=2, StrideW=2),
    "depthwise, two a channel": depthwise((1, 6, 6, 3), floats(1, 3, 3, 6), (1, 6, 6, 6),
                                          multiplier=2),
    "prelu a channel": plain("PRELU", (1, 4, 5, 3), None, floats(1, 1, 3)),
    "prelu above one": plain("PRELU", (1, 4, 5, 3), None, 1 + np.abs(floats(1, 1, 3))),
    "prelu a pixel": plain("PRELU", (1, 4, 5, 3), None, floats(4, 5, 3)),
    "max pool": plain("MAX_POOL_2D", (1, 7, 7, 2), (1, 4, 4, 2), options=pool(SAME, 2, 2)),
    "mean pool": plain("AVERAGE_POOL_2D", (1, 7, 7, 2), (1, 4, 4, 2), options=pool(SAME, 3, 2)),
    "pad an image": plain("PAD", (1, 3, 4, 2), (1, 6, 5, 2),
                          integers([0, 0], [1, 2], [0, 1], [0, 0])),
    "pad channels": plain("PAD", (1, 3, 4, 2), (1, 3, 4, 5),
                          integers([0, 0], [0, 0], [0, 0], [0, 3])),
    "pad a list": plain("PAD", (1, 4, 3), (1, 6, 3), integers([0, 0], [1, 1], [0, 0])),
    "bilinear, half pixels": plain("RESIZE_BILINEAR", (1, 3, 5, 2), (1, 6, 8, 2), integers(6, 8),
                                   options=("ResizeBilinearOptions", {"HalfPixelCenters": True})),
    "bilinear, corners": plain("RESIZE_BILINEAR", (1, 3, 5, 2), (1, 6, 8, 2), integers(6, 8),
                               options=("ResizeBilinearOptions", {"AlignCorners": True})),
    "bilinear, plain": plain("RESIZE_BILINEAR", (1, 3, 5, 2), (1, 6, 8, 2), integers(6, 8),
                             options=("ResizeBilinearOptions", {})),
    "bilinear, smaller": plain("RESIZE_BILINEAR", (1, 9, 8, 2), (1, 4, 3, 2), integers(4, 3),
                               options=("ResizeBilinearOptions", {"HalfPixelCenters": True})),
    "depth to space": plain("DEPTH_TO_SPACE", (1, 2, 3, 12), (1, 4, 6, 3),
                            options=("DepthToSpaceOptions", {"BlockSize": 2})),
    "space to depth": plain("SPACE_TO_DEPTH", (1, 4, 6, 3), (1, 2, 3, 12),
                            options=("SpaceToDepthOptions", {"BlockSize": 2})),
    "reshape": plain("RESHAPE", (1, 2, 3, 4), (1, 6, 4), integers(1, 6, 4)),
    "transpose": plain("TRANSPOSE", (1, 2, 3, 4), (1, 4, 2, 3), integers(0, 3, 1, 2)),
    "mean over rows": plain("MEAN", (1, 3, 4, 5), (1, 5), integers(1, 2),
                            options=("ReducerOptions", {"KeepDims": False})),
    "sum over channels": plain("SUM", (1, 3, 4, 5), (1, 3, 4, 1), integers(-1),
                               options=("ReducerOptions", {"KeepDims": True})),
    "add a channel": plain("ADD", (1, 3, 4, 5), None, floats(5),
                           options=("AddOptions", NO_ACTIVATION)),
    "subtract with relu": plain("SUB", (1, 3, 4), None, floats(3, 4),
                                options=("SubOptions", {"FusedActivationFunction": 1})),
    "multiply two": plain("MUL", [(1, 3, 4), (1, 3, 4)], (1, 3, 4),
                          options=("MulOptions", NO_ACTIVATION)),
    "squared difference": plain("SQUARED_DIFFERENCE", [(1, 3, 4), (1, 3, 1)], (1, 3, 4)),
    "concatenate with a constant": plain("CONCATENATION", (1, 2, 3), (1, 4, 3), floats(1, 2, 3),
                                         options=("ConcatenationOptions", {"Axis": -2})),
    "a part": plain("STRIDED_SLICE", (1, 6, 5), (1, 2, 5), integers(0, 1, 0), integers(1, 4, 5),
                    integers(1, 2, 1), options=part(1, 1)),
    "a part backwards": plain("STRIDED_SLICE", (1, 4, 3), (1, 4, 3), integers(0, 0, 0),
                              integers(0, 0, 0), integers(1, -1, 1), options=part(7, 7)),
    "the batch dropped": plain("STRIDED_SLICE", (1, 4), (4,), integers(0, 0), integers(1, 4),
                               integers(1, 1), options=part(2, 2, shrink=1)),
    "an axis dropped": plain("STRIDED_SLICE", (1, 4, 3), (1, 3), integers(0, 2, 0),
                             integers(0, 3, 0), integers(1, 1, 1), options=part(5, 5, shrink=2)),
    "fully connected": plain("FULLY_CONNECTED", (1, 2, 6), (2, 4), floats(4, 6), floats(4),
                             options=("FullyConnectedOptions", NO_ACTIVATION)),
    "logistic": plain("LOGISTIC", (1, 3, 4)),
    "hard swish": plain("HARD_SWISH", (1, 3, 4)),
    "relu6": plain("RELU6", (1, 3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_operator_computes_what_litert_computes(name):
    data = tflite_of(**CASES[name])
    arrays = [3 * floats(*shape) for shape in CASES[name]["inputs"]]
    graph = read_tflite_graph(data, subject="test")
    (expected,) = litert_results(data, arrays)
    (converted,) = onnx_results(onnx_from_tflite(graph), arrays)
    assert converted.ravel() == pytest.approx(expected.ravel(), abs=2e-5)


@pytest.mark.parametrize(
    "name", [name for name in CASES if CASES[name]["kind"] in REFERENCE_OPERATORS]
)
def test_the_reference_computes_what_litert_computes(name):
    graph = read_tflite_graph(tflite_of(**CASES[name]), subject="test")
    arrays = [3 * floats(*shape) for shape in CASES[name]["inputs"]]
    (found,) = run_tflite_graph(graph, arrays)
    (expected,) = litert_results(tflite_of(**CASES[name]), arrays)
    assert found.ravel() == pytest.approx(expected.ravel(), abs=2e-5)


@pytest.mark.parametrize(
    "name", [name for name in CASES if CASES[name]["kind"] not in ("FULLY_CONNECTED",)]
)
def test_rows_of_a_batch_are_computed_by_themselves(name):
    model = onnx_from_tflite(read_tflite_graph(tflite_of(**CASES[name]), subject="test"))
    arrays = [floats(3, *shape[1:]) for shape in CASES[name]["inputs"]]
    (together,) = onnx_results(model, arrays)
    for row in range(3):
        (alone,) = onnx_results(model, [array[row : row + 1] for array in arrays])
        assert together[row : row + 1] == pytest.approx(alone, abs=1e-5)


def test_where_the_batch_is_mixed_it_keeps_the_files_length():
    data = tflite_of(**plain("RESHAPE", (1, 6), (2, 3), integers(2, 3)))
    model = onnx_from_tflite(read_tflite_graph(data, subject="test"))
    (found,) = onnx_results(model, [np.arange(6, dtype=np.float32)[None]])
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    shapes = onnx.load_from_string(model).graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in shapes] == [1, 6]


def test_the_same_file_gives_the_same_bytes():
    data = tflite_of(**CASES["depthwise"])
    first, second = (onnx_from_tflite(read_tflite_graph(data, subject="test")) for _ in range(2))
    assert first == second


def test_weights_of_16_bits_stay_so():
    weights = floats(32, 3, 3, 16).astype(np.float16).astype(np.float32)
    data = tflite_of(**conv((1, 8, 8, 16), weights, (1, 8, 8, 32)))
    model = onnx_from_tflite(read_tflite_graph(data, subject="test"))
    assert len(model) < 0.6 * weights.nbytes


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (plain("COS", (1, 3)), r"'net' cannot be converted: operator 0, 'COS', which comp.* 'out'"),
        ({**plain("Invented", (1, 3)), "custom": {"a": 1}}, r"operator 0, custom 'Invented'"),
        ({**plain("ADD", (1, 3), None, np.ones(3, np.int8)), "dtype": "int8"}, "with INT8 numbers"),
        (plain("CONV_2D", [(1, 4, 4, 2), (3, 1, 1, 2)], (1, 4, 4, 3),
               options=("Conv2DOptions", convolution())), "an operand that is computed"),
        (conv((1, 4, 4, 2), floats(3, 1, 1, 2), (1, 4, 4, 3), FusedActivationFunction=5),
         "the unknown activation 5"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_named_with_its_place(case, expected):
    graph = read_tflite_graph(tflite_of(**case), subject="'net'")
    with pytest.raises(WeightsCorrupt, match=expected):
        onnx_from_tflite(graph)


def test_a_damaged_file_is_an_error_wherever_it_is_damaged():
    data = tflite_of(**CASES["depthwise"])
    for end in range(8, len(data), 97):
        with pytest.raises(WeightsCorrupt, match="damaged TFLite file"):
            read_tflite_graph(data[:end], subject="test")
    n_broken = 0
    for _ in range(300):
        changed = bytearray(data)
        for place in RANDOM.integers(8, len(data), 4):
            changed[place] = RANDOM.integers(256)
        try:
            onnx_from_tflite(read_tflite_graph(bytes(changed), subject="test"))
        except WeightsCorrupt:
            n_broken += 1
    assert n_broken > 30
