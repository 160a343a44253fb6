"""Names, tooltips and icons: each is there, and written as Blender writes its own."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import mien

ADDON = Path(mien.__file__).parent / "addon"
ICONS = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
SMALL_WORDS = set("a an and as at by for from in of on or the to with".split())
BOOKKEEPING = {"MIEN_PG_take", "MIEN_PG_built_face"}
"""Lists that Mien keeps for itself; what the panel shows of them it names itself."""
CHOSEN_IN_THE_FILE_BROWSER = {"filepath", "directory", "filename"}
"""Blender's file browser fills these in, and shows neither their names nor their tooltips."""
GROUPS = ("POINTER", "COLLECTION")


@pytest.fixture(scope="module", autouse=True)
def registered():
    mien.register()
    yield
    mien.unregister()


def test_every_icon_exists_in_this_blender():
    found = {(path.name, icon) for path in sorted(ADDON.rglob("*.py")) for icon in icons_in(path)}
    assert len(found) > 20
    assert {one for one in found if one[1] not in ICONS} == set()


def test_icons_are_found_behind_conditions_and_names(tmp_path):
    path = tmp_path / "panel.py"
    path.write_text(
        "def draw(layout, text, icon='E'):\n"
        "    symbol = 'A' if text == 'no icon' else 'B'\n"
        "    layout.label(text='no icon', icon=symbol)\n"
        "    layout.label(icon='C' if text else 'D')\n"
        "    layout.label(icon=icon)\n"
    )
    assert set(icons_in(path)) == set("ABCDE")
    path.write_text("def draw(layout):\n    layout.label(icon=name_of())\n")
    with pytest.raises(AssertionError, match="cannot be followed"):
        set(icons_in(path))


def icons_in(path: Path) -> Iterator[str]:
    """The icons that a module's syntax tree names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        named: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    named.setdefault(ast.unparse(target), []).append(node.value)
        taken = function.args
        with_default = (taken.posonlyargs + taken.args)[-len(taken.defaults) :]
        for name, value in [
            *zip(with_default, taken.defaults, strict=False),
            *zip(taken.kwonlyargs, taken.kw_defaults, strict=True),
        ]:
            named.setdefault(name.arg, []).extend([value] if value is not None else [])
        is_taken = {one.arg for one in taken.posonlyargs + taken.args + taken.kwonlyargs}
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "icon":
                        yield from texts_of(keyword.value, named, is_taken)


def texts_of(node: ast.expr, named: dict[str, list[ast.expr]], is_taken: set[str]) -> Iterator[str]:
    """The texts that an expression can be; who calls a function names what it takes."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.IfExp):
        for value in (node.body, node.orelse):
            yield from texts_of(value, named, is_taken)
    else:
        name = ast.unparse(node)
        assert name in named or name in is_taken, f"icon={name} cannot be followed"
        for value in named.get(name, ()):
            yield from texts_of(value, named, is_taken)


def classes_of(base: type) -> list[type]:
    return [
        one
        for one in base.__subclasses__()
        if one.__module__.startswith("mien.addon.") and one.is_registered
    ]


def shown_properties() -> Iterator[tuple[str, bpy.types.Property, bool]]:
    """Each property that an artist can meet, by class.name; and whether its tooltip is code."""
    for kind in (bpy.types.PropertyGroup, bpy.types.AddonPreferences, bpy.types.Operator):
        for one in classes_of(kind):
            is_operator = kind is bpy.types.Operator
            rna = rna_of_operator(one) if is_operator else one.bl_rna
            for name in inspect.get_annotations(one):
                if name not in rna.properties or one.__name__ in BOOKKEEPING:
                    continue
                entry = rna.properties[name]
                is_group = entry.type in GROUPS and is_own(entry.fixed_type)
                is_of_browser = is_operator and name in CHOSEN_IN_THE_FILE_BROWSER
                is_counter = name == "file_version"
                if not (entry.is_hidden or is_group or is_of_browser or is_counter):
                    yield f"{one.__name__}.{name}", entry, hasattr(one, "description")


def rna_of_operator(operator: type) -> bpy.types.Struct:
    module, _, name = operator.bl_idname.partition(".")
    return getattr(getattr(bpy.ops, module), name).get_rna_type()


def is_own(rna: bpy.types.Struct) -> bool:
    return rna.identifier.startswith("MIEN_")


def tooltip_fault(text: str, *, is_empty_allowed: bool = False) -> str:
    """Say what is wrong with a tooltip: Blender adds the full stop itself."""
    if not text:
        return "" if is_empty_allowed else "is empty"
    if text.endswith("."):
        return "ends with a full stop"
    return "" if not text[0].islower() else "begins with a small letter"


def name_fault(text: str) -> str:
    """Say what is wrong with a name, which is to be in title case."""
    if not text:
        return "is empty"
    for number, word in enumerate(text.split()):
        # '3D', '.blend' and 'glTF' are as they are.
        is_small = word.isalpha() and word == word.lower()
        if is_small and (number == 0 or word not in SMALL_WORDS):
            return f"has a small '{word}'"
    return ""


def test_every_property_has_a_name_and_a_tooltip():
    faults, n_seen = {}, 0
    for place, entry, has_code in shown_properties():
        n_seen += 1
        faults[f"{place}: name"] = name_fault(entry.name)
        faults[f"{place}: tooltip"] = tooltip_fault(entry.description, is_empty_allowed=has_code)
        if entry.type == "ENUM":
            for item in entry.enum_items:
                faults[f"{place}: {item.identifier}: name"] = name_fault(item.name)
                faults[f"{place}: {item.identifier}: tooltip"] = tooltip_fault(item.description)
    assert n_seen > 40
    assert {place: fault for place, fault in faults.items() if fault} == {}


def test_every_operator_has_a_label_and_a_tooltip():
    faults = {}
    operators = classes_of(bpy.types.Operator)
    assert len(operators) > 10
    for one in operators:
        rna = rna_of_operator(one)
        faults[f"{one.__name__}: label"] = name_fault(rna.name)
        faults[f"{one.__name__}: tooltip"] = tooltip_fault(rna.description)
    for one in classes_of(bpy.types.Panel) + classes_of(bpy.types.Menu):
        faults[f"{one.__name__}: label"] = name_fault(one.bl_label)
        faults[f"{one.__name__}: tooltip"] = tooltip_fault(one.__doc__)
    assert {place: fault for place, fault in faults.items() if fault} == {}


def test_buttons_are_written_as_blender_writes_them():
    """Texts of buttons and settings in the panels; what is only read is a sentence."""
    faults = {}
    for path in sorted(ADDON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.attr if is_method(node) else ""
            if name not in {"prop", "operator", "menu"}:
                continue
            for keyword in node.keywords:
                if keyword.arg == "text" and isinstance(keyword.value, ast.Constant):
                    text = keyword.value.value
                    faults[f"{path.name}:{node.lineno}"] = name_fault(text) if text else ""
    assert len(faults) > 8
    assert {place: fault for place, fault in faults.items() if fault} == {}


def is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("Takes Beside the .blend", True),
        ("glTF Binary", True),
        ("3D Cursor", True),
        ("Image rate", False),
        ("the Camera", False),
        ("", False),
    ],
)
def test_names_in_title_case_are_told_from_others(text, is_right):
    assert (name_fault(text) == "") == is_right


def test_tooltips_that_end_with_a_full_stop_are_told():
    assert tooltip_fault("Draw the mesh") == ""
    assert tooltip_fault("Draw the mesh.") and tooltip_fault("") and tooltip_fault("draw")
