"""The overlay: what is drawn where, what is shown when, and that nothing half-written stays."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mien.core.errors import Cancelled, ExportError
from mien.core.export.face_drawing import DrawnFace, FaceDrawing
from mien.core.export.overlay_video import write_overlay
from mien.core.records import (
    Camera,
    FaceGeometry,
    FaceTopology,
    FaceTrack,
    Footage,
    Frame,
    Performance,
)

SQUARE = np.array([[0, 1, 2], [2, 1, 3]], np.int32)


class StandInFootage:
    """Frames of one grey level each: 10, 20, 30, …"""

    def __init__(self, times_s, *, size=(480, 640), rate_hz=25.0):
        self.footage = Footage("/clips/stand-in.mp4", "video", size, rate_hz, len(times_s))
        self.times_s = list(times_s)
        self.is_closed = False

    def frames(self):
        for index, time_s in enumerate(self.times_s):
            level = 10 * (index + 1) % 250
            yield Frame(index, float(time_s), np.full((*self.footage.size, 3), level, np.uint8))

    @contextmanager
    def open(self):
        yield self
        self.is_closed = True


def performance(footage, times_s, *, corners_px=((100, 100), (200, 100), (100, 180), (200, 180))):
    n_frames = len(times_s)
    points = np.zeros((n_frames, 4, 3), np.float32)
    points[:, :, :2] = corners_px
    unknown = np.tile(np.eye(4), (n_frames, 1, 1))
    return Performance(
        footage=footage,
        time_s=np.asarray(times_s, np.float64),
        track=FaceTrack(np.ones(n_frames, np.float32), points, np.zeros((n_frames, 4), np.float32)),
        landmarks_smooth_px=points,
        geometry=FaceGeometry(points, unknown, unknown, Camera(1.0, footage.size)),
        topology=FaceTopology(points[0], SQUARE, np.zeros((4, 2), np.float32)),
        is_filled=np.zeros(n_frames, bool),
    )


def read_back(path):
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    images = []
    while True:
        is_read, image = capture.read()
        if not is_read:
            return np.array(images), rate_hz
        images.append(image[..., ::-1])


def levels(images):
    """Return the number of the frame that each picture shows, by its grey level off the face."""
    return [round(float(image[300:400, 400:600].mean()) / 10) for image in images]


def overlay(times_s, output, *, footage_times_s=None, **more):
    footage = StandInFootage(times_s if footage_times_s is None else footage_times_s)
    footage.footage = replace(footage.footage, rate_hz=more.pop("rate_hz", 25.0))
    write_overlay(
        [performance(footage.footage, times_s)], output=output, open_footage=footage.open, **more
    )
    return read_back(output)


def test_a_constant_rate_keeps_its_frames(tmp_path, capfd):
    images, rate_hz = overlay(np.arange(12) / 25.0, tmp_path / "o.mp4")
    assert levels(images) == list(range(1, 13))
    assert rate_hz == 25.0
    assert images.shape == (12, 480, 640, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["o.mp4"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("rate_hz", [24000 / 1001, 12.083333, 29.97, 59.94])
def test_odd_rates_keep_their_frames_and_length(tmp_path, rate_hz):
    images, found_hz = overlay(np.arange(12) / rate_hz, tmp_path / "o.mp4", rate_hz=rate_hz)
    assert levels(images) == list(range(1, 13))
    assert found_hz == pytest.approx(rate_hz, rel=1e-4)


def test_rounded_times_keep_their_frames(tmp_path):
    times_s = np.round(np.arange(20) / 30.0, 3)
    assert levels(overlay(times_s, tmp_path / "o.mp4", rate_hz=30.0)[0]) == list(range(1, 21))


def test_a_variable_rate_shows_what_is_nearest_in_time(tmp_path):
    times_s = np.array([0.0, 0.04, 0.05, 0.06, 0.3, 0.345, 0.47])
    images, _ = overlay(times_s, tmp_path / "o.mp4")
    wanted = [int(np.argmin(np.abs(times_s - k / 25.0))) + 1 for k in range(len(images))]
    assert levels(images) == wanted
    assert len(images) == round(times_s[-1] * 25.0) + 1


def test_only_the_captured_range_is_shown(tmp_path):
    whole_s = np.arange(12) / 25.0
    images, _ = overlay(whole_s[4:9], tmp_path / "o.mp4", footage_times_s=whole_s)
    assert levels(images) == [5, 6, 7, 8, 9]


def test_the_mesh_is_drawn_on_the_face_and_nowhere_else(tmp_path):
    images, _ = overlay(np.arange(3) / 25.0, tmp_path / "o.mp4")
    image = images[0].astype(int)
    assert image[100, 110:190].mean() > 60  # the upper edge
    assert image[178:182, 110:190].max() > 60  # the lower edge
    assert abs(image[110:120, 110:130] - 10).max() < 12  # between the edges
    assert abs(image[250:, 300:] - 10).max() < 12


def drawn(points_px, *, size=(480, 640), faces=1, contours=None, is_filled=False):
    drawing = FaceDrawing(size, polygons=[SQUARE] * faces, contours=contours or {})
    points = np.zeros((4, 3), np.float32)
    points[:, :2] = points_px
    return drawing.draw(np.zeros((*size, 3), np.uint8), [DrawnFace(points, is_filled)] * faces)


@pytest.mark.parametrize("size", [(480, 640), (120, 160), (240, 320)])
def test_a_line_is_where_the_landmarks_are_whatever_the_enlargement(size):
    """A pixel of the footage becomes a block, whose middle is the pixel's middle."""
    y_px = size[0] / 3 + 0.25
    corners = np.array([[0.1, 0], [0.9, 0], [0.9, 0], [0.1, 0]]) * size[1] + (0, y_px)
    image = drawn(corners, size=size)
    scale = 480 / size[0]
    column = image[:, 320].astype(float).sum(axis=1)
    found = (column * np.arange(480)).sum() / column.sum()
    assert found == pytest.approx((y_px + 0.5) * scale - 0.5, abs=0.1)


@pytest.mark.parametrize(
    ("size", "drawn_size"),
    [
        ((480, 640), (480, 640)), ((481, 641), (482, 642)), ((270, 480), (480, 854)),
        ((1, 1), (480, 480)), ((720, 1280), (720, 1280)), ((4320, 7680), (2160, 3840)),
        ((2, 7680), (2, 3840)),
    ],
)  # fmt: skip
def test_sides_are_even_and_lines_visible(size, drawn_size):
    drawing = FaceDrawing(size, polygons=[SQUARE], contours={})
    assert drawing.size == drawn_size
    image = np.full((*size, 3), 77, np.uint8)
    lost = DrawnFace(np.full((4, 3), np.nan, np.float32), False)
    canvas = drawing.draw(image, [lost])
    assert canvas.shape == (*drawn_size, 3)
    assert canvas[-1, -1].tolist() == [77, 77, 77]
    assert (image == 77).all()


def test_a_lost_face_is_marked_and_not_drawn():
    shown, lost = drawn([[100, 300], [200, 300], [100, 380], [200, 380]]), drawn(np.nan)
    assert shown[290:390, 90:210].max() > 50
    assert lost[100:].max() == 0
    red, green, blue = lost[:100].reshape(-1, 3).max(axis=0).astype(int)
    assert red > 200 and green < 120 and blue < 120
    assert shown[:100].max() == 0


def test_every_lost_face_has_a_line_of_its_own():
    one, two = drawn(np.nan), drawn(np.nan, faces=2)
    rows = [np.flatnonzero(image.max(axis=(1, 2))) for image in (one, two)]
    assert rows[1].max() > rows[0].max() + 10


def test_a_filled_gap_is_marked_and_drawn():
    image = drawn([[100, 300], [200, 300], [100, 380], [200, 380]], is_filled=True)
    assert image[:100].max() > 200
    assert image[290:390, 90:210].max() > 50


def test_contours_have_their_colours_and_a_legend():
    corners = [[100, 100], [200, 100], [100, 180], [200, 180]]
    image = drawn(corners, contours={"lips": [(0, 1, 3, 2), (0, 1, 477)]}).astype(int)
    red, green, blue = image[100, 120:180].mean(axis=0)
    assert red > 1.5 * green > 100 and red > 1.3 * blue
    assert image[440:].max() > 200
    assert drawn(corners)[440:].max() == 0


def test_a_face_beyond_the_border_is_cut():
    for corners in ([[-9e9, -50], [9e9, 20], [30, 1e12], [5, 5]], [[900, 900]] * 4, [[-9, -9]] * 4):
        drawn(corners, contours={"lips": [(0, 1, 2)]})


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_stopping_leaves_what_was_there(tmp_path):
    output = tmp_path / "o.mp4"
    output.write_bytes(b"before")
    reports = []

    def stop(progress):
        reports.append(progress)
        if progress.done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        overlay(np.arange(12) / 25.0, output, on_progress=stop)
    assert files(tmp_path) == {"o.mp4": b"before"}
    assert [(p.stage, p.done, p.total) for p in reports] == [
        ("overlay", k, 12) for k in range(1, 6)
    ]


def test_an_error_of_the_footage_passes_and_leaves_nothing(tmp_path):
    footage = StandInFootage(np.arange(5) / 25.0)
    frames = footage.frames

    def broken():
        yield next(frames())
        raise RuntimeError("the disk fell out")

    footage.frames = broken
    with pytest.raises(RuntimeError, match="fell out"):
        write_overlay(
            [performance(footage.footage, footage.times_s)],
            output=tmp_path / "o.mp4",
            open_footage=footage.open,
        )
    assert files(tmp_path) == {}


def test_no_face_is_an_error(tmp_path):
    with pytest.raises(ExportError, match=r"^'o\.mp4' cannot be drawn: the take holds no face\.$"):
        write_overlay([], output=tmp_path / "o.mp4", open_footage=StandInFootage([0.0]).open)


def test_other_footage_is_an_error(tmp_path):
    captured = StandInFootage([0.0]).footage
    now = StandInFootage([0.0], size=(720, 1280))
    with pytest.raises(ExportError) as caught:
        write_overlay(
            [performance(captured, [0.0])], output=tmp_path / "o.mp4", open_footage=now.open
        )
    assert str(caught.value) == (
        "Footage 'stand-in.mp4' is 1280×720 pixels now, but was 640×480 when it was captured. "
        "Capture it again."
    )
    assert files(tmp_path) == {}


def test_footage_at_other_times_is_an_error(tmp_path):
    with pytest.raises(ExportError, match=r"not one frame of 'stand-in\.mp4' has a time of the ta"):
        overlay([0.0, 0.04], tmp_path / "o.mp4", footage_times_s=[0.017, 0.31])
    assert files(tmp_path) == {}


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ExportError, match=r"^'o\.mp4' cannot be written to '.*none': the folder"):
        overlay([0.0], tmp_path / "none" / "o.mp4")


@pytest.mark.skipif(sys.platform != "linux", reason="only there any byte may be in a name")
def test_a_name_whose_bytes_are_no_text_is_an_error_and_no_crash(tmp_path):
    with pytest.raises(ExportError, match=r"is no valid text .* Choose another name"):
        overlay([0.0], tmp_path / "o\udcff.mp4")
    assert not list(tmp_path.iterdir())


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import numpy as np
from test_overlay_video import StandInFootage, performance
from mien.core.errors import ExportError
from mien.core.export.overlay_video import write_overlay
footage = StandInFootage(np.arange(40) / 25.0)
faces = [performance(footage.footage, footage.times_s)]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_overlay(faces, output=Path(sys.argv[1]), open_footage=footage.open)
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size on Windows")
def test_a_disk_without_room_is_an_error_and_leaves_nothing(tmp_path):
    here = str(__file__).rpartition("/")[0]
    run = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(tmp_path / "o.mp4"), here],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.startswith("'o.mp4' was not written whole: ")
    assert "Free some space" in run.stdout
    assert files(tmp_path) == {}
