"""A scenario that proves the driver itself, on a small panel of its own.

Usage: python tests/gui/run_gui.py --scenario tests/gui/driver_check.py --out build/gui-driver
"""

import time

import bpy
from driver import SIDEBAR, Place, Restart, step

CALLS = []


class MIENCHECK_OT_call(bpy.types.Operator):
    """Note that it was called"""

    bl_idname = "mien_check.call"
    bl_label = "Call"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    word: bpy.props.StringProperty()

    def execute(self, context):
        CALLS.append(self.word)
        self.report({"INFO"}, f"Called with {self.word}")
        return {"FINISHED"}


class MIENCHECK_OT_sleep(bpy.types.Operator):
    """Block the window for a third of a second"""

    bl_idname = "mien_check.sleep"
    bl_label = "Sleep"

    @classmethod
    def poll(cls, context):
        return context.scene.mien_check.is_on

    def execute(self, context):
        time.sleep(0.3)
        return {"FINISHED"}


class MIENCHECK_OT_open(bpy.types.Operator):
    """Ask for a file"""

    bl_idname = "mien_check.open"
    bl_label = "Open"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH")

    def invoke(self, context, event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        CALLS.append(self.filepath)
        return {"FINISHED"}


class MIENCHECK_PG(bpy.types.PropertyGroup):
    filepath: bpy.props.StringProperty(subtype="FILE_PATH")
    amount: bpy.props.FloatProperty(max=100.0)
    is_on: bpy.props.BoolProperty()
    kind: bpy.props.EnumProperty(items=[(name, name.title(), "") for name in ("A1", "B2", "C3")])
    low: bpy.props.FloatProperty()


class MIENCHECK_MT_calls(bpy.types.Menu):
    bl_label = "Calls"

    def draw(self, context):
        for word in ("one", "two", "three"):
            self.layout.operator("mien_check.call", text=word.title()).word = word


class MIENCHECK_PT_main(bpy.types.Panel):
    bl_label = "Check"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Check"

    def draw(self, context):
        layout, check = self.layout, context.scene.mien_check
        layout.prop(check, "filepath")
        layout.prop(check, "amount")
        layout.prop(check, "is_on")
        layout.prop(check, "kind")
        row = layout.row()
        row.operator("mien_check.call", text="Left").word = "left"
        row.operator("mien_check.call", text="Right").word = "right"
        layout.operator("mien_check.sleep")
        layout.operator("mien_check.open")
        layout.menu("MIENCHECK_MT_calls")


class MIENCHECK_PT_long(bpy.types.Panel):
    bl_label = "Long"
    bl_parent_id = "MIENCHECK_PT_main"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Check"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context):
        for number in range(40):
            self.layout.label(text=f"Line {number}")
        self.layout.prop(context.scene.mien_check, "low")


class MIENCHECK_PT_last(bpy.types.Panel):
    bl_label = "Last"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Check"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context):
        self.layout.operator("mien_check.call", text="Far Down").word = "far down"


CLASSES = (
    MIENCHECK_OT_call,
    MIENCHECK_OT_sleep,
    MIENCHECK_OT_open,
    MIENCHECK_PG,
    MIENCHECK_MT_calls,
    MIENCHECK_PT_main,
    MIENCHECK_PT_long,
    MIENCHECK_PT_last,
)
for each in CLASSES:
    bpy.utils.register_class(each)
bpy.types.Scene.mien_check = bpy.props.PointerProperty(type=MIENCHECK_PG)


def check():
    return bpy.context.scene.mien_check


def called_by(started_with):
    """Return the words since a moment, and forget them."""
    words, CALLS[:] = CALLS[started_with:], []
    return words


@step(is_essential=True)
def start(ui):
    """Blender opens its window"""
    yield from ui.begin()
    yield from ui.sidebar("Check")
    yield from ui.screenshot("01-start")


def scans(ui):
    """All widgets of a panel are found"""
    began = time.monotonic()
    names = yield from ui.scan(SIDEBAR)
    ui.note(f"scan: {time.monotonic() - began:.2f} s, {len(names)} widgets")
    for name in names:
        ui.note(name)
    wanted = {"filepath", "amount", "is_on", "kind"}
    assert wanted <= {name.rpartition(".")[2] for name in names}, names
    assert sum(name.startswith("bpy.ops.mien_check.call(") for name in names) == 2, names


def presses(ui):
    """Two buttons of one operator are told apart and pressed"""
    words = ["right", "left"] * 5
    for word in words:
        yield from ui.press("mien_check.call", text=f'"{word}"')
    called = called_by(0)
    assert called == words, called


def toggles(ui):
    """A grey button does nothing; a check box makes it live"""
    assert not ui.is_enabled("mien_check.sleep")
    yield from ui.click((yield from ui.find(SIDEBAR, data_path="mien_check.is_on")))
    assert check().is_on
    assert ui.is_enabled("mien_check.sleep")


def fills(ui):
    """Text and number are typed into their fields"""
    yield from ui.fill("mien_check.amount", "12.5")
    assert abs(check().amount - 12.5) < 1e-6, check().amount
    yield from ui.fill("mien_check.amount", "-3")
    assert abs(check().amount + 3) < 1e-6, check().amount
    for text in (f"{ui.home}/Footage/Ein_Clip-01 (2).mp4", "/tmp/a+b.mp4"):
        yield from ui.fill("mien_check.filepath", text)
        assert check().filepath == text, check().filepath


def chooses(ui):
    """Items of a drop-down are chosen by keyboard"""
    for value in ("C3", "A1", "B2", "B2", "C3", "B2", "A1"):
        began = time.monotonic()
        yield from ui.choose("mien_check.kind", value)
        ui.note(f"{value}: {time.monotonic() - began:.2f} s")
        assert check().kind == value


def picks(ui):
    """Items of a menu are clicked"""
    menu = yield from ui.find(SIDEBAR, operator="mien_check.open")
    menu = menu._replace(y=menu.y - round(1.2 * ui.unit))
    yield from ui.pick(menu, "mien_check.call", SIDEBAR, text='"two"')
    assert called_by(0) == ["two"]


def asks_for_file(ui):
    """A file is picked in the file browser"""
    yield from ui.press("mien_check.open")
    yield from ui.until(lambda: ui.has_area("FILE_BROWSER"), 5, "file browser")
    yield from ui.screenshot("02-browser")
    yield from ui.pick_file(ui.inputs["clip"])
    assert called_by(0) == [ui.inputs["clip"]]


def opens_panels(ui):
    """Panels are opened, scrolled and closed"""
    yield from ui.open_panel("MIENCHECK_PT_long")
    yield from ui.screenshot("03-long")
    began = time.monotonic()
    yield from ui.fill("mien_check.low", "7")
    ui.note(f"found below the region's end in {time.monotonic() - began:.2f} s")
    assert check().low == 7
    yield from ui.open_panel("MIENCHECK_PT_last")
    yield from ui.press("mien_check.call", text="far down")
    assert called_by(0) == ["far down"]
    yield from ui.press("mien_check.call", text='"left"')
    assert called_by(0) == ["left"]
    yield from ui.open_panel("MIENCHECK_PT_last", closed=True)
    yield from ui.open_panel("MIENCHECK_PT_long", closed=True)
    assert ui.panel("MIENCHECK_PT_long").is_closed


def measures(ui):
    """A blocked window is measured"""
    with ui.latency() as calm:
        yield from ui.wait(1.0)
    with ui.latency() as drawing:
        for _ in range(20):
            ui.region(SIDEBAR).tag_redraw()
            yield 0.05
    with ui.latency() as blocked, ui.timed(MIENCHECK_OT_sleep, "execute") as sleeping:
        yield from ui.press("mien_check.sleep")
    gaps = {
        "calm": calm,
        "sidebar redrawn": drawing,
        "blocked": blocked,
        "of it the call": sleeping,
    }
    for name, measured in gaps.items():
        ui.note(f"worst gap, {name}: {measured.worst_s * 1e3:.0f} ms")
    assert len(sleeping.durations_s) == 1
    assert 0.3 <= sleeping.worst_s <= blocked.worst_s, (sleeping.worst_s, blocked.worst_s)


def reports(ui):
    """What operators report is read"""
    assert any("Called with left" in line for line in ui.reports()), ui.reports()
    ui.memory["colour"] = "blue"
    bpy.ops.wm.save_as_mainfile(filepath=str(ui.home / "scene.blend"))
    yield 0.1


def restarts(ui):
    """After a restart the file is open and the memory kept"""
    yield from ui.begin()
    assert bpy.data.filepath.endswith("scene.blend"), bpy.data.filepath
    assert ui.memory["colour"] == "blue"
    yield from ui.sidebar("Item")
    spots = yield from ui.scan(Place("VIEW_3D", "UI"))
    assert any(name.endswith("location") or "location[" in name for name in spots), spots
    yield from ui.screenshot("04-restarted")


STEPS = [
    start,
    scans,
    presses,
    toggles,
    fills,
    chooses,
    picks,
    asks_for_file,
    opens_panels,
    measures,
    reports,
    Restart("scene.blend"),
    restarts,
]
