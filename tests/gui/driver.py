"""Mouse and keyboard for a scenario inside Blender; Blender goes on between any two movements.

A step is a generator: whatever takes time is a `yield from`, whatever only asks is a plain call.
Nothing that was kept from Blender's data survives a `yield` (undo, a new file): ask again.
"""

import itertools
import json
import subprocess
from contextlib import suppress
from pathlib import Path

import bpy
import measuring
from eyes import HOVER_STEP_UNITS, MAIN_COLUMNS, OTHER_COLUMNS, Eyes, Wanted
from scenario_words import SIDEBAR, Failure, Place, Restart, Spot, action, step

__all__ = ["SIDEBAR", "Failure", "Place", "Restart", "Spot", "Ui", "step"]

N_TRIES = 3


class Ui(Eyes):
    """What an artist does and sees in Blender's window."""

    latency, timed = staticmethod(measuring.latency), staticmethod(measuring.timed)

    def __init__(self, run: Path):
        super().__init__()
        self.home = Path.home()
        self.run = run
        self.inputs = json.loads((run / "inputs.json").read_text())
        self.memory: dict = {}  # what one step leaves for a later one, across restarts too
        self._notes: list[str] = []

    # Panels, tabs, menus, fields

    @action
    def open_panel(self, name: str, place: Place = SIDEBAR, *, closed: bool = False):
        """Click a panel's header unless it is open; its parents must be open."""
        panel = yield from self.until(lambda: self.panel(name, place), 3, f"panel {name}")
        if panel.is_closed == closed:
            return
        while not self._is_in_sight(header := self._header(name, place), place):
            is_below = header.y < self.region(place).y + self.unit
            if not (yield from self._scroll_page(place, 1 if is_below else -1, share=0.2)):
                raise Failure(f"The panel {name} cannot be scrolled into sight.")
        for attempt in range(N_TRIES):
            yield from self.click(self._header(name, place))
            try:  # opening is animated
                yield from self.until(lambda: self.panel(name, place).is_closed == closed, 3, name)
                break
            except Failure:  # it was drawn elsewhere in the meantime: a person tries again
                if attempt == N_TRIES - 1:
                    raise
                yield from self.redrawn()
        yield 0.3

    def _header(self, name: str, place: Place) -> Spot:
        number, _, region = self.resolve(place)
        panel = self.panel(name, place)
        return Spot(region.x + round(panel.header_x), region.y + round(panel.header_y), number)

    @action
    def sidebar(self, category: str):
        """Show the sidebar of the 3D view and one of its tabs."""
        self.area("VIEW_3D").spaces.active.show_region_ui = True
        yield from self.redrawn()

        def is_shown() -> bool:
            region = self.region(SIDEBAR)
            # A tab that has never been drawn cannot be chosen yet.
            with suppress(TypeError, AttributeError):
                region.active_panel_category = category
            region.tag_redraw()
            return region.active_panel_category == category

        yield from self.until(is_shown, 5, f"the tab {category}")
        yield from self.redrawn()
        yield 0.1

    @action
    def press(self, operator: str, place: Place = SIDEBAR, *, text: str = ""):
        """Find a button and click it."""
        yield from self.click((yield from self.find(place, operator=operator, text=text)))

    @action
    def press_until(self, condition, place: Place, *, data_path: str = ""):
        """Click the buttons of one property, or down a column of tabs, until a condition holds."""
        columns = MAIN_COLUMNS + OTHER_COLUMNS if data_path else (0.5,)
        for spot in self._route(place, columns):
            if condition():
                return
            said = yield from self._look(spot, place)
            if not data_path or Wanted(data_path=data_path).is_met_by(said):
                yield from self.click(spot)
        if not condition():
            raise Failure(f"No button of {place.area} {place.region} brought what was wanted.")

    @action
    def close_window(self, place: Place):
        """Close the window of a place, as its title bar would: there is none without a manager."""
        with self.inside(place):
            bpy.ops.wm.window_close()
        self._mouse = Spot(1, 1)
        yield from self.redrawn()

    @action
    def fill(self, data_path: str, text: str, place: Place = SIDEBAR):
        """Type into the field of a property, text or number, and press Enter."""
        spot = yield from self.find(place, data_path=data_path)
        # A click moves a number's handle or arrow; a double click edits both kinds.
        yield from self.click(spot, times=2)
        yield from self.key("A", ctrl=True)
        yield from self.type(text)
        yield from self.key("RET")
        yield 0.1

    @action
    def choose(self, data_path: str, value: str, place: Place = SIDEBAR):
        """Choose an item of a drop-down by keyboard."""
        spot = yield from self.find(place, data_path=data_path)
        owner, _, name = self.hovered(place).rpartition(".")
        names = [item.identifier for item in _read(owner).bl_rna.properties[name].enum_items]
        if names and value not in names:
            raise Failure(f"{data_path} has no item {value}, but {', '.join(names)}.")
        # Items that a function gives are not listed: they are tried.
        counts = [names.index(value)] if names else range(12)
        # A menu that opens upwards is listed the other way round.
        ways = [("HOME", "DOWN_ARROW"), ("END", "UP_ARROW")]
        for n_keys, (first, ahead) in itertools.product(counts, ways):
            if getattr(_read(owner), name) == value:
                return
            yield from self.click(spot)
            yield 0.2
            yield from self.key(first)
            for _ in range(n_keys):
                self._send(ahead, "PRESS")
                self._send(ahead, "RELEASE")
            yield from self.key("RET")
            yield 0.1
        if getattr(_read(owner), name) != value:
            raise Failure(f"{data_path} stayed {getattr(_read(owner), name)}, not {value}.")

    @action
    def pick(self, menu: Spot, operator: str, place: Place, *, text: str = ""):
        """Open the menu at a spot of a region and click the item with an operator."""
        wanted = Wanted(operator=operator, text=text)
        yield from self.click(menu)
        yield 0.3
        step = round(self.unit * HOVER_STEP_UNITS / 2)
        for direction in (-1, 1):
            for n_steps in range(1, 100):
                spot = menu._replace(y=menu.y + direction * n_steps * step)
                said = yield from self._hover(spot, place)
                if wanted.is_met_by(said):
                    yield from self.click(spot)
                    return
                if not said and n_steps > 8:
                    break
        yield from self.key("ESC")
        raise Failure(f"The menu at {menu.x}, {menu.y} has no {wanted}.")

    @action
    def pick_file(self, path: Path | str):
        """Type a path into the open file browser, and accept."""
        place = Place("FILE_BROWSER", "EXECUTE")
        yield from self.until(lambda: self.has_area("FILE_BROWSER"), 10, "a file browser")
        yield from self.redrawn()
        yield 0.3
        path = Path(path)
        yield from self.fill("directory", f"{path.parent}/", Place("FILE_BROWSER", "UI"))
        yield from self.fill("filename", path.name, place)
        yield from self.press("file.execute", place)
        yield from self.until(lambda: not self.has_area("FILE_BROWSER"), 5, "the browser to close")
        yield from self.redrawn()

    # What Blender shows and says

    @action
    def screenshot(self, name: str):
        """Photograph the whole screen: Blender's own operator gave black."""
        yield from self.redrawn()
        path = self.run / "out" / f"{name}.png"
        taking = subprocess.Popen(["import", "-window", "root", str(path)])
        yield from self.until(lambda: taking.poll() is not None, 20, "a screenshot")

    @action
    def recover(self, name: str):
        """Show what a failed step left, and close what it left open."""
        yield from self.screenshot(name)
        for _ in range(3):
            yield from self.key("ESC")
            yield 0.1

    def note(self, text: str) -> None:
        """Have a line printed below the step."""
        self._notes.append(text)

    def take_notes(self) -> list[str]:
        notes, self._notes = self._notes, []
        return notes

    def reports(self) -> list[str]:
        """Return what the Info editor lists: the reports of operators, oldest first."""
        number, area, _ = self.resolve(Place("VIEW_3D"))
        kind, area.type = area.type, "INFO"
        try:
            region = next(region for region in area.regions if region.type == "WINDOW")
            with bpy.context.temp_override(window=self.windows()[number], area=area, region=region):
                bpy.ops.info.select_all(action="SELECT")
                bpy.ops.info.report_copy()
                bpy.ops.info.select_all(action="DESELECT")
        finally:
            area.type = kind
        lines = bpy.context.window_manager.clipboard.splitlines()
        # Asking for the widget under the mouse is listed too.
        return [line for line in lines if not line.startswith("bpy.ops.ui.copy_")]


def _read(path: str):
    """Return what a full data path of Blender names."""
    return eval(path, {"bpy": bpy})
