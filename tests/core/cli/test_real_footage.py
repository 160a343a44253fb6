"""The whole command line with the shipped networks on a real clip."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.export import read_pc2

pytestmark = pytest.mark.weights
MIEN = (sys.executable, "-m", "mien")


@pytest.fixture
def clip(data_file):
    """A clip of 960 × 540, 30 Hz; its face leaves after 2.4 s."""
    return data_file("clips/pyfeat_face_noface.mov")


@pytest.fixture
def long_clip(data_file):
    """A clip that takes a second or more."""
    return data_file("clips/pyfeat_WolfgangLanger_Pexels.mp4")


def run(*words, cwd):
    words = [str(word) for word in words]
    done = subprocess.run([*MIEN, *words, "--json"], capture_output=True, text=True, cwd=cwd)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_one_capture_gives_arrays_a_point_cache_and_an_overlay(clip, tmp_path):
    words = ("animate", clip, "-o", "a.npz", "-o", "a.pc2", "-o", "a.mp4", "--start", 1, "--end", 2)
    code, values = run(*words, cwd=tmp_path)
    assert code == 0, values
    arrays = np.load(tmp_path / "a.npz")
    time_s = arrays["time_s"]
    assert values["n_frames"] == len(time_s) and 1 <= time_s[0] < time_s[-1] <= 2
    assert values["faces"][0]["gaps"] == []
    samples = read_pc2(tmp_path / "a.pc2")
    assert samples.start_frame == 30 and samples.positions.shape[1] == arrays["head_m"].shape[1]
    # Scene space is head space turned: x, −z, y. Sample k lies at the time (30 + k) / 30.
    frame = int(np.argmin(np.abs(time_s - 45 / 30)))
    assert abs(time_s[frame] - 45 / 30) < 1e-3
    wanted = arrays["head_m"][frame][:, [0, 2, 1]] * [1, -1, 1]
    np.testing.assert_allclose(samples.positions[15], wanted, atol=1e-4)
    video = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    n_shown = 0
    while video.read()[0]:
        n_shown += 1
    assert abs(n_shown - len(time_s)) <= 1
    assert not (tmp_path / "a.take").exists()


def test_where_there_is_no_face_nothing_is_left(clip, tmp_path):
    code, values = run("animate", clip, "-o", "a.npz", "--start", 4, cwd=tmp_path)
    assert (code, values["error"]) == (4, "NoFace")
    assert not list(tmp_path.iterdir())


def arrays_of(take: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in take.rglob("*.[fi]*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_a_stopped_capture_goes_on_to_what_an_undisturbed_one_gives(
    long_clip, tmp_path, number, code
):
    words = ("capture", str(long_clip), "--end", "4", "--take")
    with subprocess.Popen(
        [*MIEN, *words, "cut"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        times = tmp_path / "cut" / "time_s.f64"
        while process.poll() is None and not (times.exists() and times.stat().st_size > 160):
            time.sleep(0.005)
        process.send_signal(number)
        assert process.wait() == code
    _, info = run("info", "cut", cwd=tmp_path)
    assert not info["is_complete"] and info["n_frames"] >= 20
    _, resumed = run(*words, "cut", "--resume", cwd=tmp_path)
    assert resumed["n_new_frames"] == resumed["n_frames"] - info["n_frames"] > 0
    _, whole = run(*words, "whole", cwd=tmp_path)
    assert resumed["n_frames"] == whole["n_frames"]
    assert arrays_of(tmp_path / "cut") == arrays_of(tmp_path / "whole")


def test_a_take_is_not_resumed_on_other_footage(clip, long_clip, tmp_path):
    run("capture", clip, "--take", "t", "--end", 0.2, cwd=tmp_path)
    code, values = run("capture", long_clip, "--take", "t", "--resume", cwd=tmp_path)
    assert (code, values["error"]) == (3, "TakeError")
    assert "cannot be resumed" in values["message"]


def test_an_overlay_over_footage_that_was_changed_says_so(clip, tmp_path):
    copy = tmp_path / "clip.mov"
    copy.write_bytes(clip.read_bytes())
    assert run("capture", copy, "--take", "t", "--end", 0.2, cwd=tmp_path)[0] == 0
    assert run("export", "t", "-o", "a.mp4", cwd=tmp_path)[1]["warnings"] == []
    copy.write_bytes(clip.read_bytes() + bytes(8))
    code, values = run("export", "t", "-o", "a.mp4", cwd=tmp_path)
    assert code == 0
    assert "'clip.mov' was changed after it was captured" in values["warnings"][0]
