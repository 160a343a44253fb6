"""Looks at footage, by the timer's own function: without a window no timer runs."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

import mien
from mien.addon import footage
from mien.core.errors import CannotOpen
from mien.core.source.image_file import IMAGE_SUFFIXES

STREAM = "rtsp://example.invalid/face"


@pytest.fixture
def state(monkeypatch):
    """Mien as in a window, with nothing known of any footage."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    mien.register()
    monkeypatch.setattr(footage, "_has_window", lambda: True)
    yield footage._STATE
    mien.unregister()


@pytest.fixture
def opened(monkeypatch):
    """The addresses that were opened, instead of opening them."""
    found = []

    def look(address, settings, *, longest_px):
        found.append(address)
        raise CannotOpen(f"'{address}' is not there.")

    monkeypatch.setattr("mien.core.source.look_at_footage", look)
    return found


@pytest.fixture
def images(tmp_path) -> str:
    """The first of six numbered images."""
    picture = bpy.data.images.new("picture", 32, 18)
    picture.file_format = "PNG"
    for number in range(1, 7):
        picture.filepath_raw = str(tmp_path / f"shot_{number:04}.png")
        picture.save()
    return str(tmp_path / "shot_0001.png")


def wait():
    """Let the timer tick until it ends."""
    ends = time.monotonic() + 20.0
    while footage._tick() is not None:
        assert time.monotonic() < ends, "a look does not end"
        time.sleep(0.005)


@pytest.mark.parametrize("address", [STREAM, "http://127.0.0.1:9/face.mjpg", "camera:0"])
def test_what_is_live_is_never_opened(state, opened, address):
    for ask in (footage.want_look, footage.notice):
        ask(address)
        wait()
        assert not opened and not footage.is_looking_at(address)
        assert footage.look_of(address) is None and not footage.error_of(address)
    assert not footage._is_unknown(address)


def test_a_file_whose_footage_is_live_opens_nothing(state, opened, tmp_path):
    source = bpy.context.scene.mien.source
    source.filepath = STREAM
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "live.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "live.blend"))
    wait()
    source = bpy.context.scene.mien.source
    assert source.address == STREAM and not opened


def test_a_look_that_is_due_is_given_up_when_something_live_is_chosen(state, opened):
    source = bpy.context.scene.mien.source
    source.filepath = "/footage/clip.mp4"
    assert footage.is_looking_at("/footage/clip.mp4")
    source.kind = "CAMERA"
    wait()
    assert not opened


def test_only_the_last_choice_is_looked_at_and_its_error_is_its_own(state, opened):
    for name in ("/a.mp4", "/b.mp4", "/c.mp4"):
        footage.want_look(name)
    wait()
    assert opened == ["/c.mp4"]
    assert footage.error_of("/c.mp4") == "'/c.mp4' is not there." and not footage.error_of("/a.mp4")


def test_without_a_window_nothing_is_looked_at(state, monkeypatch):
    monkeypatch.setattr(footage, "_has_window", lambda: False)
    footage.want_look("/a.mp4")
    footage.notice("/a.mp4")
    assert not state.due and not state.noticed and not bpy.app.timers.is_registered(footage._tick)


def test_images_are_shown_at_their_rate_without_a_second_look(state, images):
    assert footage.may_be_images(images)
    footage.want_look(images)
    wait()
    for rate_hz in (24.0, 12.0):
        look = footage.look_of(images, rate_hz=rate_hz)
        assert look.footage.rate_hz == rate_hz and look.duration_s == 6 / rate_hz
    assert footage.icon_of(images) == state.icons["footage 1"].icon_id


def test_what_a_panel_draws_and_nobody_knows_is_looked_at_once(state, images):
    footage.notice(images)
    assert state.noticed == images and not state.due, "drawing only notes"
    wait()
    assert footage.look_of(images)
    footage.notice(images)
    assert not state.noticed


def test_footage_that_was_mended_is_looked_at_again(state, images, monkeypatch):
    Path(images).rename(images + ".away")
    lost = str(Path(images).with_name("clip.mp4"))
    footage.notice(lost)
    wait()
    assert "clip.mp4" in footage.error_of(lost)
    footage.notice(lost)
    assert not state.noticed, "not at every redraw"
    Path(images + ".away").rename(lost)
    monkeypatch.setattr(footage, "_RETRY_S", 0.0)
    footage.notice(lost)
    assert state.noticed == lost and footage.error_of(lost), "the error stays until then"


def test_two_windows_do_not_take_looks_from_each_other(state, images):
    second = str(Path(images).with_name("shot_0002.png"))
    for address in (images, second, images):
        footage.notice(address)
        wait()
    assert footage.look_of(images) and footage.look_of(second) and state.n_icons == 2


def test_old_looks_and_their_icons_are_forgotten(state, images, monkeypatch):
    monkeypatch.setattr(footage, "_N_FOUND", 2)
    for number in range(1, 5):
        footage.want_look(str(Path(images).with_name(f"shot_{number:04}.png")))
        wait()
    assert len(state.found) == len(state.icons) == 2 and footage.look_of(images) is None


def test_images_are_told_by_the_names_that_core_reads():
    assert footage.IMAGE_SUFFIXES == IMAGE_SUFFIXES
    assert footage.may_be_images("/shot/a_####.PNG") and not footage.may_be_images("/shot/a.mp4")


def test_a_camera_has_no_range(state):
    source = bpy.context.scene.mien.source
    source.use_range, source.start_s, source.end_s = True, 2.0, 4.0
    assert source.to_settings(is_images=False).start_s == 2.0
    source.kind = "CAMERA"
    settings = source.to_settings(is_images=False)
    assert settings.start_s is None and settings.end_s is None


def test_a_linked_clip_is_found_from_its_own_file(state, images, tmp_path):
    source = bpy.context.scene.mien.source
    clip = bpy.data.movieclips.load(images)
    clip.filepath, clip.use_fake_user = "//shot_0001.png", True
    (tmp_path / "elsewhere").mkdir()
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {clip})
    bpy.data.movieclips.remove(clip)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "elsewhere" / "shot.blend"))
    source = bpy.context.scene.mien.source
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (there, here):
        here.movieclips = there.movieclips[:1]
    source.kind, source.clip = "CLIP", here.movieclips[0]
    assert Path(source.address).resolve() == Path(images).resolve()
