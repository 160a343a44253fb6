"""Mien: face capture for Blender."""


def register() -> None:
    """Add Mien to Blender."""
    from . import addon

    addon.register()


def unregister() -> None:
    """Take Mien out of Blender."""
    from . import addon

    addon.unregister()
