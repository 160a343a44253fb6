"""What an artist does with the zip, in a bpy that has numpy and nothing else to import.

    python -I -S tests/extension/artist.py WORDS.json

The words: `site`, the folder with bpy and numpy; `do`, one of `install`, `enable` and `use`;
`answer`, the file that is written; and what these need. BLENDER_USER_RESOURCES must be set.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import time
from pathlib import Path

PACKAGE = "bl_ext.user_default.mien"
HEAVY = ("onnxruntime", "cv2", "torch", "tqdm")


def install(words: dict) -> dict:
    """Install the zip and enable it."""
    import bpy

    missing_before = [name for name in HEAVY if importlib.util.find_spec(name) is None]
    started = time.perf_counter()
    result = bpy.ops.extensions.package_install_files(
        filepath=words["zip"], repo="user_default", enable_on_install=True, overwrite=True
    )
    return {
        "result": sorted(result),
        "seconds": time.perf_counter() - started,
        "folder": str(Path(sys.modules[PACKAGE].__file__).parent),
        "extensions": bpy.utils.user_resource("EXTENSIONS"),
        "missing_before": missing_before,
    }


def enable(words: dict) -> dict:
    """Enable it as a start of Blender does: the wheels are unpacked already."""
    import bpy  # noqa: F401  (brings addon_utils)

    addon_utils = importlib.import_module("addon_utils")
    started = time.process_time()  # which a busy machine does not lengthen
    module = addon_utils.enable(PACKAGE, default_set=True)
    seconds = time.process_time() - started
    assert module is not None
    return {"seconds": seconds, "loaded": [name for name in HEAVY if name in sys.modules]}


def use(words: dict) -> dict:
    """Enable it, capture a clip, and disable it."""
    before = traces()
    enable(words)
    capture(words)
    paths = {name: importlib.import_module(name).__file__ for name in HEAVY if name != "torch"}
    importlib.import_module("addon_utils").disable(PACKAGE, default_set=True)
    after = traces()
    left = {kind: sorted(after[kind] ^ before[kind]) for kind in before}
    return {
        "paths": paths,
        "left": {**left, "timers": running_timers()},
        "traces": {kind: len(found) for kind, found in before.items()},
    }


def capture(words: dict) -> None:
    """Capture the clip with the installed engine, and save the landmarks."""
    import numpy as np

    pipeline = importlib.import_module(f"{PACKAGE}.core.pipeline")
    plan = pipeline.CapturePlan(footage=words["clip"], take_folder=Path(words["take"]))
    take = pipeline.capture(plan)
    np.save(words["landmarks"], take.faces[0].landmarks_px)


def traces() -> dict[str, set[str]]:
    """Return what an add-on can leave in Blender, by kind."""
    import bpy

    types = {name: getattr(bpy.types, name) for name in dir(bpy.types)}
    handlers = bpy.app.handlers
    keymaps = bpy.context.window_manager.keyconfigs
    return {
        "types": set(types),
        "properties": {
            f"{name}.{key}"
            for name, one in types.items()
            if hasattr(one, "bl_rna")
            for key in one.bl_rna.properties.keys()
        },
        # A menu that was ever added to keeps a list, with its own function in it.
        "menus": {
            f"{name}: {draw.__module__}.{draw.__qualname__}"
            for name, one in types.items()
            for draw in getattr(getattr(one, "draw", None), "_draw_funcs", ())
            if draw.__qualname__ != f"{name}.draw"
        },
        "operators": {f"{group}.{name}" for group in dir(bpy.ops) for name in _operators(group)},
        "handlers": {
            f"{name}: {one!r}"
            for name in dir(handlers)
            if isinstance(getattr(handlers, name), list)
            for one in getattr(handlers, name)
        },
        "keymaps": {
            f"{config.name} {keymap.name} {item.idname} {item.type}"
            for config in keymaps
            for keymap in config.keymaps
            for item in keymap.keymap_items
        },
        "paths": set(sys.path) - {_wheels_folder()},
    }


def running_timers() -> list[str]:
    """Return the functions of ours that still run on a timer."""
    import bpy

    return [
        f"{module_name}.{name}"
        for module_name, module in list(sys.modules.items())
        if module_name.startswith(PACKAGE) and module is not None
        for name, one in vars(module).items()
        if callable(one) and bpy.app.timers.is_registered(one)
    ]


def _operators(group: str) -> list[str]:
    """Return the operators of a group."""
    import bpy

    return dir(getattr(bpy.ops, group))


def _wheels_folder() -> str:
    """Return where Blender unpacks wheels: it adds the folder itself."""
    import bpy

    version = "python{}.{}".format(*sys.version_info)
    return str(Path(bpy.utils.user_resource("EXTENSIONS"), ".local/lib", version, "site-packages"))


if __name__ == "__main__":
    what = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.path.append(what["site"])
    answer = {"install": install, "enable": enable, "use": use}[what["do"]](what)
    Path(what["answer"]).write_text(json.dumps(answer), encoding="utf-8")
