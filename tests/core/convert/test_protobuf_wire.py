"""The wire reader reads what Google's encoding page and the onnx package write."""

import numpy as np
import pytest

from mien.core.convert.protobuf_wire import read_fields, read_floats, read_integers, read_messages
from mien.core.errors import WeightsCorrupt


def test_the_examples_of_the_encoding_page_are_read():
    assert read_fields(b"\x08\x96\x01") == {1: [150]}
    assert read_fields(b"\x12\x07testing") == {2: [b"testing"]}
    assert read_messages(read_fields(b"\x1a\x03\x08\x96\x01"), 3) == [{1: [150]}]
    assert read_integers(read_fields(b"\x32\x06\x03\x8e\x02\x9e\xa7\x05"), 6) == [3, 270, 86942]


def test_a_tensor_written_by_the_onnx_package_is_read():
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = onnx.helper.make_tensor("t", onnx.TensorProto.FLOAT, (2, 3), values)
    fields = read_fields(tensor.SerializeToString())
    assert read_integers(fields, 1) == [2, 3]
    assert fields[8] == [b"t"]
    assert np.array_equal(read_floats(fields, 4), values.ravel())


def test_floats_are_read_packed_or_one_by_one():
    packed = b"\x0a\x08" + np.float32([1, 2]).tobytes()
    single = b"".join(b"\x0d" + np.float32(v).tobytes() for v in (1, 2))
    for message in (packed, single):
        assert read_floats(read_fields(message), 1).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "message", [b"\x12\x07test", b"\x08", b"\x08\xff", b"\x0b", b"\x0d\x00", b"\x08" + b"\xff" * 11]
)
def test_a_message_that_breaks_off_is_an_error(message):
    with pytest.raises(WeightsCorrupt):
        read_fields(message)
