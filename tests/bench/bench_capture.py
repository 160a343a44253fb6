"""Capturing, live and best, beside decoding alone; memory over a long clip.

Run: python tests/bench/bench_capture.py [CLIP]. Without a clip, the moving photograph is written as
720p H.264 by the bpy module, noise and all, at a low and at a camera's bit rate. Goals: `live` at
0.8 of the frames a second of decoding alone; `best` at a half of `live`; either under 600 MB on
ten minutes of 1080p.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

N_ROUNDS = 5
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
N_FRAMES = 300
LONG_S, RATE_HZ = 600, 30

MAKE_PHOTOGRAPH = """
import sys
from skimage import data
from mien.core.bench import MotionSettings, MovingPhotograph, write_clip
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import CapturePlan, FaceFinder
from mien.core.records import Frame

photo = data.astronaut()
face = FaceFinder(CapturePlan("", "")).find(Frame(0, 0.0, photo))[0]
moving = MovingPhotograph(
    photo, face.points_px[:468], triangles=load_canonical_face(468).topology.triangles,
    settings=MotionSettings(n_frames=int(sys.argv[2]), noise_sigma=3.0),
)
write_clip(sys.argv[1], (moving.frame(i) for i in range(moving.n_frames)), rate_hz=30.0)
"""

ENCODE = """
import sys, bpy
source, output, quality = sys.argv[1:4]
width, height, n_frames = map(int, sys.argv[4:])
scene = bpy.context.scene
editor = scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences
render = scene.render
render.resolution_x, render.resolution_y, render.fps = width, height, 30
render.resolution_percentage = 100
start = 1
while start <= n_frames:
    strip = strips.new_movie("clip", source, 1, start, fit_method="FIT")
    start += strip.frame_final_duration
scene.frame_start, scene.frame_end = 1, n_frames
scene.view_settings.view_transform = "Standard"
if hasattr(render.image_settings, "media_type"):
    render.image_settings.media_type = "VIDEO"
render.image_settings.file_format = "FFMPEG"
render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
render.ffmpeg.constant_rate_factor, render.ffmpeg.ffmpeg_preset = quality, "GOOD"
render.ffmpeg.gopsize = 30
render.filepath = output
bpy.ops.render.render(animation=True)
"""

# OpenCV encodes no H.264, but quickly: how long the clip is matters here, not how it is coded.
LOOP = """
import sys, cv2
source, output, width, height, n_frames = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
fourcc = cv2.VideoWriter_fourcc(*"mp4v")
writer = cv2.VideoWriter(output, cv2.CAP_FFMPEG, fourcc, 30.0, (width, height))
video = cv2.VideoCapture(source)
images = []
while len(images) < 100:
    images.append(cv2.resize(video.read()[1], (width, height)))
for index in range(n_frames):
    writer.write(images[index % 100])
writer.release()
"""

# Each measurement in a process of its own: neither caches nor peaks of one burden the next.
MEASURE = """
import json, sys, tempfile, time
from pathlib import Path
import cv2
from mien.core.bench.timing import peak_memory_bytes
from mien.core.pipeline import CapturePlan, capture
what, clip = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    times = []
    if what == "decode":
        video = cv2.VideoCapture(clip)
        while video.read()[0]:
            times.append(time.perf_counter())
    else:
        capture(
            CapturePlan(footage=clip, take_folder=Path(folder) / "take", quality=what),
            on_progress=lambda progress: times.append(time.perf_counter()),
        )
        times[-1] = time.perf_counter()  # what waits at the end counts, too
print(json.dumps([(len(times) - 1) / (times[-1] - times[0]), peak_memory_bytes() / 1e6]))
"""


def run(code, *words):
    """Run code in a fresh interpreter; return its last line."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=True
    )
    return (result.stdout.strip().splitlines() or [""])[-1]


def make_clip(folder, *, size_name, quality, n_frames):
    """Write the moving photograph as H.264, looped to a length."""
    small = folder / "photograph.mp4"
    if not small.exists():
        run(MAKE_PHOTOGRAPH, small, N_FRAMES)
    clip = folder / f"{size_name} {quality.lower()}.mp4"
    run(ENCODE, small, clip, quality, *SIZES[size_name], n_frames)
    return clip


def compare(clip):
    """Measure decoding and capturing in turn; print both and their ratio."""
    rates = {"decode": [], "live": [], "best": []}
    for _ in range(N_ROUNDS):
        for what, found in rates.items():
            found.append(json.loads(run(MEASURE, what, clip))[0])
    decode, live, best = rates.values()
    print(f"{clip.name}, {clip.stat().st_size / 1e6:.1f} MB")
    print(f"  decoding alone {statistics.median(decode):.0f} frames/s")
    for name, found, base, goal in (("live", live, decode, 0.8), ("best", best, live, 0.5)):
        ratio = statistics.median(b / a for a, b in zip(base, found, strict=True))
        rate = statistics.median(found)
        print(
            f"  capture {name}   {rate:.0f} frames/s, ratio {ratio:.2f} (goal {goal})", flush=True
        )


def main():
    if len(sys.argv) > 1:
        compare(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for quality in ("LOW", "HIGH"):
            compare(make_clip(folder, size_name="720p", quality=quality, n_frames=N_FRAMES))
        clip = folder / "ten minutes.mp4"
        run(LOOP, folder / "photograph.mp4", clip, *SIZES["1080p"], LONG_S * RATE_HZ)
        for what in ("live", "best"):
            rate, peak = json.loads(run(MEASURE, what, clip))
            print(
                f"ten minutes of 1080p, {what}: {rate:.0f} frames/s, peak {peak:.0f} MB (goal 600)"
            )


if __name__ == "__main__":
    main()
