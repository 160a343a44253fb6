"""The artist's hands and the ground they work on: windows, regions, waiting, mouse, keyboard."""

import time

import bpy
from panel_places import PanelPlace, PanelReader
from scenario_words import SIDEBAR, Failure, Place, Spot, action

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


class Hands:
    """Moves the mouse and types, in any window of Blender."""

    def __init__(self):
        self._mouse = Spot(1, 1)
        self._panel_reader = None

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
        """Tell whether the operator may run in a region (poll); a layout may still grey it."""
        module, name = operator.split(".")
        with self.inside(place):
            return getattr(getattr(bpy.ops, module), name).poll()

    @property
    def unit(self) -> float:
        """Height of a widget in pixels."""
        return 20.0 * bpy.context.preferences.system.ui_scale

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

    def has_area(self, kind: str) -> bool:
        return any(area.type == kind for win in self.windows() for area in win.screen.areas)

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
