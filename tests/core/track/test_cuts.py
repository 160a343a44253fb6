"""Cuts are found on footage whose cuts are known: real clips, and clips set one behind another."""

from itertools import permutations

import cv2
import numpy as np
import pytest

from mien.core.track.cuts import CutFinder

CLIPS = {
    "intel_ccby_asl_yes.mkv": [],
    "intel_ccby_head-pose-face-detection-female.gif": [],
    "liveportrait_d12.mp4": [],
    "pyfeat_WolfgangLanger_Pexels.mp4": [],
    "pyfeat_face_noface.mov": [73],  # a man, one black frame, a cartoon
    "sadtalker_WDA_KatieHill.mp4": [],
}
RATE_HZ = 25.0


def frames_of(path, *, n_frames=None, size=None):
    capture, frames = cv2.VideoCapture(str(path)), []
    while n_frames is None or len(frames) < n_frames:
        is_read, image = capture.read()
        if not is_read:
            break
        frames.append(image if size is None else cv2.resize(image, size))
    return frames


def cuts_of(frames):
    finder = CutFinder()
    return [index for index, image in enumerate(frames) if finder.is_cut(image, index / RATE_HZ)]


@pytest.fixture(scope="module")
def photographs():
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    images = data.astronaut(), data.coffee(), data.chelsea(), data.rocket()
    return [cv2.resize(image, (640, 360)) for image in images]


def shaken(image, n_frames):
    """A photograph under a hand-held camera, with noise."""
    rng = np.random.default_rng(0)
    plate = rng.normal(0, 6, image.shape).astype(np.int16)
    for _ in range(n_frames):
        moved = np.roll(image, tuple(rng.integers(-3, 4, 2)), axis=(0, 1))
        noise = np.roll(plate, tuple(rng.integers(0, 300, 2)), axis=(0, 1))
        yield cv2.add(moved, noise, dtype=cv2.CV_8U)


@pytest.mark.parametrize(("name", "cuts"), CLIPS.items())
def test_real_clips_have_the_cuts_that_one_sees(data_file, name, cuts):
    assert cuts_of(frames_of(data_file(f"clips/{name}"))) == cuts


def test_every_cut_between_two_clips_is_found(data_file):
    clips = [frames_of(data_file(f"clips/{name}"), n_frames=20, size=(480, 360)) for name in CLIPS]
    for one, other in permutations(clips, 2):
        assert cuts_of([*one, *other]) == [len(one)]


def test_a_cut_is_found_between_noisy_photographs_and_back(photographs):
    one, other = photographs[:2]
    assert cuts_of([*shaken(one, 12), *shaken(other, 12), *shaken(one, 4)]) == [12, 24]


@pytest.mark.parametrize("share_a_frame", [0.02, 0.1, 0.2, 0.28])
def test_a_fast_pan_is_no_cut(photographs, share_a_frame):
    for image in photographs:
        frames = list(shaken(image[:, :320], 3))
        step = int(share_a_frame * 320)
        frames += [image[:, x : x + 320] for x in range(0, 320, step)]
        assert cuts_of(frames) == []


@pytest.mark.parametrize("n_frames", [1, 3])
def test_a_flash_is_no_cut(photographs, n_frames):
    y, x = np.mgrid[0:360, 0:640]
    lamp = 400.0 * np.exp(-((x - 150) ** 2 + (y - 100) ** 2) / 5e4)[..., None]
    for image in photographs:
        for lit in (2.0 * image, 6.0 * image, image + 150.0, image + lamp, 255.0 + 0 * image):
            flash = np.clip(lit, 0, 255).astype(np.uint8)
            frames = [*shaken(image, 5), *[flash] * n_frames, *shaken(image, 5)]
            assert cuts_of(frames) == []


def test_what_stays_bright_is_a_shot_of_its_own(photographs):
    dark, bright = photographs[0] // 8, 127 + photographs[1] // 2
    frames = [*[dark] * 5, *[bright] * 10]
    (cut,) = cuts_of(frames)
    assert 5 <= cut <= 5 + 0.2 * RATE_HZ


@pytest.mark.parametrize("n_frames", [8, 25])
def test_a_fade_is_no_cut(photographs, n_frames):
    shares = np.linspace(0.0, 1.0, n_frames)
    for one, other in permutations(photographs, 2):
        crossing = [cv2.addWeighted(one, 1.0 - s, other, s, 0.0) for s in shares]
        assert cuts_of([one, *crossing, other]) == []
        out = [cv2.convertScaleAbs(one, alpha=1.0 - s) for s in shares]
        assert cuts_of([*out, *reversed(out)]) == []


def test_one_cut_is_found_where_black_parts_two_shots(photographs):
    black = np.zeros_like(photographs[0])
    assert cuts_of([photographs[0], black, black, photographs[1], photographs[1]]) == [3]
    assert cuts_of([photographs[0], black, black, photographs[0], photographs[0]]) == []


def test_frames_of_any_size_are_looked_at():
    rng = np.random.default_rng(0)
    for size in ((1, 1), (2, 3), (23, 31), (4320, 7680)):
        image = rng.integers(0, 255, (*size, 3), np.uint8)
        assert cuts_of([image, image]) == []
