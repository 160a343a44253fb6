"""Video files, against the containers' own bytes and against what was drawn into the frames."""

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.arrays import as_stored, in_order
from mien.core.errors import ArgumentError, CannotDecode, CannotOpen
from mien.core.settings import SourceSettings
from mien.core.source import open_source
from mien.core.source.container import container_facts
from mien.core.source.video_file import VideoFile

DATA = Path(os.environ.get("MIEN_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
RATE_HZ = 25.0


def write_video(path, *, n_frames=10, size=(48, 64), codec="mp4v", level_step=20):
    """Write frames whose grey level tells their number."""
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), RATE_HZ, size[::-1]
    )
    assert writer.isOpened()
    for index in range(n_frames):
        writer.write(np.full((*size, 3), index * level_step % 256, np.uint8))
    writer.release()
    return path


def read_all(path, **settings):
    with open_source(str(path), SourceSettings(**settings)) as source:
        frames = list(source.frames())
        return source.footage, frames, source.warnings


def level(frame):
    return round(float(frame.image.mean()) / 20)


def test_every_frame_comes_once_in_order_with_its_time(tmp_path):
    footage, frames, warnings = read_all(write_video(tmp_path / "a.mp4"))
    assert [level(frame) for frame in frames] == list(range(10))
    assert [frame.index for frame in frames] == list(range(10))
    np.testing.assert_allclose([f.time_s for f in frames], np.arange(10) / RATE_HZ, atol=1e-9)
    assert (footage.kind, footage.size, footage.rate_hz) == ("video", (48, 64), RATE_HZ)
    assert footage.n_frames == 10
    assert warnings == ()
    assert all(f.image.dtype == np.uint8 and f.image.shape == (48, 64, 3) for f in frames)


def test_a_video_has_one_file_and_its_own_rate(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    with open_source(str(path), SourceSettings()) as source:
        assert source.files == (path,)
    with pytest.raises(ArgumentError, match=r"^rate must be left out for 'a\.mp4', .* got 12 Hz"):
        open_source(str(path), SourceSettings(rate_hz=12.0))


def test_colours_are_red_green_blue(tmp_path):
    path = tmp_path / "red.avi"
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48)
    )
    writer.write(np.full((48, 64, 3), (0, 0, 250), np.uint8))
    writer.release()
    _, frames, _ = read_all(path)
    red, green, blue = frames[0].image.reshape(-1, 3).mean(0)
    assert red > 230 and green < 20 and blue < 20


def test_a_range_keeps_the_numbers_and_times_of_the_whole_footage(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    _, frames, warnings = read_all(path, start_s=0.12, end_s=0.28)
    assert [frame.index for frame in frames] == [3, 4, 5, 6]
    assert [level(frame) for frame in frames] == [3, 4, 5, 6]
    np.testing.assert_allclose([f.time_s for f in frames], [0.12, 0.16, 0.20, 0.24], atol=1e-9)
    assert warnings == ()


def test_frames_can_be_read_twice(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    with open_source(str(path), SourceSettings()) as source:
        first = [f.image for f in source.frames()]
        second = [f.image for f in source.frames()]
    assert len(first) == 10
    np.testing.assert_array_equal(first, second)


def patch_stts(path, durations):
    """Give each frame its own duration, in the track's clock, where all had the same."""
    data = bytearray(path.read_bytes())
    place = data.index(b"stts") - 4
    old_length = int.from_bytes(data[place : place + 4], "big")
    entries = b"".join(struct.pack(">II", 1, duration) for duration in durations)
    body = b"stts" + struct.pack(">II", 0, len(durations)) + entries
    new = struct.pack(">I", len(body) + 4) + body
    data[place : place + old_length] = new
    edits = data.index(b"edts")  # they would end the track where it ended before
    data[edits : edits + 4] = b"free"
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):  # the boxes around it grow too
        at = data.index(name) - 4
        grown = int.from_bytes(data[at : at + 4], "big") + len(new) - old_length
        data[at : at + 4] = struct.pack(">I", grown)
    at = data.index(b"mdhd")
    clock_hz = int.from_bytes(data[at + 16 : at + 20], "big")
    path.write_bytes(data)
    return clock_hz


def test_a_variable_rate_is_kept(tmp_path):
    path = write_video(tmp_path / "variable.mp4", n_frames=6)
    durations = [512, 1024, 256, 4096, 512, 512]
    clock_hz = patch_stts(path, durations)
    _, frames, warnings = read_all(path)
    expected = np.cumsum([0, *durations[:-1]]) / clock_hz
    np.testing.assert_allclose([f.time_s for f in frames], expected, atol=1e-9)
    assert warnings == ()


def test_dropped_frames_do_not_lower_the_nominal_rate(tmp_path):
    path = write_video(tmp_path / "dropped.mp4", n_frames=14)
    durations = [512] * 14
    durations[4] = durations[9] = 5120
    clock_hz = patch_stts(path, durations)
    footage, _, _ = read_all(path)
    assert footage.rate_hz == pytest.approx(clock_hz / 512)


def test_an_animated_gif_keeps_its_delays(tmp_path):
    path = tmp_path / "a.gif"
    images = [Image.new("RGB", (32, 24), (40 * k, 0, 0)) for k in range(5)]
    delays = [80, 30, 200, 50, 60]
    images[0].save(path, save_all=True, append_images=images[1:], duration=delays, loop=0)
    footage, frames, warnings = read_all(path)
    expected = np.cumsum([0, *delays[:-1]]) / 1000
    np.testing.assert_allclose([f.time_s for f in frames], expected, atol=1e-9)
    assert footage.kind == "video"
    assert warnings == ()


# (a, b, c, d): x' = a·x + c·y, y' = b·x + d·y, with y down (ISO/IEC 14496-12, 8.3.2).
@pytest.mark.parametrize(
    ("matrix", "size", "corner"),
    [
        ((1, 0, 0, 1), (48, 64), (0, 0)),
        ((0, 1, -1, 0), (64, 48), (0, 1)),
        ((-1, 0, 0, -1), (48, 64), (1, 1)),
        ((0, -1, 1, 0), (64, 48), (1, 0)),
    ],
)
def test_the_containers_rotation_is_obeyed(tmp_path, matrix, size, corner):
    path = tmp_path / "turned.mp4"
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48)
    )
    image = np.zeros((48, 64, 3), np.uint8)
    image[:16, :16] = 255  # the top left, before the turn
    for _ in range(3):
        writer.write(image)
    writer.release()
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 65536 for value in matrix)
    # The translation brings the turned image back to positive coordinates.
    x = -min(0, a * 64, c * 48, a * 64 + c * 48)
    y = -min(0, b * 64, d * 48, b * 64 + d * 48)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, x, y, 1 << 30)
    path.write_bytes(data)
    footage, frames, _ = read_all(path)
    assert footage.size == size == frames[0].image.shape[:2]
    assert container_facts(path).n_quarter_turns == [(0, 0), (0, 1), (1, 1), (1, 0)].index(corner)
    height, width = size
    row = slice(height - 16, None) if corner[0] else slice(0, 16)
    column = slice(width - 16, None) if corner[1] else slice(0, 16)
    assert frames[0].image[row, column].mean() > 200
    assert frames[0].image.mean() < 50


def write_raw_stream(path, sizes):
    """Write JPEG images one behind the other: a stream without any times."""
    with path.open("wb") as file:
        for index, (height, width) in enumerate(sizes):
            image = np.full((height, width, 3), index * 20, np.uint8)
            file.write(cv2.imencode(".jpg", image)[1].tobytes())
    return path


def test_a_stream_without_times_is_counted_and_says_so(tmp_path):
    path = write_raw_stream(tmp_path / "raw.mjpeg", [(48, 64)] * 8)
    footage, frames, warnings = read_all(path)
    np.testing.assert_allclose(
        [f.time_s for f in frames], np.arange(8) / footage.rate_hz, atol=1e-9
    )
    assert warnings == (
        "Video 'raw.mjpeg' carries no usable times for 7 of its 8 frames: they were counted at "
        "25 Hz.",
    )


class StandInCapture:
    """A capture whose frames have the sizes, and whose file the properties, that one wants."""

    def __init__(self, sizes, *, fails_at=(), more=None):
        self.sizes = list(sizes)
        self.more = more or {}
        self.fails_at = set(fails_at)
        self.position = -1
        self.n_calls = 0
        self.is_released = False

    def isOpened(self):
        return True

    def grab(self):
        self.n_calls += 1
        if self.n_calls - 1 in self.fails_at:
            return False
        self.position += 1
        return self.position < len(self.sizes)

    def retrieve(self, _buffer=None):
        return True, np.full((*self.sizes[self.position], 3), self.position * 20 % 256, np.uint8)

    def get(self, name):
        height, width = self.sizes[0]
        return {
            cv2.CAP_PROP_POS_MSEC: self.position * 40.0,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FPS: 25.0,
            cv2.CAP_PROP_FRAME_COUNT: len(self.sizes),
            **self.more,
        }.get(name, 0.0)

    def release(self):
        self.is_released = True


def read_stand_in(tmp_path, make_capture):
    path = tmp_path / "stand-in.bin"
    path.write_bytes(b"?")
    with VideoFile(str(path), SourceSettings(), open_capture=lambda _: make_capture()) as source:
        return list(source.frames()), source.warnings


def test_frames_of_another_size_are_scaled_to_the_first_ones(tmp_path):
    sizes = [(48, 64)] * 3 + [(96, 128)] * 2
    frames, warnings = read_stand_in(tmp_path, lambda: StandInCapture(sizes))
    assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
    assert [level(frame) for frame in frames] == [0, 1, 2, 3, 4]
    assert warnings == ("Video 'stand-in.bin' changes its size: 2 frames were scaled to 64×48.",)


def test_reading_goes_on_behind_damage(tmp_path):
    frames, warnings = read_stand_in(
        tmp_path, lambda: StandInCapture([(8, 8)] * 6, fails_at=(2, 3))
    )
    assert [level(frame) for frame in frames] == [0, 1, 2, 3, 4, 5]
    assert warnings == (
        "Video 'stand-in.bin' is damaged: 2 frames could not be decoded and left a hole.",
    )


def test_pixels_that_are_not_square_are_told(tmp_path):
    aspect = {cv2.CAP_PROP_SAR_NUM: 64, cv2.CAP_PROP_SAR_DEN: 45}
    _, warnings = read_stand_in(tmp_path, lambda: StandInCapture([(8, 8)] * 6, more=aspect))
    assert warnings == (
        "Video 'stand-in.bin' has pixels that are not square (64:45), which are used as they are: "
        "the face comes out squeezed. Convert it to square pixels.",
    )


def test_a_video_that_ends_before_its_header_says_is_told(tmp_path):
    late = {cv2.CAP_PROP_FRAME_COUNT: 100}
    _, warnings = read_stand_in(tmp_path, lambda: StandInCapture([(8, 8)] * 30, more=late))
    assert warnings == (
        "Video 'stand-in.bin' ends early: its header says 4.00 s, but only 30 of 100 frames, up to "
        "1.20 s, could be decoded.",
    )


def test_captures_are_released(tmp_path):
    made = []

    def make():
        made.append(StandInCapture([(8, 8)] * 6))
        return made[-1]

    read_stand_in(tmp_path, make)
    assert len(made) == 2
    assert all(capture.is_released for capture in made)


def move_index_to_front(path):
    """Put 'moov' before 'mdat', so that a file that is cut off still opens."""
    data = path.read_bytes()
    boxes, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        boxes.append(bytearray(data[at : at + length]))
        at += length
    index = next(box for box in boxes if box[4:8] == b"moov")
    others = [box for box in boxes if box is not index]
    place = index.index(b"stco") + 8
    for k in range(int.from_bytes(index[place : place + 4], "big")):
        entry = place + 4 + 4 * k
        offset = int.from_bytes(index[entry : entry + 4], "big") + len(index)
        index[entry : entry + 4] = struct.pack(">I", offset)
    path.write_bytes(bytes(others[0] + index + b"".join(others[1:])))
    return path


def write_noise(path, n_frames=30):
    random = np.random.default_rng(1)
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), RATE_HZ, (64, 48)
    )
    for _ in range(n_frames):
        writer.write(random.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    return path


def test_a_video_that_is_cut_off_gives_what_is_there_and_says_so(tmp_path):
    path = move_index_to_front(write_noise(tmp_path / "cut.mp4"))
    assert len(read_all(path)[1]) == 30
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    _, frames, warnings = read_all(path)
    assert 4 <= len(frames) <= 20
    end_s = len(frames) / RATE_HZ
    assert warnings[-1].startswith("Video 'cut.mp4' is cut off: ")
    assert (
        f" {len(frames)} of 30 frames, up to {end_s:.2f} s, could be decoded. Copy" in warnings[-1]
    )


def test_a_gif_that_is_cut_off_says_so(tmp_path):
    path = tmp_path / "cut.gif"
    random = np.random.default_rng(2)
    images = [Image.fromarray(random.integers(0, 256, (48, 64, 3), np.uint8)) for _ in range(6)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=50)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    _, frames, warnings = read_all(path)
    assert 2 <= len(frames) < 6
    assert "Video 'cut.gif' is cut off: " in warnings[-1]


def test_an_edit_list_is_no_truncation(tmp_path):
    """The header counts 100 frames; the edit list shows the first 30 of them, and that is all."""
    path = write_video(tmp_path / "edited.mp4", n_frames=100, level_step=2)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4
    at_movie = data.index(b"mvhd") + 4
    clock_hz = int.from_bytes(data[at_movie + 12 : at_movie + 16], "big")
    shown = struct.pack(">I", round(30 / RATE_HZ * clock_hz))
    data[at + 8 : at + 12] = shown
    at_track = data.index(b"tkhd") + 4
    data[at_track + 20 : at_track + 24] = shown
    path.write_bytes(data)
    footage, frames, warnings = read_all(path)
    assert footage.n_frames == 100
    assert 30 <= len(frames) <= 31
    assert warnings == ()


def test_the_largest_and_the_smallest_frames_work(tmp_path):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (1, 1, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "tiny.gif")
    _, frames, _ = read_all(tmp_path / "tiny.gif")
    assert frames[0].image.shape == (1, 1, 3)
    large = write_video(tmp_path / "8k.avi", n_frames=2, size=(4320, 7680), codec="MJPG")
    footage, frames, _ = read_all(large)
    assert footage.size == (4320, 7680)
    assert [level(frame) for frame in frames] == [0, 1]


@pytest.mark.parametrize(
    "name", ["two words.mp4", 'it\'s "new".mp4', "Gesicht ä 顔.mp4", "t:1.mp4"]
)
def test_any_name_is_read(tmp_path, name):
    plain = write_video(tmp_path / "plain.mp4", n_frames=3)
    footage, frames, _ = read_all(plain.rename(tmp_path / name))
    assert len(frames) == 3
    assert footage.path == str(tmp_path / name)


def test_a_file_address_is_a_path(tmp_path):
    path = write_video(tmp_path / "two words.mp4", n_frames=3)
    assert read_all(path.as_uri())[0].path == str(path)


def test_a_missing_file_is_named():
    with pytest.raises(CannotOpen, match=r"^Footage 'no/such.mp4' does not exist\. Check the name"):
        open_source("no/such.mp4", SourceSettings())


def test_a_file_within_a_file_is_named(tmp_path):
    path = write_video(tmp_path / "a.mp4", n_frames=1)
    with pytest.raises(CannotOpen, match="a part of its path is a file"):
        open_source(str(path / "b.mp4"), SourceSettings())


def test_no_name_at_all_is_an_error():
    with pytest.raises(CannotOpen, match="No footage was named"):
        open_source("", SourceSettings())


def test_denied_permission_is_told(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", n_frames=1)

    def deny(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(CannotOpen, match=r"a\.mp4' cannot be opened: permission denied\. Allow"):
        open_source(str(path), SourceSettings())


def wave_bytes():
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    body += b"data" + struct.pack("<I", 1600) + bytes(1600)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def sound_mp4(path):
    """Turn a video into a file that holds sound only, as far as its index says."""
    data = write_video(path).read_bytes()
    path.write_bytes(data.replace(b"vide", b"soun").replace(b"vmhd", b"smhd"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.mp4", b"This is no video." * 20, "it is not a video. Choose a video file"),
        ("empty.mov", b"", "the file is empty. Copy or record it again."),
        ("voice.wav", wave_bytes(), "it holds sound and no picture. Choose a video file"),
    ],
)
def test_what_is_not_a_video_is_told(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CannotOpen) as caught:
        open_source(str(path), SourceSettings())
    assert str(caught.value).startswith(f"Video '{name}' cannot be opened: {reason}")


def test_sound_in_an_mp4_is_told(tmp_path):
    sound_mp4(tmp_path / "voice.mp4")
    with pytest.raises(CannotOpen, match="holds sound and no picture"):
        open_source(str(tmp_path / "voice.mp4"), SourceSettings())


def test_an_avi_that_is_cut_off_in_its_header_is_told(tmp_path):
    path = write_video(tmp_path / "cut.avi", codec="MJPG")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises((CannotOpen, CannotDecode), match=r"'cut\.avi' cannot be .* is cut off"):
        open_source(str(path), SourceSettings())


def test_an_unfinished_recording_is_told(tmp_path):
    path = write_noise(tmp_path / "unfinished.mp4")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moov") - 4])
    with pytest.raises(CannotOpen, match=r"'unfinished\.mp4' cannot be opened: its index is"):
        open_source(str(path), SourceSettings())


def test_an_unknown_codec_is_named(tmp_path):
    path = write_video(tmp_path / "odd.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"mp4v", data.index(b"stsd"))
    data[at : at + 4] = b"qqqq"
    at = data.index(b"esds")  # which would tell the codec anyway
    data[at : at + 4] = b"free"
    path.write_bytes(data)
    with pytest.raises((CannotOpen, CannotDecode), match="'qqqq'") as caught:
        open_source(str(path), SourceSettings())
    assert "onvert it to H.264" in str(caught.value)


def test_a_video_without_frames_is_an_error(tmp_path):
    path = move_index_to_front(write_noise(tmp_path / "none.mp4"))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])
    with pytest.raises(CannotDecode, match=r"'none\.mp4' cannot be decoded: the file is cut off"):
        open_source(str(path), SourceSettings())


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"start_s": 5.0}, "from 5 s to its end: its last frame is at 0.360 s."),
        ({"start_s": 0.05, "end_s": 0.07}, "from 0.05 s to 0.07 s: none lies between."),
    ],
)
def test_a_range_without_frames_is_an_error(tmp_path, settings, found):
    path = write_video(tmp_path / "a.mp4")
    with pytest.raises(CannotDecode) as caught:
        read_all(path, **settings)
    assert str(caught.value) == f"Video 'a.mp4' has no frame {found} Choose another start or end."


READ_QUIETLY = """
import sys
from mien.core.errors import SourceError
from mien.core.settings import SourceSettings
from mien.core.source import open_source
for path in sys.argv[1:]:
    try:
        with open_source(path, SourceSettings()) as source:
            print(sum(1 for _ in source.frames()), len(source.warnings))
    except SourceError as error:
        print(type(error).__name__)
"""


def test_ffmpeg_prints_nothing_of_its_own(tmp_path):
    cut = move_index_to_front(write_noise(tmp_path / "cut.mp4"))
    cut.write_bytes(cut.read_bytes()[:20_000])
    (tmp_path / "text.mp4").write_bytes(b"No video.")
    (tmp_path / "half.png").write_bytes(
        cv2.imencode(".png", np.full((64, 64, 3), 7, np.uint8))[1].tobytes()[:60]
    )
    arguments = [str(cut), str(tmp_path / "text.mp4"), str(tmp_path / "half.png")]
    # FFmpeg's level is read once a process, so this needs one of its own.
    run = subprocess.run(
        [sys.executable, "-c", READ_QUIETLY, *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    n_frames, n_warnings = map(int, run.stdout.splitlines()[0].split())
    assert n_frames > 1 and n_warnings >= 1
    assert run.stdout.splitlines()[1:] == ["CannotOpen", "CannotDecode"]


def test_leaving_the_source_ends_its_thread(tmp_path):
    path = write_video(tmp_path / "a.mp4", n_frames=200, level_step=1)
    with open_source(str(path), SourceSettings(), queue_size=2) as source:
        frames = source.frames()
        assert next(frames).index == 0
        assert any(thread.name == "mien-source" for thread in threading.enumerate())
    assert not any(thread.name == "mien-source" for thread in threading.enumerate())
    assert list(frames) == []
    source.close()


CLIPS = {  # frames; the container's own times of the first frames, read with another library
    "intel_ccby_asl_yes.mkv": (65, [0.0, 0.034, 0.067, 0.100]),
    "intel_ccby_head-pose-face-detection-female.gif": (23, [0.0, 0.08, 0.17, 0.25]),
    "liveportrait_d12.mp4": (183, [0.0, 0.04, 0.08, 0.12]),
    "pyfeat_WolfgangLanger_Pexels.mp4": (472, [0.0, 0.0417083333, 0.0834166667, 0.125125]),
    "pyfeat_face_noface.mov": (169, [0.0, 0.0333333333, 0.0666666667, 0.1]),
    "sadtalker_WDA_KatieHill.mp4": (200, [0.0, 0.04, 0.08, 0.12]),
}


@pytest.mark.skipif(not (DATA / "clips").is_dir(), reason="clips of the shared data are missing")
@pytest.mark.parametrize("name", CLIPS)
def test_real_clips_give_their_own_times_and_no_warning(name):
    n_frames, first_s = CLIPS[name]
    with open_source(str(DATA / "clips" / name), SourceSettings()) as source:
        times_s = np.array([frame.time_s for frame in source.frames()])
    assert len(times_s) == n_frames
    np.testing.assert_allclose(times_s[:4], first_s, atol=1e-9)
    assert (np.diff(times_s) > 0).all()
    assert source.warnings == ()


@pytest.mark.skipif(sys.platform != "linux", reason="only there any byte may be in a name")
@pytest.mark.parametrize("name", [b"face\xff.mp4", b"face\xff/clip.mp4"])
def test_a_name_whose_bytes_are_no_text_is_an_error_and_no_crash(tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(write_video(tmp_path / "clip.mp4").read_bytes())
    with pytest.raises(CannotOpen, match=r"is no valid text in this system's encoding. Rename it"):
        read_all(path)


def test_a_name_that_begins_with_a_tilde_is_a_name_and_a_home_is_a_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    write_video(tmp_path / "~clip.mp4")
    write_video(tmp_path / "other.mp4", n_frames=3)
    assert len(read_all("~clip.mp4")[1]) == 10
    assert len(read_all("~/other.mp4")[1]) == 3
    assert len(read_all((tmp_path / "other.mp4").as_uri())[1]) == 3


class ColourfulCapture(StandInCapture):
    """Gives frames of noise."""

    def retrieve(self, _buffer=None):
        height, width = self.sizes[self.position]
        rng = np.random.default_rng(self.position)
        return True, rng.integers(0, 255, (height, width, 3), np.uint8)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_pixels_that_keep_their_order_in_memory_are_the_same(tmp_path, turn):
    path = tmp_path / "stand-in.bin"
    path.write_bytes(b"?")
    sizes = [(48, 64), (48, 64), (96, 128), (48, 64)]
    more = {cv2.CAP_PROP_ORIENTATION_META: turn}

    def read(*, keeps_bgr):
        with VideoFile(
            str(path),
            SourceSettings(),
            open_capture=lambda _: ColourfulCapture(sizes, more=more),
            keeps_bgr=keeps_bgr,
        ) as source:
            return [frame.image for frame in source.frames()]

    kept, copied = read(keeps_bgr=True), read(keeps_bgr=False)
    assert all(as_stored(image)[1] for image in kept)
    assert all(image.flags.c_contiguous for image in copied)
    for one, other in zip(kept, copied, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(in_order(one), other)
        assert in_order(one).flags.c_contiguous


def test_frames_that_wait_are_not_written_over(tmp_path):
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for index in range(12):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    with VideoFile(str(clip), SourceSettings(), keeps_bgr=True) as source:
        frames = list(source.frames())
    means = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(means, 20.0 * np.arange(12), atol=4)
