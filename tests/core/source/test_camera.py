"""Live footage, with a stand-in in the camera's place."""

import inspect
import threading
import time

import cv2
import numpy as np
import pytest

from mien.core.errors import ArgumentError, CannotDecode, CannotOpen
from mien.core.settings import SourceSettings
from mien.core.source import open_source
from mien.core.source.camera import Camera, is_live_address, shown_address


class StandInCamera:
    """Gives frames whose blue level is their number, as fast as they are asked for."""

    def __init__(self, *, n_frames, is_open=True, n_asleep=0, rate_hz=30.0, gate=None):
        self.n_left = n_frames
        self.n_given = 0
        self.n_asleep = n_asleep
        self.is_open = is_open
        self.rate_hz = rate_hz
        self.gate = gate
        self.n_releases = 0

    def isOpened(self):
        return self.is_open

    def read(self):
        if self.gate is not None and self.n_given:
            self.gate.acquire()
        if self.n_asleep:
            self.n_asleep -= 1
            return False, None
        if not self.n_left:
            return False, None
        self.n_left -= 1
        self.n_given += 1
        return True, np.full((4, 6, 3), (self.n_given - 1, 0, 0), np.uint8)

    def get(self, name):
        assert name == cv2.CAP_PROP_FPS
        return self.rate_hz

    def release(self):
        self.n_releases += 1


def open_stand_in(camera, *, address="camera:0", step_s=0.04, **settings):
    now = iter(100.0 + step_s * np.arange(10_000))
    return Camera(
        address,
        SourceSettings(**settings),
        open_capture=lambda _: camera,
        clock=lambda: float(next(now)),
    )


def test_times_come_from_the_clock_and_start_at_zero():
    gate = threading.Semaphore(0)
    camera = StandInCamera(n_frames=5, gate=gate)
    with open_stand_in(camera) as source:
        frames = source.frames()
        taken = []
        for _ in range(4):
            gate.release()
            taken.append(next(frames))
        gate.release()
        assert list(frames) == []
    assert [frame.index for frame in taken] == [0, 1, 2, 3]
    np.testing.assert_allclose([f.time_s for f in taken], [0.0, 0.04, 0.08, 0.12], atol=1e-9)
    assert [frame.image[0, 0].tolist() for frame in taken] == [[0, 0, k] for k in (1, 2, 3, 4)]
    assert source.footage.kind == "camera"
    assert source.footage.size == (4, 6)
    assert source.footage.n_frames is None


def test_a_camera_has_no_files_and_its_own_rate():
    with open_stand_in(StandInCamera(n_frames=1)) as source:
        assert source.files == ()
    address = "rtsp://anna:secret@10.0.0.7/live"
    with pytest.raises(
        ArgumentError, match=r"^rate must be left out for 'rtsp://10\.0\.0\.7/live'"
    ):
        open_source(address, SourceSettings(rate_hz=12.0))


def test_a_slow_consumer_gets_the_newest_frame():
    gate = threading.Semaphore(0)
    camera = StandInCamera(n_frames=40, gate=gate)
    with open_stand_in(camera) as source:
        frames = source.frames()
        gate.release()
        assert next(frames).index == 0
        gate.release(30)
        while gate._value or camera.n_given < 32:
            threading.Event().wait(0.001)
        threading.Event().wait(0.02)
        assert next(frames).index == 30
        gate.release(100)


def test_the_range_ends_a_live_capture():
    with open_stand_in(StandInCamera(n_frames=1000), end_s=0.2) as source:
        frames = list(source.frames())
    assert frames[-1].time_s < 0.2
    assert source.warnings == ()


def test_frames_before_the_start_are_left_out():
    with open_stand_in(StandInCamera(n_frames=1000), start_s=0.4, end_s=0.8) as source:
        assert next(source.frames()).time_s >= 0.4


def test_a_camera_that_goes_says_so_and_keeps_what_came():
    with open_stand_in(StandInCamera(n_frames=6)) as source:
        assert len(list(source.frames())) >= 1
    assert source.warnings == ("Camera 'camera:0' stopped after 0.16 s: it gave no more.",)


def test_a_camera_may_wake_up_slowly():
    with open_stand_in(StandInCamera(n_frames=3, n_asleep=5)) as source:
        assert source.footage.size == (4, 6)


def test_a_missing_camera_is_an_error_that_helps():
    camera = StandInCamera(n_frames=0, is_open=False)
    with pytest.raises(CannotOpen) as caught:
        open_stand_in(camera, address="camera:3")
    assert str(caught.value) == (
        "Camera 'camera:3' cannot be opened. Check that it is plugged in and that no other "
        "program uses it, or try another number, such as 'camera:1'."
    )
    assert camera.n_releases == 1


def test_a_camera_that_gives_nothing_is_an_error():
    with pytest.raises(CannotDecode, match=r"^Camera 'camera:0' opened, but gave no frame\."):
        open_stand_in(StandInCamera(n_frames=0))


def test_a_camera_that_gives_only_its_first_frame_is_an_error():
    with (
        open_stand_in(StandInCamera(n_frames=1)) as source,
        pytest.raises(CannotDecode, match=r"gave no frame\. Check"),
    ):
        list(source.frames())


def test_the_camera_is_freed_when_its_source_is_left():
    camera = StandInCamera(n_frames=1000)
    with open_stand_in(camera) as source:
        next(source.frames())
        assert camera.n_releases == 0
    assert camera.n_releases == 1
    assert not any(thread.name == "mien-source" for thread in threading.enumerate())


@pytest.mark.parametrize(("claimed", "kept"), [(25.0, 25.0), (0.0, 30.0), (float("nan"), 30.0)])
def test_a_camera_without_a_rate_gets_a_usual_one(claimed, kept):
    with open_stand_in(StandInCamera(n_frames=1, rate_hz=claimed)) as source:
        assert source.footage.rate_hz == kept


def test_a_password_is_shown_nowhere():
    address = "rtsp://anna:secret@10.0.0.7/live"
    with open_stand_in(StandInCamera(n_frames=1), address=address) as source:
        assert source.footage.path == "rtsp://10.0.0.7/live"
    with pytest.raises(CannotOpen, match=r"'rtsp://10\.0\.0\.7/live' cannot be opened\. Check"):
        open_stand_in(StandInCamera(n_frames=0, is_open=False), address=address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://me:pa/ss@h/x", "rtsp://h/x"),
        ("rtsp://me:p@ss@h:554/x", "rtsp://h:554/x"),
        ("rtsp://me:p@s/s@h/x", "rtsp://h/x"),
        ("rtsp://me@h/x", "rtsp://h/x"),
        ("http://h:8080/x", "http://h:8080/x"),
        ("http://h/@channel/live", "http://h/@channel/live"),
        ("rtsp://[::1]:554/@x", "rtsp://[::1]:554/@x"),
    ],
)
def test_whatever_may_be_a_password_is_left_out_of_an_address(address, shown):
    assert shown_address(address) == shown


def test_an_apostrophe_does_not_end_an_address():
    with open_stand_in(StandInCamera(n_frames=1), address="rtsp://h/anna's cam") as source:
        assert source.footage.path == "rtsp://h/anna's cam"


def test_frames_within_one_tick_of_the_clock_are_dropped():
    ticks = iter([7.0, 7.0, 7.0, 7.5, 7.5, 8.0, 8.5])
    with Camera(
        "camera:0",
        SourceSettings(),
        open_capture=lambda _: StandInCamera(n_frames=7),
        clock=lambda: next(ticks),
    ) as source:
        frames = list(source.decode(threading.Event()))
    assert [(frame.index, frame.time_s) for frame in frames] == [(0, 0.0), (3, 0.5), (5, 1.0)]


def test_the_clock_is_finer_than_any_cameras_rate():
    assert inspect.signature(Camera).parameters["clock"].default is time.perf_counter


@pytest.mark.parametrize("address", ["camera:", "camera:one", "camera:-1", "camera:²"])
def test_a_camera_needs_a_number(address):
    with pytest.raises(CannotOpen, match=f"^Camera '{address}' is not known. Write 'camera:' and"):
        open_source(address, SourceSettings())


def test_no_camera_here_is_an_error():
    with pytest.raises(CannotOpen, match="Camera 'camera:97' cannot be opened"):
        open_source("camera:97", SourceSettings())


def test_a_stream_that_does_not_answer_is_an_error():
    with pytest.raises(CannotOpen, match=r"Stream 'http://127\.0\.0\.1:9/live' cannot be opened"):
        open_source("http://127.0.0.1:9/live", SourceSettings())


@pytest.mark.parametrize(
    ("path", "is_live"),
    [
        ("camera:0", True), ("rtsp://host/live", True), ("HTTP://host/a.mp4", True),
        ("C:/clips/a.mp4", False), ("C:\\clips\\a.mp4", False), ("clips/camera.mp4", False),
        ("take:1.mp4", False),
    ],
)  # fmt: skip
def test_addresses_are_told_from_files(path, is_live):
    assert is_live_address(path) is is_live
