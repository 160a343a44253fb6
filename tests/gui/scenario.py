"""What an artist does with Mien, step by step; each step's docstring is its name in the report."""

import bpy
from driver import Place, step

VIEW, PREFERENCES = Place("VIEW_3D"), Place("PREFERENCES")


@step(is_essential=True)
def starts(ui):
    """Blender opens its window"""
    yield from ui.begin()
    yield from ui.screenshot("01-start")


@step(limit_s=240, is_essential=True)
def installs(ui):
    """The extension is installed from disk in the preferences"""
    yield from ui.move(ui.spot(VIEW))  # the preferences open around the mouse
    yield from ui.key("COMMA", ctrl=True)
    yield from ui.until(lambda: ui.has_area("PREFERENCES"), 5, "the preferences")
    yield from ui.redrawn()
    preferences = bpy.context.preferences
    tabs = Place("PREFERENCES", "NAVIGATION_BAR")
    yield from ui.press_until(lambda: preferences.active_section == "EXTENSIONS", tabs)
    search = yield from ui.find(PREFERENCES, data_path="extension_search")
    menu = ui.spot(PREFERENCES, x_share=1.0)._replace(y=search.y)
    menu = menu._replace(x=menu.x - round(ui.unit))
    yield from ui.pick(menu, "extensions.package_install_files", PREFERENCES)
    yield from ui.until(lambda: ui.has_area("FILE_BROWSER"), 10, "a file browser")
    yield from ui.screenshot("02-install-from-disk")
    yield from ui.pick_file(ui.inputs["zip"])
    yield from ui.until(
        lambda: (
            hasattr(bpy.types.Scene, "mien") or "bl_ext.user_default.mien" in preferences.addons
        ),
        60,
        "the extension to be installed",
    )
    yield from ui.screenshot("03-installed")
    yield from ui.close_window(PREFERENCES)


def is_enabled(ui):
    """The extension is enabled, and survives"""
    assert "bl_ext.user_default.mien" in bpy.context.preferences.addons, list(
        bpy.context.preferences.addons.keys()
    )


STEPS = [starts, installs, is_enabled]
