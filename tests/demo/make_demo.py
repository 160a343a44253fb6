"""The demo: a photograph is put in motion, captured, and turned into files, all on the spot.

Usage: python tests/demo/make_demo.py --out demo
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mien.core.bench import (
    MotionCurves,
    MotionSettings,
    MovingPhotograph,
    contact_sheet,
    score_tracking,
    write_clip,
)
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import CapturePlan, FaceFinder
from mien.core.records import Frame
from mien.core.settings import SourceSettings
from mien.core.source import open_source

OUTPUTS = ("face.blend", "face.glb", "face.fbx", "face_overlay.mp4", "face.npz")
SETTINGS = MotionSettings(n_frames=180, noise_sigma=1.5)
CELL_WIDTH, RENDER_HEIGHT = 400, 720
PAPER = 52


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the files")
    parser.add_argument("--frames", type=int, default=SETTINGS.n_frames, help="length of the clip")
    parser.add_argument("--footage-only", action="store_true", help="stop after footage.mp4")
    arguments = parser.parse_args()
    out = arguments.out.absolute()
    out.mkdir(parents=True, exist_ok=True)

    print("Putting the photograph in motion …", flush=True)
    moving = make_footage(out, n_frames=arguments.frames)
    if arguments.footage_only:
        return 0
    print("Capturing and writing …", flush=True)
    report = animate(out)
    print("Drawing the contact sheet …", flush=True)
    draw_contact_sheet(out, curves=moving.curves)
    show_summary(out, report, rate_hz=moving.settings.rate_hz)
    return 0


def make_footage(out: Path, *, n_frames: int) -> MovingPhotograph:
    """Write footage.mp4, and truth.npz beside it."""
    from dataclasses import replace

    from skimage import data

    photo = data.astronaut()
    finder = FaceFinder(CapturePlan(footage="", take_folder=out))
    face = finder.find(Frame(0, 0.0, photo))[0]
    if face is None:
        raise SystemExit("No face was found in the photograph: the networks do not work here.")
    moving = MovingPhotograph(
        photo,
        face.points_px[:468],
        triangles=load_canonical_face(468).topology.triangles,
        settings=replace(SETTINGS, n_frames=n_frames),
    )
    started = time.monotonic()
    frames = (moving.frame(index) for index in range(moving.n_frames))
    write_clip(out / "footage.mp4", frames, rate_hz=moving.settings.rate_hz)
    moving.write_truth(out / "truth.npz")
    print(f"  {moving.n_frames} frames in {time.monotonic() - started:.1f} s")
    return moving


def animate(out: Path) -> dict:
    """Capture once and write every output: the command that a user would give."""
    command = [sys.executable, "-m", "mien", "animate", str(out / "footage.mp4")]
    for name in OUTPUTS:
        command += ["-o", str(out / name)]
    command += ["--take", str(out / "face.take"), "--overwrite", "--camera", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    if done.returncode != 0:
        raise SystemExit(f"mien animate failed ({done.returncode}): {answer.get('message', '')}")
    return answer


def draw_contact_sheet(out: Path, *, curves: MotionCurves) -> None:
    """Write contact_sheet.png: footage, overlay and the rendered scene at telling moments."""
    import cv2

    moments = telling_moments(curves)
    indices = list(moments.values())
    raw = read_frames(out / "footage.mp4", indices)
    overlay = read_frames(out / "face_overlay.mp4", indices)
    renders = render_frames(out / "face.blend", indices)
    with np.load(out / "truth.npz") as truth:
        window = window_around(truth["landmarks_px"][indices], size=SETTINGS.size)
    rows = []
    for index in indices:
        row = [raw[index], overlay[index]]
        if index in renders:
            row += [over(renders[index], np.full_like(raw[index], PAPER))]
            row += [over(renders[index], raw[index])]
        rows.append([picture[window] for picture in row])
    captions = [f"{name}, {index / SETTINGS.rate_hz:.2f} s" for name, index in moments.items()]
    heads = ["footage", "landmarks", "face.blend from its camera", "the same over the footage"]
    sheet = contact_sheet(rows, row_captions=captions, column_captions=heads, cell_width=CELL_WIDTH)
    cv2.imwrite(str(out / "contact_sheet.png"), sheet[..., ::-1])


def window_around(landmarks: np.ndarray, *, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns with the head in all the frames: landmarks (n_frames, n, 3)."""
    low, high = landmarks[..., :2].min(axis=(0, 1)), landmarks[..., :2].max(axis=(0, 1))
    centre, half = (low + high) / 2, 0.62 * (high - low).max() * np.array([1.25, 1.0])
    start = np.maximum((centre - half).astype(int), 0)
    end = np.minimum((centre + half).astype(int), size[::-1])
    return slice(start[1], end[1]), slice(start[0], end[0])


def telling_moments(curves: MotionCurves) -> dict[str, int]:
    """Choose frames: at rest, each turn, a blink, an open jaw, a smile."""
    calm = np.abs(curves.jaw) + curves.blink
    return {
        "at rest": 0,
        "blink": int(np.argmax(curves.blink)),
        "jaw": int(np.argmax(curves.jaw)),
        "smile": int(np.argmax(curves.smile - curves.jaw - curves.blink)),
        "turned left": int(np.argmax(curves.yaw_rad - calm)),
        "turned right": int(np.argmin(curves.yaw_rad + calm)),
    }


def read_frames(path: Path, indices: list[int]) -> dict[int, np.ndarray]:
    """Decode some frames of a clip."""
    with open_source(str(path), SourceSettings()) as source:
        return {frame.index: frame.image for frame in source.frames() if frame.index in indices}


def render_frames(blend: Path, indices: list[int]) -> dict[int, np.ndarray]:
    """Render frames of the scene, (h, w, 4); none where the bpy module is missing."""
    import cv2

    script = Path(__file__).with_name("render_stills.py")
    with tempfile.TemporaryDirectory(prefix="mien-demo-") as folder:
        command = [
            sys.executable,
            str(script),
            str(blend),
            folder,
            str(RENDER_HEIGHT),
            *map(str, indices),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(
                f"  the scene was not rendered: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
            )
            return {}
        images = {}
        for index in indices:
            bgra = cv2.imread(str(Path(folder) / f"{index:06d}.png"), cv2.IMREAD_UNCHANGED)
            images[index] = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)
        return images


def over(picture: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Lay a picture with transparency over another."""
    import cv2

    size = picture.shape[1::-1]
    behind = cv2.resize(below, size, interpolation=cv2.INTER_AREA).astype(float)
    alpha = picture[..., 3:] / 255.0
    return (alpha * picture[..., :3] + (1.0 - alpha) * behind + 0.5).astype(np.uint8)


def show_summary(out: Path, report: dict, *, rate_hz: float) -> None:
    """Print where the files lie, how fast it went, and how true it is."""
    with np.load(out / "face.npz") as found, np.load(out / "truth.npz") as truth:
        raw = score_tracking(found["landmarks_px"], truth["landmarks_px"])
        smooth = score_tracking(found["landmarks_smooth_px"], truth["landmarks_px"])
    fps = report["frames_per_second"]
    print(f"\nCaptured {raw.n_frames} frames of 1280 × 720 at {fps:.0f} frames/s", end="")
    print(f" ({fps / rate_hz:.1f} times the clip's {rate_hz:g}), face lost in {raw.n_lost}.")
    print("Against the true motion, in % of the inter-ocular distance:")
    for name, score in (("as captured", raw), ("smoothed", smooth)):
        print(
            f"  {name:12} error {score.error_percent:.2f} %, jitter {score.jitter_percent:.2f} %, "
            f"lag {score.lag_frames:+.2f} frames, blink {score.blink_kept:.0%}, "
            f"jaw {score.jaw_kept:.0%} of its size"
        )
    print("  (blink and jaw: how much of the true motion the network sees; README says more)")
    print("\nThe files:")
    for name in ("footage.mp4", "truth.npz", *OUTPUTS, "face.take", "contact_sheet.png"):
        path = out / name
        size = "folder" if path.is_dir() else f"{path.stat().st_size / 1e6:.2f} MB"
        print(f"  {path}  ({size})")
    free = shutil.disk_usage(out).free
    if free < 1e9:
        print(f"  (only {free / 1e6:.0f} MB are left on this disk)")


if __name__ == "__main__":
    sys.exit(main())
