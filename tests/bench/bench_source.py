"""Frames a second of the source stage, beside a bare OpenCV loop over the same clip.

Run: python tests/bench/bench_source.py [CLIP]. The goal is a ratio of at least 0.95.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from mien.core.settings import SourceSettings
from mien.core.source import open_source

N_ROUNDS = 5
SIZE = (720, 1280)


def write_clip(path, *, n_frames=300):
    """Write a clip with smooth areas, edges, grain and motion."""
    random = np.random.default_rng(0)
    height, width = SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    background = np.dstack([x * 255 / width, y * 255 / height, 128 + 60 * np.sin(x / 40)])
    grain = random.normal(0, 4, (8, height, width, 1))
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (width, height)
    )
    for index in range(n_frames):
        image = (background + grain[index % 8]).clip(0, 255).astype(np.uint8)
        cv2.circle(image, (200 + 3 * index, 360), 150, (90, 130, 220), -1)
        writer.write(image)
    writer.release()


def bare_seconds(path):
    """Return the time of the loop that everyone writes, and its number of frames."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    started, n_frames = time.perf_counter(), 0
    while capture.read()[0]:
        n_frames += 1
    return time.perf_counter() - started, n_frames


def source_seconds(path):
    """Return the time of the same through `open_source`: RGB, with times, on a thread."""
    with open_source(str(path), SourceSettings()) as source:
        started = time.perf_counter()
        n_frames = sum(1 for _ in source.frames())
        return time.perf_counter() - started, n_frames


def main():
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "clip.mp4"
        if len(sys.argv) < 2:
            write_clip(clip)
        ratios = []
        for _ in range(N_ROUNDS):
            bare_s, n_bare = bare_seconds(clip)
            source_s, n_source = source_seconds(clip)
            assert n_bare == n_source, (n_bare, n_source)
            ratios.append(bare_s / source_s)
            print(
                f"bare {n_bare / bare_s:7.1f} fps   source {n_source / source_s:7.1f} fps   "
                f"ratio {ratios[-1]:.3f}"
            )
        print(f"median ratio {statistics.median(ratios):.3f}, goal 0.95")


if __name__ == "__main__":
    main()
