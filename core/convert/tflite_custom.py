"""The attention mesh's operators of its own, in ONNX.

References
----------
MediaPipe (Apache-2.0), `mediapipe/util/tflite/operations/`: `landmarks_to_transform_matrix.cc`,
`transform_tensor_bilinear.cc` and `transform_landmarks.cc`, version 2 of each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from onnx import TensorProto

from .onnx_builder import OnnxBuilder
from .tflite_conversion import Conversion
from .tflite_graph import TfliteOperator
from .tflite_operators import Writer, repeated


def write_window_matrix(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write the matrix, (n, 4, 4), that lays an upright window on the box around landmarks.

    The window is level with the line between two of them; its width and height scale separately.
    """
    source, target = operator.inputs[0], operator.outputs[0]
    options, builder = operator.custom_options, conversion.builder
    wanted = {"subset_idxs", "left_rotation_idx", "right_rotation_idx", "output_width", "scale_x"}
    if not wanted <= options.keys() or len(conversion.shape(source)) != 3:
        raise conversion.unsupported(operator, "other options than version 2 has")
    title = conversion.name(target)
    points = _part(builder, conversion.plain(source), axis=2, start=0, end=2)  # (n, k, 2)
    ends = [options["left_rotation_idx"], options["right_rotation_idx"]]
    target_rad = float(options.get("target_rotation_radians", 0.0))
    turned = _rotation(builder, points, ends=ends, target_rad=target_rad)  # (n, 2, 2)
    subset = builder.integers(*(int(i) for i in options["subset_idxs"]))
    chosen = builder.node("Gather", points, subset, name=f"{title}/subset", axis=1)
    # Rows times a matrix: turned by the matrix's inverse, which is its transpose.
    level = builder.node("MatMul", chosen, turned, name=f"{title}/level")
    axes = builder.integers(1)
    high = builder.node("ReduceMax", level, axes, name=f"{title}/high")  # (n, 1, 2)
    low = builder.node("ReduceMin", level, axes, name=f"{title}/low")
    size = builder.node("Sub", high, low, name=f"{title}/size")
    window = np.array([options["output_width"], options["output_height"]], np.float32)
    scale = np.array([options["scale_x"], options["scale_y"]], np.float32) / window
    steps = builder.node("Mul", size, builder.constant(scale, name=f"{title}/scale"), name=title)
    matrix = builder.node("Mul", turned, steps, name=f"{title}/matrix")  # columns scaled
    total = builder.node("Add", high, low, name=f"{title}/sum")
    middle = builder.node("Mul", total, builder.number(0.5), name=f"{title}/middle")
    back = builder.node("Transpose", turned, name=f"{title}/back", perm=(0, 2, 1))
    centre = builder.node("MatMul", middle, back, name=f"{title}/centre")  # (n, 1, 2)
    column = builder.node("Transpose", centre, name=f"{title}/column", perm=(0, 2, 1))
    half = builder.constant(-window.reshape(2, 1) / 2, name=f"{title}/half")
    corner = builder.node("MatMul", matrix, half, name=f"{title}/corner")
    shift = builder.node("Add", column, corner, name=f"{title}/shift")  # (n, 2, 1)
    conversion.set_plain(target, _whole_matrix(builder, matrix, shift, title=title))


def _rotation(builder: OnnxBuilder, points: str, *, ends: list[int], target_rad: float) -> str:
    """Return the window's axes as the columns of a rotation, (n, 2, 2).

    The line between two points lies at the target's angle within the window.
    """
    indices = (builder.integers(int(end)) for end in ends)
    left, right = (builder.node("Gather", points, i, name="end", axis=1) for i in indices)
    along = builder.node("Sub", right, left, name="along")  # (n, 1, 2)
    length = builder.node("ReduceL2", along, builder.integers(2), name="length", keepdims=1)
    length = builder.node("Max", length, builder.number(1e-12), name="length")
    unit = builder.node("Div", along, length, name="unit")
    cos, sin = math.cos(target_rad), math.sin(target_rad)
    # Turned back by the target's angle, and the same a quarter further on.
    first = builder.constant(np.array([[cos, -sin], [sin, cos]], np.float32), name="target")
    second = builder.constant(np.array([[sin, cos], [-cos, sin]], np.float32), name="quarter")
    x_axis = builder.node("MatMul", unit, first, name="x_axis")
    y_axis = builder.node("MatMul", unit, second, name="y_axis")
    rows = builder.node("Concat", x_axis, y_axis, name="axes", axis=1)
    return builder.node("Transpose", rows, name="rotation", perm=(0, 2, 1))


def _whole_matrix(builder: OnnxBuilder, matrix: str, shift: str, *, title: str) -> str:
    """Return (n, 4, 4) of the part for x and y, (n, 2, 2), and the shift, (n, 2, 1)."""
    wide = builder.node("Pad", matrix, builder.integers(0, 0, 0, 0, 0, 1), name=f"{title}/wide")
    upper = builder.node("Concat", wide, shift, name=f"{title}/upper", axis=2)
    rest = builder.constant(np.eye(4, dtype=np.float32)[None, 2:], name=f"{title}/rest")
    lower = repeated(rest, builder, like=matrix, rank=3)
    return builder.node("Concat", upper, lower, name=f"{title}/whole", axis=1)


def write_sampled_window(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write what a window's cells see of features, (n, rows, columns, c); 0 beyond these."""
    features, matrix = operator.inputs
    target, builder = operator.outputs[0], conversion.builder
    title = conversion.name(target)
    _, height, width, _ = conversion.shape(target)
    cells = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) + 0.5
    centres = builder.constant(cells.reshape(1, -1, 2).astype(np.float32), name=f"{title}/centres")
    places = _transformed(builder, centres, conversion.plain(matrix), title=title)
    places = builder.node("Sub", places, builder.number(0.5), name=f"{title}/places")
    n_rows, n_columns = conversion.shape(features)[1:3]
    last = np.array([n_columns - 1, n_rows - 1], np.float32)
    factor = builder.constant(2 / last, name=f"{title}/factor")
    grid = builder.node("Mul", places, factor, name=f"{title}/grid")
    grid = builder.node("Sub", grid, builder.number(1.0), name=f"{title}/grid")
    shape = builder.integers(-1, height, width, 2)
    grid = builder.node("Reshape", grid, shape, name=f"{title}/grid")
    sampled = builder.node(
        "GridSample",
        conversion.channels_first(features),
        grid,
        name=f"{title}/sampled",
        mode="bilinear",
        padding_mode="zeros",
        align_corners=1,
    )
    # No sample is half within: whatever lies beyond the outer cells' centres counts as nothing.
    limit = builder.constant(last, name=f"{title}/last")
    above = builder.node("GreaterOrEqual", places, builder.number(0.0), name=f"{title}/above")
    below = builder.node("LessOrEqual", places, limit, name=f"{title}/below")
    within = builder.node("And", above, below, name=f"{title}/within")
    within = builder.node("Cast", within, name=f"{title}/within", to=TensorProto.FLOAT)
    within = builder.node("ReduceMin", within, builder.integers(2), name=f"{title}/within")
    shape = builder.integers(-1, 1, height, width)
    within = builder.node("Reshape", within, shape, name=f"{title}/within")
    result = builder.node("Mul", sampled, within, name=title)
    conversion.set_channels_first(target, result)


def write_moved_landmarks(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write landmarks moved by a matrix, (n, k, 2) or (n, k, 3), whose z stays."""
    source, matrix = operator.inputs
    target, builder = operator.outputs[0], conversion.builder
    title = conversion.name(target)
    shape = conversion.shape(source)
    if len(shape) != 3 or shape[2] not in (2, 3):
        raise conversion.unsupported(operator, f"landmarks of shape {shape}")
    points = conversion.plain(source)
    flat = points if shape[2] == 2 else _part(builder, points, axis=2, start=0, end=2)
    result = _transformed(builder, flat, conversion.plain(matrix), title=title)
    if shape[2] == 3:
        depth = _part(builder, points, axis=2, start=2, end=3)
        result = builder.node("Concat", result, depth, name=f"{title}/whole", axis=2)
    conversion.set_plain(target, result)


def _transformed(builder: OnnxBuilder, points: str, matrix: str, *, title: str) -> str:
    """Return points (n, k, 2) moved by the first two rows of matrices (n, 4, 4)."""
    rows = _part(builder, matrix, axis=1, start=0, end=2)
    columns = builder.node("Transpose", rows, name=f"{title}/columns", perm=(0, 2, 1))
    linear = _part(builder, columns, axis=1, start=0, end=2)  # (n, 2, 2)
    shift = _part(builder, columns, axis=1, start=3, end=4)  # (n, 1, 2)
    turned = builder.node("MatMul", points, linear, name=f"{title}/turned")
    return builder.node("Add", turned, shift, name=f"{title}/moved")


def _part(builder: OnnxBuilder, name: str, *, axis: int, start: int, end: int) -> str:
    """Return a range of entries along an axis."""
    bounds = (builder.integers(value) for value in (start, end, axis))
    return builder.node("Slice", name, *bounds, name=f"{name}/part")


CUSTOM_OPERATORS: Mapping[str, Writer] = MappingProxyType(
    {
        "Landmarks2TransformMatrix": write_window_matrix,
        "TransformTensorBilinear": write_sampled_window,
        "TransformLandmarks": write_moved_landmarks,
    }
)
