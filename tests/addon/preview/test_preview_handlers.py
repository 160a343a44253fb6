"""The preview comes and goes without a trace, asks once, and fails once."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace

import bpy
import pytest

from mien.addon.preview import handlers
from mien.addon.solved import SOLVED
from mien.core.settings import SmoothSettings


@pytest.fixture(autouse=True)
def fresh_state():
    yield
    handlers.remove_handlers()
    SOLVED.close()


def test_without_a_window_nothing_is_registered():
    before = list(bpy.app.handlers.load_post)
    handlers.register()
    assert handlers._STATE.handles == []
    assert list(bpy.app.handlers.load_post) == before
    handlers.unregister()


def test_handlers_leave_nothing_behind():
    before = list(bpy.app.handlers.load_post)
    for _ in range(2):
        handlers.add_handlers()
        handles = list(handlers._STATE.handles)
        assert len(handles) == 4
        handlers._start_timer()
        handlers.remove_handlers()
        for space, handle in handles:
            with pytest.raises(ValueError):
                space.draw_handler_remove(handle, "WINDOW")
        assert list(bpy.app.handlers.load_post) == before
        assert not bpy.app.timers.is_registered(handlers._tick)


def test_opening_a_file_keeps_the_handlers_and_forgets_failures():
    handlers.add_handlers()
    handlers._STATE.broken.append([])
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert handlers._forget in list(bpy.app.handlers.load_post)
    assert handlers._STATE.broken == []


def test_what_fails_is_logged_once_and_left_out(performance, caplog):
    faces, calls = [performance()], []

    def draw():
        calls.append(1)
        raise RuntimeError("no such shader")

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            handlers._guarded(faces, draw)
    assert len(calls) == len(caplog.records) == 1
    assert "no such shader" in caplog.text
    handlers._guarded([performance()], lambda: calls.append(2))  # another take is drawn still
    assert calls == [1, 2]


def test_the_graph_is_computed_by_the_timer(performance):
    faces = [performance()]
    handlers._STATE.unprepared = faces
    assert not handlers._strip().has(faces)
    ends = time.monotonic() + 5.0
    while handlers._tick() is not None and time.monotonic() < ends:
        time.sleep(0.01)
    assert handlers._strip().has(faces)


def test_a_take_that_cannot_be_read_is_left_alone_for_a_while(monkeypatch, tmp_path):
    folder = str(tmp_path / "gone.take")
    monkeypatch.setattr(handlers, "active_take_folder", lambda scene: folder)
    smoothing = SimpleNamespace(to_settings=SmoothSettings)
    scene = SimpleNamespace(name="Scene", mien=SimpleNamespace(smoothing=smoothing))
    monkeypatch.setattr(
        handlers,
        "bpy",
        SimpleNamespace(
            app=bpy.app,
            context=bpy.context,
            data=SimpleNamespace(scenes={"Scene": scene}, window_managers=[]),
        ),
    )
    context = SimpleNamespace(scene=scene)
    assert handlers._faces_of(context) == []
    assert handlers._STATE.wanted == (folder, "Scene")
    for _ in range(200):
        if handlers._tick() is None:
            break
        SOLVED._wanted[1].join(1.0)
    assert handlers._STATE.wanted is None
    handlers._faces_of(context)
    assert handlers._STATE.wanted is None  # not asked for on every redraw
