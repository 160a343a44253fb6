"""Everything that touches Blender; thin: gathers values, calls core, writes the result."""


def register() -> None:
    """Register the add-on's modules, in order."""


def unregister() -> None:
    """Unregister the add-on's modules, in reverse."""
