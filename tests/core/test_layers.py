"""The laws of the layout."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "core"
STAGES = (
    "source", "detect", "track", "landmarks", "geometry",
    "smooth", "mesh", "animate", "export", "takes",
)  # fmt: skip
# Those that build, train and measure may load heavy libraries; the extension never imports them.
BUILDERS = ("networks", "convert", "training")

PROBE = f"""
import sys, importlib, pkgutil
sys.modules.update(dict.fromkeys(("bpy", "bmesh", "mathutils", "gpu"), None))  # importing raises
import mien.core as core
for module in pkgutil.walk_packages(core.__path__, core.__name__ + "."):
    if module.name.split(".")[2] not in {BUILDERS!r}:
        importlib.import_module(module.name)
heavy = ("mien.addon", "torch", "onnxruntime", "onnx", "cv2", "tqdm", "mediapipe", "skimage")
print([m for m in sys.modules if m.startswith(heavy) and sys.modules[m] is not None])
"""


def test_importing_core_loads_neither_blender_nor_a_heavy_library():
    probe = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=False
    )
    assert probe.returncode == 0, probe.stderr
    assert probe.stdout.strip() == "[]"


def _imports(path: Path) -> list[tuple[str, ...]]:
    """Return what a module imports, as module paths from core's root, relative ones resolved."""
    package = path.relative_to(CORE).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] if node.level > 1 else package
            if node.module:
                found.append((*base, *node.module.split(".")))
            else:
                found += [(*base, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(tuple((node.module or "").split(".")))
        elif isinstance(node, ast.Import):
            found += [tuple(name.name.split(".")) for name in node.names]
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage):
    allowed = {
        stage, "records", "errors", "arrays", "spaces", "settings", "inference", "version",
        "progress", "local_lines",
    }  # fmt: skip
    modules = sorted((CORE / stage).rglob("*.py"))
    assert modules, f"stage {stage} is empty"
    own_rooms = {path.stem for path in CORE.glob("*.py")} | {
        path.name for path in CORE.iterdir() if path.is_dir()
    }
    for path in modules:
        rooms = {names[0] for names in _imports(path) if names and names[0] in own_rooms}
        assert rooms <= allowed, f"{path.relative_to(CORE)} imports {sorted(rooms - allowed)}"


def test_core_never_names_blender_in_an_import():
    for path in CORE.rglob("*.py"):
        roots = {names[0] for names in _imports(path)}
        assert not roots & {"bpy", "bmesh", "mathutils", "gpu", "addon"}, path
