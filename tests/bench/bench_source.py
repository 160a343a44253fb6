"""Frames a second of the source stage, beside a bare OpenCV loop over the same clip.

Run: python tests/bench/bench_source.py [CLIP]. The goal is a ratio of at least 0.95.
"""

import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from mien.core.settings import SourceSettings
from mien.core.source import open_source

N_ROUNDS = 7
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


def bare(path):
    """Run the loop that everyone writes; return its number of frames and what it took."""
    started = clocks()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    n_frames = 0
    while capture.read()[0]:
        n_frames += 1
    return n_frames, clocks() - started


def through_source(path):
    """Do the same through `open_source`: RGB, with times, on a thread.

    Its look at the first frame is left out: it is paid once a clip, not by the frame.
    """
    with open_source(str(path), SourceSettings()) as source:
        started = clocks()
        n_frames = sum(1 for _ in source.frames())
        return n_frames, clocks() - started


def clocks():
    """Return the seconds on the wall's clock and the processors'."""
    return np.array([time.perf_counter(), time.process_time()])


def main():
    """Run both in turns, and print the best of each: other work on the machine only slows them."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "clip.mp4"
        if len(sys.argv) < 2:
            write_clip(clip)
        rows = [(bare(clip), through_source(clip)) for _ in range(N_ROUNDS)]
    n_frames = rows[0][0][0]
    assert all(row[0][0] == row[1][0] == n_frames for row in rows)
    bare_s, source_s = (np.min([row[which][1] for row in rows], axis=0) for which in (0, 1))
    for place, name in enumerate(("wall", "processor")):
        print(
            f"{name:9} bare {n_frames / bare_s[place]:7.1f} fps   "
            f"source {n_frames / source_s[place]:7.1f} fps   "
            f"ratio {bare_s[place] / source_s[place]:.3f}"
        )
    print("goal: a wall ratio of 0.95 on an idle machine")


if __name__ == "__main__":
    main()
