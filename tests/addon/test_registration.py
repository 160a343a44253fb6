"""The add-on comes and goes without a trace."""

from __future__ import annotations

import subprocess
import sys

import bpy
import pytest

import mien


def test_register_and_unregister_leave_no_trace():
    before = set(dir(bpy.types))
    for _ in range(2):
        mien.register()
        mien.unregister()
    assert set(dir(bpy.types)) == before


def test_blender_gets_the_command_and_loses_it():
    from mien.addon import cli_command

    mien.register()
    try:
        assert len(cli_command._handles) == hasattr(bpy.utils, "register_cli_command")
    finally:
        mien.unregister()
    assert cli_command._handles == []


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs a Python of its own")
def test_the_add_on_can_be_imported_without_blender():
    lines = "import sys; sys.modules['bpy'] = None; import mien.addon, mien.addon.scene_process"
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=60)


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs a Python of its own")
def test_registering_prints_nothing_on_stderr():
    # The module of Blender 4.2 crashes at its end where any property has had a callback.
    end = "sys.stderr.flush(); os._exit(0)"
    lines = f"import bpy, os, sys, mien; mien.register(); mien.unregister(); mien.register(); {end}"
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""


def test_lists_that_another_extension_has_emptied_do_not_keep_mien_enabled():
    from bpy.app import handlers

    mien.register()
    lists = [handlers.save_pre, handlers.load_post, handlers.load_pre]
    kept = [list(one) for one in lists]
    for one in lists:
        one.clear()
    mien.unregister()
    for one, functions in zip(lists, kept, strict=True):
        one.extend(f for f in functions if not f.__module__.startswith("mien."))
