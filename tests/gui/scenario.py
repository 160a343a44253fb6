"""What an artist does with Mien, step by step; each step's docstring is its name in the report."""

from driver import Place, step

PREFERENCES = Place("PREFERENCES")


@step(is_essential=True)
def starts(ui):
    """Blender opens its window"""
    yield from ui.begin()
    yield from ui.screenshot("01-start")


@step(is_essential=True)
def installs(ui):
    """The extension is installed from disk in the preferences"""
    yield from ui.key("COMMA", ctrl=True)
    yield from ui.until(lambda: ui.has_area("PREFERENCES"), 5, "the preferences")
    yield from ui.screenshot("02-preferences")


STEPS = [starts, installs]
