"""Which variable of the authors' checkpoints is which weight of PRNet's and L-PRNet's networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..arrays import Float32Array
from ..networks.lprnet import LPrnet
from ..networks.resfcn256 import Resfcn256

_VECTOR, _KERNEL, _DEPTHWISE = (0,), (3, 2, 0, 1), (2, 3, 0, 1)
_OF_THE_BLOCK = {
    "first.": "/Conv",
    "second.": "/Conv_1",
    "third.": "/Conv_2",
    "shortcut.": "/shortcut",
    "": "",
}
_NORM_NAMES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variable goes: its key in the state dict, and which of its axes each axis there is.

    `shape` is the variable's own.
    """

    key: str
    axes: tuple[int, ...]
    shape: tuple[int, ...]


def resfcn256_places(network: Resfcn256) -> dict[str, Place]:
    """Return the 245 variables of PRNet's checkpoint, TensorFlow slim's names."""
    places = {}
    for key, tensor in _weights(network):
        parts = re.fullmatch(r"(stem|down|up)\.(?:(\d+)\.)?(.*?)(conv\.|norm\.)?(\w+)", key)
        assert parts is not None  # the names are the network's own
        part, number, within, kind, last = parts.groups()
        scope = {"stem": "Conv", "down": "resBlock", "up": "Conv2d_transpose"}[part]
        scope += f"_{number}" if number and int(number) else ""
        scope += _OF_THE_BLOCK[within]
        if kind == "norm.":
            name = f"resfcn256/{scope}/BatchNorm/{_NORM_NAMES[last]}"
        else:
            name = f"resfcn256/{scope}/weights"
        places[name] = _place(key, tensor, _VECTOR if kind == "norm." else _KERNEL)
    return places


def lprnet_places(network: LPrnet) -> dict[str, Place]:
    """Return the 134 variables of L-PRNet's SavedModel, Keras' names."""
    places = {}
    for key, tensor in _weights(network):
        parts = re.fullmatch(r"(?:layers\.(\d+)\.(conv|norm)|last)\.(\w+)", key)
        assert parts is not None  # the names are the network's own
        number, kind, last = parts.groups()
        layer = 2 * int(number if number else len(network.layers)) + (kind == "norm")
        axes: tuple[int, ...] = _VECTOR
        if kind == "norm":
            name = _NORM_NAMES[last]
        elif last == "bias":
            name = "bias"
        else:
            is_depthwise = tensor.shape[1] == 1
            name = "depthwise_kernel" if is_depthwise else "kernel"
            axes = _DEPTHWISE if is_depthwise else _KERNEL
        full_name = f"layer_with_weights-{layer}/{name}/.ATTRIBUTES/VARIABLE_VALUE"
        places[full_name] = _place(key, tensor, axes)
    return places


def state_from_variables(
    places: Mapping[str, Place], variables: Mapping[str, Float32Array]
) -> dict[str, Tensor]:
    """Return a state dict without the counts of batches, which evaluation does not need."""
    return {
        place.key: torch.from_numpy(variables[name].transpose(place.axes).copy())
        for name, place in places.items()
    }


def _weights(network: nn.Module) -> list[tuple[str, Tensor]]:
    """Return the state dict without the counts of batches."""
    state = network.state_dict()
    return [(key, state[key]) for key in state if not key.endswith("num_batches_tracked")]


def _place(key: str, tensor: Tensor, axes: tuple[int, ...]) -> Place:
    """Return a weight's place with the shape that its variable has."""
    shape = [0] * len(axes)
    for own, axis in zip(tensor.shape, axes, strict=True):
        shape[axis] = int(own)
    return Place(key, axes, tuple(shape))
