"""Mouse and keyboard for a scenario inside Blender; Blender goes on between any two movements.

A step is a generator: whatever takes time is a `yield from`, whatever only asks is a plain call.
Nothing that was kept from Blender's data survives a `yield` (undo, a new file): ask again.
"""

import json
import subprocess
import time
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import NamedTuple

import bpy
from panel_places import PanelPlace, PanelReader

HOVER_STEP_UNITS = 0.7  # at least one look at each widget of one unit's height
# Where the mouse goes down a region, in shares of its width: the fields of properties lie right,
# the first button of a row left; the others are for narrow ones and come last.
MAIN_COLUMNS, OTHER_COLUMNS = (0.7, 0.25), (0.9, 0.5, 0.1)
TABS_UNITS = 1.2  # the strip of tabs at the right of a sidebar
LATENCY_TICK_S = 0.005
TABBED_AREAS = ("VIEW_3D", "IMAGE_EDITOR", "CLIP_EDITOR", "NODE_EDITOR", "SEQUENCE_EDITOR")

SIGNS = {
    " ": ("SPACE", False),
    "/": ("SLASH", False),
    ".": ("PERIOD", False),
    ",": ("COMMA", False),
    "-": ("MINUS", False),
    "_": ("MINUS", True),
    "=": ("EQUAL", False),
    "+": ("EQUAL", True),
    ":": ("SEMI_COLON", True),
}
DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


class Failure(AssertionError):
    """What a scenario expected did not come true."""


class Place(NamedTuple):
    """A region, named by its area; of several areas the largest one is meant."""

    area: str
    region: str = "WINDOW"


class Spot(NamedTuple):
    """A point of a window, in pixels from its lower left corner."""

    x: int
    y: int
    window: int = 0  # position in the list of open windows


SIDEBAR = Place("VIEW_3D", "UI")


class Restart(NamedTuple):
    """Entry of a scenario's list: Blender is closed and started again, with a file perhaps."""

    opening: str = ""  # relative to the home folder


def step(*, limit_s: float = 120.0, is_essential: bool = False):
    """Give a step more or less time; after an essential one fails, no other is run."""

    def marked(function):
        function.limit_s, function.is_essential = limit_s, is_essential
        return function

    return marked


def name_of(function) -> str:
    """Return the name that a step is reported by: its docstring's first sentence."""
    return (function.__doc__ or function.__name__).strip().splitlines()[0].rstrip(".")


class Action:
    """An action that is to be run by `yield from`; one that was forgotten fails its step."""

    forgotten: list[str] = []  # noqa: RUF012

    def __init__(self, name, generator):
        self._name, self._generator, self._has_begun = name, generator, False

    def __iter__(self):
        self._has_begun = True
        return self._generator

    def __del__(self):
        if not self._has_begun:
            self.forgotten.append(self._name)


def action(function):
    @wraps(function)
    def started(*arguments, **options):
        return Action(function.__name__, function(*arguments, **options))

    return started


class Latency:
    """The gaps between the calls of a fast timer: how long Blender's window did not answer."""

    def __init__(self):
        self.gaps_s: list[float] = []
        self._last = None

    @property
    def worst_s(self) -> float:
        return max(self.gaps_s, default=0.0)

    def share_within(self, limit_s: float) -> float:
        """Return the share of the time that was spent in gaps up to a limit."""
        return sum(gap for gap in self.gaps_s if gap <= limit_s) / max(sum(self.gaps_s), 1e-9)

    def tick(self) -> float:
        now = time.perf_counter()
        if self._last is not None:
            self.gaps_s.append(now - self._last)
        self._last = now
        return LATENCY_TICK_S


class Calls:
    """How long each call of a method took."""

    def __init__(self):
        self.durations_s: list[float] = []

    @property
    def worst_s(self) -> float:
        return max(self.durations_s, default=0.0)


class Ui:
    """What an artist does and sees in Blender's window."""

    def __init__(self, run: Path):
        self.home = Path.home()
        self.run = run
        self.inputs = json.loads((run / "inputs.json").read_text())
        self.memory: dict = {}  # what one step leaves for a later one, across restarts too
        self._mouse = Spot(1, 1)
        self._seen: dict[Place, dict[str, tuple[str, int, int]]] = {}
        self._panel_reader = None
        self._notes: list[str] = []

    # Windows, areas, regions

    def windows(self) -> list:
        return list(bpy.context.window_manager.windows)

    def resolve(self, place: Place):
        """Return window number, area and region of a place."""
        found = [
            (area.width * area.height, number, area)
            for number, window in enumerate(self.windows())
            for area in window.screen.areas
            if area.type == place.area
        ]
        if not found:
            raise Failure(f"No area of the type {place.area} is open.")
        _, number, area = max(found, key=lambda entry: entry[0])
        for region in area.regions:
            if region.type == place.region:
                return number, area, region
        raise Failure(f"The area {place.area} has no region {place.region}.")

    def area(self, kind: str):
        return self.resolve(Place(kind))[1]

    def region(self, place: Place):
        return self.resolve(place)[2]

    def spot(self, place: Place, x_share: float = 0.5, y_share: float = 0.5) -> Spot:
        """Return a point of a region: (0, 0) is its lower left corner, (1, 1) the upper right."""
        number, _, region = self.resolve(place)
        x = region.x + round(x_share * (region.width - 1))
        return Spot(x, region.y + round(y_share * (region.height - 1)), number)

    def inside(self, place: Place):
        """Return a context override: `with ui.inside(SIDEBAR): bpy.ops.x.y.poll()`."""
        number, area, region = self.resolve(place)
        return bpy.context.temp_override(window=self.windows()[number], area=area, region=region)

    def is_enabled(self, operator: str, place: Place = SIDEBAR) -> bool:
        """Tell whether a button of the operator is live (not grey) in a region."""
        module, name = operator.split(".")
        with self.inside(place):
            return getattr(getattr(bpy.ops, module), name).poll()

    @property
    def unit(self) -> float:
        """Height of a widget in pixels."""
        return 20.0 * bpy.context.preferences.system.ui_scale

    # Waiting

    @action
    def begin(self):
        """Wait for the window; have file browsers open in it, for there is no window manager."""
        bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
        bpy.context.preferences.view.show_splash = False
        bpy.context.preferences.view.show_tooltips = False
        yield from self.redrawn()
        yield 0.3
        yield from self.key("ESC")
        yield from self.redrawn()

    @action
    def wait(self, seconds: float):
        yield seconds

    @action
    def until(self, condition, timeout_s: float = 10.0, what: str = ""):
        """Wait until a condition holds; return what it gave."""
        started = time.monotonic()
        while True:
            if answer := condition():
                return answer
            if time.monotonic() - started > timeout_s:
                raise Failure(f"Waited {timeout_s:g} s in vain: {what or 'a condition'}")
            yield 0.03

    @action
    def redrawn(self):
        """Have everything drawn again, and wait for it."""
        for window in self.windows():
            for area in window.screen.areas:
                area.tag_redraw()
        yield 0.05
        yield 0.05

    # Mouse and keyboard

    def _send(self, kind: str, value: str, **more) -> None:
        window = self.windows()[min(self._mouse.window, len(self.windows()) - 1)]
        window.event_simulate(kind, value, x=self._mouse.x, y=self._mouse.y, **more)

    @action
    def move(self, spot: Spot):
        self._mouse = Spot(*spot)
        self._send("MOUSEMOVE", "NOTHING")
        yield 0.0

    @action
    def click(self, spot: Spot, *, button: str = "LEFTMOUSE", times: int = 1, **modifiers):
        """Click; modifiers are `ctrl=True`, `shift=True`, `alt=True`."""
        # A person's mouse comes from somewhere: a button that was pressed needs that to light up.
        yield from self.move(Spot(*spot)._replace(y=spot[1] + 1))
        yield from self.move(spot)
        for _ in range(times):
            self._send(button, "PRESS", **modifiers)
            yield 0.0
            self._send(button, "RELEASE", **modifiers)
            yield 0.0
        yield 0.05

    @action
    def drag(self, start: Spot, end: Spot, *, n_moves: int = 10):
        yield from self.move(start)
        self._send("LEFTMOUSE", "PRESS")
        yield 0.02
        for step in range(1, n_moves + 1):
            share = step / n_moves
            x = round(start.x + share * (end.x - start.x))
            yield from self.move(Spot(x, round(start.y + share * (end.y - start.y)), start.window))
        self._send("LEFTMOUSE", "RELEASE")
        yield 0.05

    @action
    def scroll(self, place: Place, clicks: int):
        """Turn the wheel over a region; positive is down."""
        yield from self.move(self._wheel_spot(place))
        for _ in range(abs(clicks)):
            self._send("WHEELDOWNMOUSE" if clicks > 0 else "WHEELUPMOUSE", "PRESS")
        yield 0.1

    def _wheel_spot(self, place: Place) -> Spot:
        """Return a spot where the wheel is the region's own: not a list, not the view behind."""
        number, _, region = self.resolve(place)
        panels = self.panels(place)
        low = max(0, min((panel.bottom_y for panel in panels), default=0))
        return Spot(region.x + 5, region.y + round((low + region.height) / 2), number)

    @action
    def key(self, kind: str, **modifiers):
        """Press a key by Blender's name of it: 'A', 'RET', 'ESC', 'DOWN_ARROW', 'COMMA'."""
        self._send(kind, "PRESS", **modifiers)
        yield 0.0
        self._send(kind, "RELEASE", **modifiers)
        yield 0.02

    @action
    def type(self, text: str):
        for sign in text:
            kind, shift = SIGNS.get(sign, ("A", False))
            if sign.isascii() and sign.isalpha():
                kind, shift = sign.upper(), sign.isupper()
            elif sign.isascii() and sign.isdigit():
                kind = DIGITS[int(sign)]
            # All in one go: a redraw for each letter takes a tenth of a second here.
            self._send(kind, "PRESS", unicode=sign, shift=shift)
            self._send(kind, "RELEASE", shift=shift)
        yield 0.05

    # Finding widgets

    def hovered(self, place: Place) -> str:
        """Return what Blender says of the widget under the mouse; nothing of other widgets.

        `bpy.ops.mien.capture()` for a button, `bpy.data.scenes["Scene"].mien.rate` for a property.
        While a menu of the region is open, it is the item under the mouse. Buttons that open a
        menu, labels, and properties of the preferences say nothing.
        """
        with self.inside(place):
            if bpy.ops.ui.copy_python_command_button.poll():
                answer = bpy.ops.ui.copy_python_command_button()
            elif bpy.ops.ui.copy_data_path_button.poll():
                answer = bpy.ops.ui.copy_data_path_button(full_path=True)
            else:
                return ""
        # A property that has no full path leaves what was copied before.
        return bpy.context.window_manager.clipboard if answer == {"FINISHED"} else ""

    @action
    def find(self, place: Place, *, operator="", data_path="", text="", may_miss=False):
        """Return the spot of a widget in a region; scroll where it is out of sight.

        `operator='mien.capture'`, with a part of its Python command as `text` where several
        buttons have it; or `data_path='mien.source.filepath'`, the end of a property's path.
        The mouse moves as a person's would, so what is found can be clicked. None if `may_miss`.
        """
        wanted = _Wanted(operator, data_path, text)
        spot = yield from self._find_again(place, wanted)
        for columns in (MAIN_COLUMNS, OTHER_COLUMNS):
            if not spot:
                spot = yield from self._find_in_sight(place, wanted, columns)
            if spot or not self._is_longer_than_seen(place):
                continue
            yield from self._scroll_page(place, -1, share=1000.0)
            while not spot:
                spot = yield from self._find_in_sight(place, wanted, columns)
                if not spot and not (yield from self._scroll_page(place, 1, share=0.7)):
                    break
        if not spot and not may_miss:
            raise Failure(f"Found no {wanted} in {place.area} {place.region}.")
        return spot

    @action
    def scan(self, place: Place):
        """Return the widgets in sight of a region: what Blender says of each, and its spot."""
        spots: dict[str, Spot] = {}
        for spot in self._route(place, MAIN_COLUMNS + OTHER_COLUMNS):
            name = yield from self._look(spot, place)
            if name and name not in spots:
                spots[name] = yield from self._middle(spot, place, _Wanted(said=name))
        return spots

    def _find_in_sight(self, place: Place, wanted: "_Wanted", columns):
        for spot in self._route(place, columns):
            if wanted.is_met_by((yield from self._look(spot, place))):
                return (yield from self._middle(spot, place, wanted))
        return None

    def _middle(self, spot: Spot, place: Place, wanted: "_Wanted"):
        """Move from an edge of a widget towards its middle, where a wrong guess is noticed."""
        for y in (-0.3, 0.3):
            guess = spot._replace(y=spot.y + round(y * self.unit))
            if wanted.is_met_by((yield from self._look(guess, place))):
                return guess
        yield from self._look(spot, place)
        return spot

    def _find_again(self, place: Place, wanted: "_Wanted"):
        """Go to where the widget was seen in passing; None where it is not there any more."""
        for name, seen in list(self._seen.get(place, {}).items()):
            if not wanted.is_met_by(name):
                continue
            spot = self._spot_of(seen, place)
            while spot and not self._is_in_sight(spot, place):
                is_below = spot.y < self.region(place).y + self.unit
                moved = yield from self._scroll_page(place, 1 if is_below else -1, share=0.2)
                spot = self._spot_of(seen, place) if moved else None
            if spot and wanted.is_met_by((yield from self._look(spot, place))):
                return spot
            del self._seen[place][name]
        return None

    def _look(self, spot: Spot, place: Place):
        """Move the mouse; return what is below it, and remember that."""
        if name := (yield from self._hover(spot, place)):
            region = self.region(place)
            x, y = spot.x - region.x, spot.y - region.y
            above = [panel for panel in self.panels(place) if panel.header_y > y]
            # Panels move when others are opened; their widgets go with them.
            header = min(above, key=lambda panel: panel.header_y) if above else None
            seen = (header.name, x, y - header.header_y) if header else ("", x, y)
            self._seen.setdefault(place, {}).setdefault(name, seen)
        return name

    def _hover(self, spot: Spot, place: Place):
        yield from self.move(spot)
        # A button that is left stays lit for one more turn of Blender's loop.
        yield 0.0
        yield 0.0
        return self.hovered(place)

    def _spot_of(self, seen: tuple[str, int, int], place: Place) -> Spot | None:
        """Return where a widget must be now that was seen earlier."""
        name, x, y = seen
        number, _, region = self.resolve(place)
        if name:
            panel = self.panel(name, place)
            if panel is None or panel.is_closed:
                return None
            y += panel.header_y
        return Spot(region.x + x, region.y + y, number)

    def _is_in_sight(self, spot: Spot, place: Place) -> bool:
        region = self.region(place)
        margin = self.unit / 2
        return region.y + margin < spot.y < region.y + region.height - margin

    def _route(self, place: Place, columns: tuple[float, ...]) -> list[Spot]:
        """List the points that the mouse visits: down the region, one column after the other."""
        number, area, region = self.resolve(place)
        width, low, high = region.width, 0, region.height - 2
        if region.type == "UI" and area.type in TABBED_AREAS:
            width -= round(TABS_UNITS * self.unit)
        if panels := self.panels(place):
            low = max(0, round(min(panel.bottom_y for panel in panels)))
        step = round(self.unit * HOVER_STEP_UNITS)
        return [
            Spot(region.x + round(share * width), region.y + y, number)
            for share in columns
            for y in range(high, low, -step)
        ]

    def _is_longer_than_seen(self, place: Place) -> bool:
        panels = self.panels(place)
        height = self.region(place).height
        return any(panel.bottom_y < 0 or panel.header_y > height for panel in panels)

    def _scroll_page(self, place: Place, direction: int, *, share: float):
        """Turn the wheel until a share of the region's height has gone by; tell whether any did."""
        _, _, region = self.resolve(place)
        far = share * region.height
        start = last = self._scrolled(place)
        while abs(last - start) < far:
            yield from self.scroll(place, direction * (40 if share > 1 else 5))
            now, last = last, self._scrolled(place)
            if now == last:
                break
        return abs(last - start) > 1

    def _scrolled(self, place: Place) -> float:
        return self.region(place).view2d.region_to_view(0, 0)[1]

    # Panels, tabs, menus, fields

    def panels(self, place: Place) -> list[PanelPlace]:
        """List the panels of a region as they were drawn last, in pixels of the region."""
        self._panel_reader = self._panel_reader or PanelReader()
        region = self.region(place)

        def y_px(y: float) -> int:
            return region.view2d.view_to_region(0, y, clip=False)[1]

        return [
            panel._replace(header_y=y_px(panel.header_y), bottom_y=y_px(panel.bottom_y))
            for panel in self._panel_reader.panels(region)
        ]

    def panel(self, name: str, place: Place = SIDEBAR) -> PanelPlace | None:
        return next((panel for panel in self.panels(place) if panel.name == name), None)

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
        yield from self.click(header)
        # Opening is animated.
        yield from self.until(lambda: self.panel(name, place).is_closed == closed, 3, name)
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
            if not data_path or _Wanted(data_path=data_path).is_met_by(said):
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
        n_keys = names.index(value)
        # A menu that opens upwards is listed the other way round.
        for first, ahead in (("HOME", "DOWN_ARROW"), ("END", "UP_ARROW")):
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
        wanted = _Wanted(operator=operator, text=text)
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

    def has_area(self, kind: str) -> bool:
        return any(area.type == kind for win in self.windows() for area in win.screen.areas)

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
        return bpy.context.window_manager.clipboard.splitlines()

    @contextmanager
    def latency(self):
        """Measure how long Blender's window does not answer while the block runs."""
        latency = Latency()
        tick = latency.tick  # each look-up makes a new method, which could not be taken away
        bpy.app.timers.register(tick, persistent=True)
        try:
            yield latency
        finally:
            bpy.app.timers.unregister(tick)

    @contextmanager
    def timed(self, owner: type, name: str):
        """Measure the calls that Blender makes of a class's method, such as an operator's modal.

        On software GL a redraw of the sidebar alone takes 40 to 60 ms, and one of the 3D view 150
        to 300: `latency` says how the window is, this says how much of it is the extension's.
        """
        calls, inner = Calls(), getattr(owner, name)
        is_own = name in vars(owner)

        def measured(*arguments):
            started = time.perf_counter()
            try:
                return inner(*arguments)
            finally:
                calls.durations_s.append(time.perf_counter() - started)

        # Blender counts the arguments in a method's code, and passes as many.
        def with_context(self, context):
            return measured(self, context)

        def with_event(self, context, event):
            return measured(self, context, event)

        setattr(owner, name, with_event if inner.__code__.co_argcount == 3 else with_context)
        try:
            yield calls
        finally:
            if is_own:
                setattr(owner, name, inner)
            else:
                delattr(owner, name)


class _Wanted(NamedTuple):
    operator: str = ""
    data_path: str = ""
    text: str = ""
    said: str = ""

    def is_met_by(self, said: str) -> bool:
        if self.said:
            return said == self.said
        if self.operator:
            is_met = said.startswith(f"bpy.ops.{self.operator}(")
        else:
            is_met = said == self.data_path or said.endswith(f".{self.data_path}")
        return is_met and self.text in said

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


def _read(path: str):
    """Return what a full data path of Blender names."""
    return eval(path, {"bpy": bpy})
