"""Everything that touches Blender; thin: gathers values, calls core, writes the result."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from types import ModuleType

_MODULES = (
    "cli_command",
    "footage",
    "properties",
    "scene_properties",
    "preferences",
    "operators.capture",
    "operators.build",
    "operators.takes",
    "operators.export",
    "operators.models",
    "menus",
    "panels.footage_panel",
    "panels.take_panels",
    "panels.output_panels",
    "preview.handlers",
    "handlers",
)
"""In the order of their registration; imported only then, since they need Blender."""


def register() -> None:
    """Register the add-on's modules, in order; all of them or none."""
    with ExitStack() as undo:
        for module in _modules():
            module.register()
            undo.callback(module.unregister)
        undo.pop_all()


def unregister() -> None:
    """Unregister the add-on's modules, in reverse."""
    for module in reversed(_modules()):
        module.unregister()


def _modules() -> list[ModuleType]:
    """Import the modules."""
    return [import_module(f".{name}", __package__) for name in _MODULES]
