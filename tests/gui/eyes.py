"""The artist's eyes: where in a region a widget is, found by moving the mouse over it."""

from typing import NamedTuple

import bpy
from hands import Hands
from scenario_words import Failure, Place, Spot, action

HOVER_STEP_UNITS = 0.7  # at least one look at each widget of one unit's height
# Where the mouse goes down a region, in shares of its width: the fields of properties lie right,
# the first button of a row left; the others are for narrow ones and come last.
MAIN_COLUMNS, OTHER_COLUMNS = (0.7, 0.25), (0.9, 0.5, 0.1)
TABS_UNITS = 1.2  # the strip of tabs at the right of a sidebar
TABBED_AREAS = ("VIEW_3D", "IMAGE_EDITOR", "CLIP_EDITOR", "NODE_EDITOR", "SEQUENCE_EDITOR")


class Wanted(NamedTuple):
    """What a widget is recognised by: an operator or the end of a data path, or all of a name."""

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


class Eyes(Hands):
    """Finds widgets, and scrolls to them."""

    def __init__(self):
        super().__init__()
        # What was seen in passing: the panel it lies in, and where from its header.
        self._seen: dict[Place, dict[str, tuple[str, int, int]]] = {}

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
        wanted = Wanted(operator, data_path, text)
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
                spots[name] = yield from self._middle(spot, place, Wanted(said=name))
        return spots

    def _find_in_sight(self, place: Place, wanted: Wanted, columns):
        for spot in self._route(place, columns):
            if wanted.is_met_by((yield from self._look(spot, place))):
                return (yield from self._middle(spot, place, wanted))
        return None

    def _middle(self, spot: Spot, place: Place, wanted: Wanted):
        """Move from an edge of a widget towards its middle, where a wrong guess is noticed."""
        for y in (-0.3, 0.3):
            guess = spot._replace(y=spot.y + round(y * self.unit))
            if wanted.is_met_by((yield from self._look(guess, place))):
                return guess
        yield from self._look(spot, place)
        return spot

    def _find_again(self, place: Place, wanted: Wanted):
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
