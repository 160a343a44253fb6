"""Why a button is grey: conditions that many operators share, each with its words."""

from __future__ import annotations

import bpy

from ..active_take import active_take
from ..session import SESSION


def can_begin(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Say whether a job may begin, and tell why not."""
    if context.scene.mien.is_too_new:
        operator.poll_message_set("This file was saved by a newer Mien: update Mien to go on")
        return False
    if SESSION.is_busy:
        operator.poll_message_set(f"{SESSION.job_name} is still running")
        return False
    return True


def has_take(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Say whether a take is chosen, and nothing runs that may change it."""
    if not can_begin(operator, context):
        return False
    if active_take(context.scene) is None:
        operator.poll_message_set("Capture a face first, or open a take")
        return False
    return True
