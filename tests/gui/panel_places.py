"""Where Blender drew its panels: read from the window's own records, for Python cannot ask.

Widgets answer when the mouse is over them; the headers of panels do not. Blender describes the
layout of its records in every file that it writes (SDNA), so the places are read in any version.
"""

import ctypes
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import bpy

POINTER_SIZE = 8
CLOSED = 1 << 2  # PNL_CLOSED in Panel.flag
ACTIVE = 1 << 2  # PANEL_ACTIVE in Panel.runtime_flag: it was drawn in the last redraw
HEADER_UNITS = 1.2  # PNL_HEADER: the header's height, in heights of a widget


class PanelPlace(NamedTuple):
    """A panel as drawn last: the centre of its header in the region's view, and its state."""

    name: str
    header_x: float
    header_y: float
    bottom_y: float
    is_closed: bool


class RecordLayout:
    """Offsets of the fields of Blender's records, as this Blender writes them into its files."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layout.blend"
            bpy.data.libraries.write(str(path), set())
            content = path.read_bytes()
        self._data = content[content.index(b"SDNANAME") + 4 :]
        self._position = 0
        self._names = self._read_texts(b"NAME")
        self._types = self._read_texts(b"TYPE")
        self._lengths = self._read_lengths()
        self._fields = self._read_structs()

    def offset(self, record: str, field: str) -> int:
        try:
            return self._fields[record][field]
        except KeyError:
            raise LookupError(f"This Blender's {record} has no field {field!r}.") from None

    def _read_mark(self, mark: bytes) -> None:
        self._position = -(-self._position // 4) * 4
        found = self._data[self._position : self._position + 4]
        if found != mark:
            raise LookupError(f"Blender's record layout has {found!r} where {mark!r} belongs.")
        self._position += 4

    def _read_number(self, size: int) -> int:
        start, self._position = self._position, self._position + size
        return int.from_bytes(self._data[start : self._position], "little")

    def _read_texts(self, mark: bytes) -> list[str]:
        self._read_mark(mark)
        texts = []
        for _ in range(self._read_number(4)):
            end = self._data.index(b"\0", self._position)
            texts.append(self._data[self._position : end].decode())
            self._position = end + 1
        return texts

    def _read_lengths(self) -> list[int]:
        self._read_mark(b"TLEN")
        return [self._read_number(2) for _ in self._types]

    def _read_structs(self) -> dict[str, dict[str, int]]:
        self._read_mark(b"STRC")
        structs = {}
        for _ in range(self._read_number(4)):
            record, offset, fields = self._types[self._read_number(2)], 0, {}
            for _ in range(self._read_number(2)):
                kind, name = self._read_number(2), self._names[self._read_number(2)]
                plain = re.search(r"\w+", name)[0]
                fields[plain] = offset
                size = POINTER_SIZE if name.startswith(("*", "(")) else self._lengths[kind]
                for count in re.findall(r"\[(\d+)\]", name):
                    size *= int(count)
                offset += size
            structs[record] = fields
        return structs


class PanelReader:
    """Lists the panels of a region, sub-panels behind their parents."""

    def __init__(self):
        self._layout = RecordLayout()

    def panels(self, region) -> list[PanelPlace]:
        first = region.as_pointer() + self._layout.offset("ARegion", "panels")
        return list(self._chain(self._pointer(first)))

    def _chain(self, panel: int):
        while panel:
            if self._number(panel, "runtime_flag", ctypes.c_short) & ACTIVE:
                yield self._place(panel)
                children = panel + self._layout.offset("Panel", "children")
                if not self._is_closed(panel):
                    yield from self._chain(self._pointer(children))
            panel = self._pointer(panel + self._layout.offset("Panel", "next"))

    def _place(self, panel: int) -> PanelPlace:
        name = ctypes.string_at(panel + self._layout.offset("Panel", "panelname")).decode()
        unit = 20.0 * bpy.context.preferences.system.ui_scale
        bottom = self._number(panel, "ofsy", ctypes.c_int)
        is_closed = self._is_closed(panel)
        top = bottom if is_closed else bottom + self._number(panel, "sizey", ctypes.c_int)
        left = self._number(panel, "ofsx", ctypes.c_int)
        width = self._number(panel, "sizex", ctypes.c_int)
        middle = top + HEADER_UNITS * unit / 2
        return PanelPlace(name, left + width / 2, middle, bottom, is_closed)

    def _is_closed(self, panel: int) -> bool:
        return bool(self._number(panel, "flag", ctypes.c_short) & CLOSED)

    def _number(self, panel: int, field: str, kind) -> int:
        return kind.from_address(panel + self._layout.offset("Panel", field)).value

    def _pointer(self, address: int) -> int:
        return ctypes.c_void_p.from_address(address).value or 0
