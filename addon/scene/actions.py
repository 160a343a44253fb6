"""The one place that writes F-curves, in bulk; `keyframe_insert` is a hundred times slower."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np

from ...core.arrays import BoolArray, Float64Array, FloatArray, check_shape

_CONSTANT, _LINEAR = 0, 1  # Keyframe.interpolation, as foreach_set wants it
_HAS_LAYERS = bpy.app.version >= (4, 4, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """When curves have their keys.

    `frames` (n_keys,) scene frames, ascending, fractions allowed; `is_held` (n_keys,) is True where
    the value stays until the next key instead of moving towards it.
    """

    frames: Float64Array
    is_held: BoolArray

    def __post_init__(self) -> None:
        check_shape("is_held", self.is_held, self.frames.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One F-curve: `values` has one entry a key."""

    data_path: str
    values: FloatArray
    index: int = 0
    group: str = ""


def animate(block: bpy.types.ID, channels: Iterable[Channel], *, keys: Keys) -> None:
    """Add F-curves to a data-block, all with the same keys.

    Parameters
    ----------
    block : whatever the data paths start from
    channels : curves that the data-block does not have yet
    keys : frames and interpolation of every channel
    """
    home = _curve_home(block)
    points = np.zeros((len(keys.frames), 2), np.float32)
    points[:, 0] = keys.frames
    interpolation = np.where(keys.is_held, _CONSTANT, _LINEAR).astype(np.int32)
    groups: dict[str, bpy.types.ActionGroup] = {}
    for channel in channels:
        check_shape(f"values of '{channel.data_path}'", channel.values, keys.frames.shape)
        curve = home.fcurves.new(channel.data_path, index=channel.index)
        curve.keyframe_points.add(len(points))
        points[:, 1] = channel.values
        curve.keyframe_points.foreach_set("co", points.ravel())
        curve.keyframe_points.foreach_set("interpolation", interpolation)
        curve.update()
        if channel.group:
            if channel.group not in groups:
                groups[channel.group] = home.groups.get(channel.group) or home.groups.new(
                    channel.group
                )
            curve.group = groups[channel.group]


def curves_of(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """List a data-block's F-curves."""
    data = block.animation_data
    if data is None or data.action is None:
        return []
    if not _HAS_LAYERS:
        return list(data.action.fcurves)
    bags = (
        strip.channelbag(data.action_slot)
        for layer in data.action.layers
        for strip in layer.strips
        if data.action_slot is not None
    )
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def drop_action(block: bpy.types.ID) -> None:
    """Let a data-block go without its action, which is removed unless something else uses it."""
    data = block.animation_data
    if data is None or data.action is None:
        return
    action = data.action
    data.action = None
    if action.users == 0:
        bpy.data.actions.remove(action)


@contextmanager
def curves_muted(block: bpy.types.ID, data_paths: tuple[str, ...]) -> Iterator[None]:
    """Let some curves of a data-block have no say for a while."""
    chosen = [
        curve for curve in curves_of(block) if curve.data_path in data_paths and not curve.mute
    ]
    for curve in chosen:
        curve.mute = True
    try:
        yield
    finally:
        for curve in chosen:
            curve.mute = False


def _curve_home(
    block: bpy.types.ID,
) -> bpy.types.Action | bpy.types.ActionChannelbag:
    """Find or make what holds the data-block's curves: a channel bag, or before 4.4 the action."""
    data = block.animation_data or block.animation_data_create()
    if data.action is None:
        data.action = bpy.data.actions.new(block.name)
    action = data.action
    if not _HAS_LAYERS:
        return action
    if data.action_slot is None:
        data.action_slot = action.slots.new(id_type=block.id_type, name=block.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True)
