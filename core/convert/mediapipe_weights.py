"""Maps the tensors of MediaPipe's TFLite files to the state dicts of our torch networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..arrays import Float32Array
from ..errors import WeightsCorrupt

NamedTensors = Mapping[str, Float32Array]


def facemesh_state_dict(tensors: NamedTensors) -> dict[str, Tensor]:
    """Name and lay out the weights of `face_landmark.tflite` as `networks.facemesh.FaceMesh` wants.

    Parameters
    ----------
    tensors : what `tflite_weights.read_tflite` returned

    Raises
    ------
    WeightsCorrupt
        A tensor is missing.
    """
    source = _Source(tensors)
    source.add_conv("backbone.0", "conv2d_1")
    source.add_slope("backbone.1", "p_re_lu_1")
    for k in range(1, 15):
        source.add_block(f"backbone.{k + 1}", depthwise=k, conv=k + 1, slope=k + 1)
    source.add_block("coord_head.0", depthwise=15, conv=16, slope=16)
    source.add_block("coord_head.1", depthwise=16, conv=17, slope=17)
    source.add_block("coord_head.2", depthwise=17, conv=18, slope=18)
    source.add_conv("coord_head.3", "conv2d_19")
    source.add_slope("coord_head.4", "p_re_lu_19")
    source.add_block("coord_head.5", depthwise=18, conv=20, slope=20)
    source.add_conv("coord_head.6", "conv2d_21")
    # Numbers 19 to 25 belonged to a branch that is not in the published file.
    source.add_block("conf_head.0", depthwise=23, conv=28, slope=26)
    source.add_conv("conf_head.1", "conv2d_29")
    source.add_slope("conf_head.2", "p_re_lu_27")
    source.add_block("conf_head.3", depthwise=24, conv=30, slope=28)
    source.add_conv("conf_head.4", "conv2d_31")
    return source.state


def attention_mesh_state_dict(tensors: NamedTensors) -> dict[str, Tensor]:
    """Name and lay out the weights of `face_landmark_with_attention.tflite` for `AttentionMesh`.

    Parameters
    ----------
    tensors : what `tflite_weights.read_tflite` returned

    Raises
    ------
    WeightsCorrupt
        A tensor is missing.
    """
    source = _Source(tensors)
    source.add_conv("stem.0", "conv2d")
    source.add_slope("stem.1", "p_re_lu")
    for k in range(17):
        block = f"stem.{k + 2}" if k < 3 else f"trunk.{k - 3}"
        source.add_block(block, depthwise=k, conv=k + 1, slope=k + 1)
    source.add_conv("trunk.14", "conv2d_18")
    source.add_slope("trunk.15", "p_re_lu_18")
    source.add_block("trunk.16", depthwise=17, conv=19, slope=19)
    source.add_conv("mesh", "output_mesh")
    source.add_conv("presence", "conv_faceflag")
    for k in range(6):
        source.add_block_of_groups(
            f"branches.{k}", [(18 + k, 20 + k), (30 + k, 33 + k), (48 + k, 53 + k)]
        )
    # Lips, left eye, left iris, right eye, right iris.
    tails = ((24, 26), (36, 39), (42, 46), (54, 59), (60, 66))
    for k in range(5):
        source.add_block_of_groups(f"tails.{k}", [(at + k, conv + k) for at, conv in tails])
    for _, conv in tails:
        source.add_conv("tails.5", f"conv2d_{conv + 5}")
        source.add_slope("tails.6", f"p_re_lu_{conv + 5}")
    source.add_block_of_groups("tails.7", [(at + 5, conv + 6) for at, conv in tails])
    for k, tail in enumerate(("lips", "left_eye", "left_iris", "right_eye", "right_iris")):
        source.add_conv(f"refined.{k}", f"conv_{tail}")
    return source.state


def blazeface_state_dict(tensors: NamedTensors) -> dict[str, Tensor]:
    """Name and lay out the weights of `face_detection_short_range.tflite` for `BlazeFace`.

    Parameters
    ----------
    tensors : what `tflite_weights.read_tflite` returned

    Raises
    ------
    WeightsCorrupt
        A tensor is missing.
    """
    source = _Source(tensors)
    source.add_conv("backbone1.0", "conv2d")
    for k in range(16):
        block = f"backbone1.{k + 2}" if k < 11 else f"backbone2.{k - 11}"
        source.add_depthwise(f"{block}.convs.0", "depthwise_conv2d" + (f"_{k}" if k else ""))
        source.add_conv(f"{block}.convs.1", f"conv2d_{k + 1}")
    for size in (8, 16):
        source.add_conv(f"classifier_{size}", f"classificator_{size}")
        source.add_conv(f"regressor_{size}", f"regressor_{size}")
    return source.state


class _Source:
    """Collects a state dict from tensors, changing their layout from TFLite's to torch's."""

    def __init__(self, tensors: NamedTensors) -> None:
        self._tensors = tensors
        self.state: dict[str, Tensor] = {}

    def add_conv(self, key: str, name: str) -> None:
        """Add an ordinary convolution: out, rows, columns, in → out, in, rows, columns."""
        self._add(f"{key}.weight", self._tensor(f"{name}/Kernel").transpose(0, 3, 1, 2))
        self._add(f"{key}.bias", self._tensor(f"{name}/Bias"))

    def add_depthwise(self, key: str, name: str) -> None:
        """Add a depthwise convolution: 1, rows, columns, channels → channels, 1, rows, columns.

        Only the name tells it from an ordinary one: a kernel with one output looks the same.
        """
        self._add(f"{key}.weight", self._tensor(f"{name}/Kernel").transpose(3, 0, 1, 2))
        self._add(f"{key}.bias", self._tensor(f"{name}/Bias"))

    def add_slope(self, key: str, name: str) -> None:
        """Add the slopes of a PReLU: 1, 1, channels → channels."""
        self._add(f"{key}.weight", self._tensor(f"{name}/Alpha").reshape(-1))

    def add_block(self, key: str, *, depthwise: int, conv: int, slope: int) -> None:
        """Add a residual block with a PReLU."""
        self.add_depthwise(
            f"{key}.convs.0", "depthwise_conv2d" + (f"_{depthwise}" if depthwise else "")
        )
        self.add_conv(f"{key}.convs.1", f"conv2d_{conv}")
        self.add_slope(f"{key}.act", f"p_re_lu_{slope}")

    def add_block_of_groups(self, key: str, groups: Sequence[tuple[int, int]]) -> None:
        """Add residual blocks that lie side by side, each by its depthwise's and its conv's number.

        Its slopes have the conv's number.
        """
        for depthwise, conv in groups:
            self.add_block(key, depthwise=depthwise, conv=conv, slope=conv)

    def _tensor(self, name: str) -> Float32Array:
        """Return a tensor that must be there."""
        if name not in self._tensors:
            raise WeightsCorrupt(
                f"The weights lack the tensor '{name}'; found {len(self._tensors)} others. "
                "Only MediaPipe's own face_landmark.tflite, face_landmark_with_attention.tflite "
                "and face_detection_short_range.tflite are supported."
            )
        return self._tensors[name]

    def _add(self, key: str, values: Float32Array) -> None:
        """Store one tensor; what has a key already is the next group of channels."""
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        known = self.state.get(key)
        self.state[key] = tensor if known is None else torch.cat([known, tensor])
