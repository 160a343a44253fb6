"""Weights of a TFLite file are read by name, in 16 or 32 bits."""

import flatbuffers
import numpy as np
import pytest

from mien.core.convert.mediapipe_weights import blazeface_state_dict, facemesh_state_dict
from mien.core.convert.tflite_weights import read_tflite
from mien.core.errors import WeightsCorrupt

tflite = pytest.importorskip("tflite", reason="the package tflite is not installed")


def tflite_file(tensors):
    """Write a TFLite file of one graph that holds the tensors and nothing else."""
    builder = flatbuffers.Builder(1024)
    types = {"float16": tflite.TensorType.FLOAT16, "float32": tflite.TensorType.FLOAT32}
    buffers, entries = [empty_buffer(builder)], []
    for index, (name, array) in enumerate(tensors.items()):
        data = builder.CreateByteVector(array.tobytes())
        tflite.BufferStart(builder)
        tflite.BufferAddData(builder, data)
        buffers.append(tflite.BufferEnd(builder))
        name_offset, shape = (
            builder.CreateString(name),
            builder.CreateNumpyVector(np.int32(array.shape)),
        )
        tflite.TensorStart(builder)
        tflite.TensorAddName(builder, name_offset)
        tflite.TensorAddShape(builder, shape)
        tflite.TensorAddType(builder, types[str(array.dtype)])
        tflite.TensorAddBuffer(builder, index + 1)
        entries.append(tflite.TensorEnd(builder))
    tflite.SubGraphStartTensorsVector(builder, len(entries))
    tensors_vector = vector(builder, entries)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors_vector)
    graph = tflite.SubGraphEnd(builder)
    tflite.ModelStartSubgraphsVector(builder, 1)
    graphs = vector(builder, [graph])
    tflite.ModelStartBuffersVector(builder, len(buffers))
    buffers_vector = vector(builder, buffers)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers_vector)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def empty_buffer(builder):
    """TFLite's buffer 0 is always empty."""
    tflite.BufferStart(builder)
    return tflite.BufferEnd(builder)


def vector(builder, offsets):
    """Fill the vector that was started."""
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def test_tensors_of_16_and_32_bits_come_back_by_name():
    half = np.array([[1.5, -2.25, 0.0009765625]], np.float16)
    full = np.random.default_rng(15).random((2, 1, 3), np.float32)
    found = read_tflite(tflite_file({"a/Kernel": half, "b": full}), subject="test")
    assert found.keys() == {"a/Kernel", "b"}
    assert all(array.dtype == np.float32 for array in found.values())
    assert np.array_equal(found["a/Kernel"], half) and np.array_equal(found["b"], full)


def test_a_file_cut_anywhere_is_an_error():
    data = tflite_file({"a": np.ones((64, 64), np.float32)})
    for length in (0, 7, 12, len(data) // 2, len(data) - 64):
        with pytest.raises(WeightsCorrupt):
            read_tflite(data[:length], subject="test")


def test_a_missing_tensor_is_named():
    with pytest.raises(WeightsCorrupt, match="lack the tensor 'conv2d_1/Kernel'; found 0 others"):
        facemesh_state_dict({})


def test_layouts_are_turned_and_a_kernel_of_one_output_is_no_depthwise_one():
    class AnyTensor(dict):
        """Holds, under any name, numbers in TFLite's layout that spell their own indices."""

        def __contains__(self, name):
            return True

        def __missing__(self, name):
            shape = (1, 3, 3, 32) if name.endswith("Kernel") else (1, 1, 32)
            return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)

    state = facemesh_state_dict(AnyTensor())
    assert state["conf_head.4.weight"].shape == (1, 32, 3, 3)
    assert state["conf_head.3.convs.0.weight"].shape == (32, 1, 3, 3)
    row, column, channel = 2, 1, 30
    index = (row * 3 + column) * 32 + channel
    assert state["conf_head.4.weight"][0, channel, row, column] == index
    assert state["conf_head.3.convs.0.weight"][channel, 0, row, column] == index
    assert state["conf_head.3.act.weight"].shape == (32,)
    assert len(state) == 113 and len(blazeface_state_dict(AnyTensor())) == 74
