"""How rigid a rigid head stays when it turns: depth over the take beside depth by frame.

Run: python tests/bench/bench_depth.py [FIGURE.png]. Deviation is the root mean square distance of
the head-space points from their mean over the frames within 30° to either side. Goal: depth over
the take at 1/2 of depth by frame, of the captured landmarks. Irises are left out: in real eyes they
look about. Footage: made numbers, whose truth is
known; photographs put in motion, without expressions, seen by the real engine; and the clip of a
woman who turns her head. The last two are looked for in $MIEN_DATA, else ../shared/data.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mien.core.bench import MotionSettings, MovingPhotograph, write_clip
from mien.core.geometry import load_canonical_face
from mien.core.landmarks.engines import ENGINES
from mien.core.pipeline import CapturePlan, FaceFinder, capture, raw_geometries, solve
from mien.core.records import FaceTrack, Footage, Frame, Provenance, Take
from mien.core.settings import SmoothSettings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/core/geometry"))
import turning_face  # noqa: E402

DATA = Path(os.environ.get("MIEN_DATA", ROOT.parent / "shared" / "data"))
GIF = "clips/intel_ccby_head-pose-face-detection-female.gif"
GOAL = 0.5
N_SKIN = 468
MOST_TURNED_RAD = np.radians(30.0)
RIGID = MotionSettings(
    size=(720, 1280), n_frames=150, yaw_rad=0.52, pitch_rad=0.2, jaw_rad=0.0, smile=0.0,
    has_blinks=False, noise_sigma=2.0, seed=2,
)  # fmt: skip


def take_of(points, size):
    """Return a take of made landmarks."""
    n_frames, n_landmarks = points.shape[:2]
    engine = "facemesh" if n_landmarks == 478 else "facemesh-468"
    track = FaceTrack(
        np.ones(n_frames, np.float32), points, np.full((n_frames, 4), np.nan, np.float32)
    )
    return Take(
        Footage("made of numbers.mp4", "video", size, 30.0, n_frames),
        Provenance("0", engine, {}, {}, "2030"),
        np.arange(n_frames) / 30.0,
        np.arange(n_frames, dtype=np.int32),
        (track,),
    )


def ict_person(seed):
    """Return the canonical face with what makes one person of ICT-FaceKit another than its mean."""
    with np.load(DATA / "ict/ict_facekit_light.npz") as kit:
        mean, identity = kit["neutral"][:9409] / 100.0, kit["identity"][:, :9409] / 100.0
    face = turning_face.neutral()
    placed = (mean - mean[mean[:, 2].argmax()]) * 0.8 + face[face[:, 2].argmax()]
    for _ in range(20):  # lay its mean on the canonical face, nearest point by nearest point
        near = ((face[:, None] - placed) ** 2).sum(-1).argmin(1)
        one, two = placed[near], face
        a, b = one - one.mean(0), two - two.mean(0)
        left, lengths, right = np.linalg.svd(b.T @ a)
        turn, scale = left @ right, lengths.sum() / (a**2).sum()
        placed = (placed - one.mean(0)) @ turn.T * scale + two.mean(0)
    amounts = np.random.default_rng(seed).normal(0.0, 1.0, len(identity))
    return face + np.tensordot(amounts, identity[:, near], axes=1) * 0.8


def photographs():
    """Yield names and portraits, RGB."""
    try:
        from skimage import data

        yield "astronaut", data.astronaut()
    except ImportError:
        print("scikit-image is not installed: its portrait is left out")
    import cv2

    for path in sorted(DATA.glob("faces/london/neutral_00[14]_03.jpg")):
        yield path.stem, cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def captured(folder, name, photo):
    """Put a photograph in motion and capture it; return the take and the true turns."""
    found = FaceFinder(CapturePlan("", "")).find(Frame(0, 0.0, photo))[0]
    triangles = load_canonical_face(468).topology.triangles
    moving = MovingPhotograph(photo, found.points_px[:468], triangles=triangles, settings=RIGID)
    clip = folder / f"{name}.mp4"
    write_clip(clip, (moving.frame(index) for index in range(moving.n_frames)), rate_hz=30.0)
    take = capture(CapturePlan(footage=str(clip), take_folder=folder / f"{name}.take"))
    return take, (moving.curves.yaw_rad, moving.curves.pitch_rad)


def yaw_of(geometry):
    """Return how far each head looks to its left, radians."""
    facing = geometry.camera_from_head[:, :3, 2]
    return np.arctan2(facing[:, 0], facing[:, 2])


def compare(name, take):
    """Print what becomes of a take; return the ratio, and the two geometries."""
    solved, seconds = {}, {}
    for depth in ("frame", "take"):
        settings = SmoothSettings(depth=depth)
        started = time.process_time()
        solved[depth] = raw_geometries(take, settings)
        seconds[depth] = time.process_time() - started
    by_frame, of_take = solved["frame"][0], solved["take"][0]
    is_near = np.abs(yaw_of(of_take)) <= MOST_TURNED_RAD
    is_near &= np.isfinite(of_take.head_m[:, 0, 0])
    raw = [turning_face.spread(one.head_m[is_near, :N_SKIN]) for one in (by_frame, of_take)]
    best = []
    for depth in ("frame", "take"):
        (one,) = solve(take, SmoothSettings(depth=depth), geometries=solved[depth])
        best.append(turning_face.spread(one.geometry.head_m[is_near, :N_SKIN]))
    zoom = np.tan(by_frame.camera.fov_y_rad / 2) / np.tan(of_take.camera.fov_y_rad / 2)
    yaw = np.degrees(yaw_of(of_take)[is_near])
    print(
        f"{name:26}{yaw.min():5.0f}…{yaw.max():3.0f}°  "
        f"{1e3 * raw[0]:6.2f}{1e3 * raw[1]:6.2f} mm {raw[1] / raw[0]:6.2f}   "
        f"{1e3 * best[0]:6.2f}{1e3 * best[1]:6.2f} mm {best[1] / best[0]:6.2f}  zoom {zoom:4.2f}  "
        f"CPU {1e3 * seconds['frame'] / take.n_frames:5.2f}"
        f"{1e3 * seconds['take'] / take.n_frames:5.2f} ms/frame",
        flush=True,
    )
    return raw[1] / raw[0], by_frame, of_take


def show_turn(name, true_rad, by_frame, of_take):
    """Print how much of a true yaw comes out as yaw."""
    slopes = [np.polyfit(true_rad, yaw_of(one), 1)[0] for one in (by_frame, of_take)]
    print(f"{'':26}of a true yaw comes out: frame {slopes[0]:.2f}, take {slopes[1]:.2f}")


def draw(path, by_frame, of_take):
    """Draw the face from its left, over the turn, one line a frame."""
    from matplotlib import pyplot

    profile = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 164, 0, 17, 18, 200, 199, 152]
    figure, axes = pyplot.subplots(1, 4, figsize=(16, 5), sharey=True)
    for column, (title, one) in enumerate((("by frame", by_frame), ("over the take", of_take))):
        head_mm = 1e3 * one.head_m
        colours = pyplot.cm.coolwarm((np.degrees(yaw_of(one)) + 30) / 60)
        for points, colour in zip(head_mm[::2], colours[::2], strict=True):
            axes[column].plot(points[profile, 2], points[profile, 1], color=colour, lw=0.8)
            axes[column + 2].plot(points[::3, 0], points[::3, 1], ".", color=colour, ms=1.5)
        axes[column].set_title(f"middle line from the side, {title}")
        axes[column + 2].set_title(f"from the front, {title}")
    for axis in axes:
        axis.set_aspect("equal")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> int:
    """Print a table; 1 if a rigid head is not rigid enough."""
    print(
        f"{'deviation of a rigid head':26}{'yaw':>9}   {'captured: frame, take, ratio':28}  "
        "smoothed: frame, take, ratio"
    )
    ratios, drawn = [], None
    faces = {"bent canonical face": turning_face.person(turning_face.neutral())}
    if (DATA / "ict/ict_facekit_light.npz").is_file():
        faces |= {f"ICT-FaceKit person {seed}": ict_person(seed) for seed in (1, 2)}
    for name, face_m in faces.items():
        for zoom in (1.0, 1.8):
            seen = turning_face.turning(face_m, zoom=zoom)
            take = take_of(seen.landmarks_px, turning_face.SIZE)
            ratio, by_frame, of_take = compare(f"{name}, zoom {zoom}", take)
            errors = [
                np.degrees(turning_face.turn_errors(one.camera_from_head, seen.pose).mean())
                for one in (by_frame, of_take)
            ]
            print(f"{'':26}turns miss by: frame {errors[0]:.2f}°, take {errors[1]:.2f}°")
            ratios.append(ratio)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, photo in photographs():
            take, (yaw_rad, _) = captured(folder, name, photo)
            ratio, by_frame, of_take = compare(name, take)
            show_turn(name, yaw_rad, by_frame, of_take)
            ratios.append(ratio)
            drawn = drawn or (by_frame, of_take)
        if (DATA / GIF).is_file():
            for engine in ("facemesh", "facemesh-468"):
                if engine in ENGINES:
                    plan = CapturePlan(str(DATA / GIF), folder / f"{engine}.take", engine=engine)
                    ratios.append(compare(f"GIF, {engine}", capture(plan))[0])
    if drawn and len(sys.argv) > 1:
        draw(sys.argv[1], *drawn)
    print(f"worst ratio {max(ratios):.2f}, goal {GOAL:g}")
    return int(max(ratios) > GOAL)


if __name__ == "__main__":
    sys.exit(main())
