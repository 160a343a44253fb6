"""What an artist does with Mien, step by step; each step's docstring is its name in the report."""

import bpy
from driver import SIDEBAR, Place, Restart, step

VIEW, PREFERENCES = Place("VIEW_3D"), Place("PREFERENCES")
EXTENSION = "bl_ext.user_default.mien"


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
    # The menu of the arrow right in the row of the search field.
    search = yield from ui.find(PREFERENCES, data_path="extension_search")
    right = ui.spot(PREFERENCES, x_share=1.0).x - round(ui.unit)
    menu = search._replace(x=right)
    yield from ui.pick(menu, "extensions.package_install_files", PREFERENCES)
    yield from ui.until(lambda: ui.has_area("FILE_BROWSER"), 10, "a file browser")
    yield from ui.screenshot("02-install-from-disk")
    yield from ui.pick_file(ui.inputs["zip"])
    yield from ui.until(lambda: EXTENSION in preferences.addons, 120, "the enabled extension")
    yield from ui.screenshot("03-installed")
    yield from ui.close_window(PREFERENCES)


@step(is_essential=True)
def shows_panel(ui):
    """The tab Mien is in the sidebar of the 3D view"""
    yield from ui.sidebar("Mien")
    yield from ui.screenshot("04-panel")


def stays_enabled(ui):
    """After a restart the extension is still there"""
    yield from ui.begin()
    assert EXTENSION in bpy.context.preferences.addons
    yield from ui.sidebar("Mien")
    for name in (yield from ui.scan(SIDEBAR)):
        ui.note(name)
    yield from ui.screenshot("05-restarted")


STEPS = [starts, installs, shows_panel, Restart(), stays_enabled]
