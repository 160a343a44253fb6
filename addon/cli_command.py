"""`blender --background --command mien …`: the command line inside Blender."""

from __future__ import annotations

import bpy

COMMAND = "mien"
_handles: list[object] = []


def register() -> None:
    """Give Blender the command; the bpy module of some versions cannot have one."""
    if hasattr(bpy.utils, "register_cli_command"):
        _handles.append(bpy.utils.register_cli_command(COMMAND, _run))


def unregister() -> None:
    """Take the command back."""
    while _handles:
        bpy.utils.unregister_cli_command(_handles.pop())


def _run(argv: list[str]) -> int:
    """Run the command line in this very Blender."""
    from ..core.cli import main
    from .export.scene_file import InPlaceSceneWriter

    return main(argv, scene_writer=InPlaceSceneWriter())
