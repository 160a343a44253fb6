"""The engine prnet beside our 478-point engine on the clips of the shared data.

Run: python tests/bench/bench_prnet.py [--quality live|best] [--picture FOLDER] [CLIP …]. Both
engines capture each clip, and both are smoothed as `live` does. Error: the mean distance of the 68
points of iBUG that both have, over √(width · height) of their box by FaceMesh, in the median frame
and in the 95th percentile. "same skin" takes the map where FaceMesh's landmarks lie on it, "68" at
its own 68 points, of which FaceMesh's are only the nearest. Flips: frames in which the eyes change
sides, or that lie off by a quarter of the box. Jitter: second difference over time in the median
frame, over the box. Goals: 4 %, no flips, jitter at most twice FaceMesh's. `--picture` draws both
meshes over frames. Clips are looked for in $MIEN_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from mien.core.export.face_drawing import DrawnFace, FaceDrawing
from mien.core.geometry import load_map_face, vertices_from_map
from mien.core.geometry.position_map import load_position_layout
from mien.core.landmarks.topology import FACEMESH_OF_68
from mien.core.pipeline import CapturePlan, capture, contours_of_mesh, solve
from mien.core.settings import SmoothSettings, SourceSettings
from mien.core.source import open_source
from mien.core.takes import read_position_maps

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("MIEN_DATA", ROOT.parent / "shared" / "data"))
CLIPS = (
    "pyfeat_WolfgangLanger_Pexels.mp4", "pyfeat_face_noface.mov", "liveportrait_d12.mp4",
    "sadtalker_WDA_KatieHill.mp4", "intel_ccby_asl_yes.mkv",
    "intel_ccby_head-pose-face-detection-female.gif",
)  # fmt: skip
GOAL_PERCENT, GOAL_JITTER, FLIP = 4.0, 2.0, 0.25
EYE_CORNERS = (36, 45)
N_DRAWN = 4


def captured(clip, engine, *, quality, folder):
    """Return the take of a clip."""
    plan = CapturePlan(
        footage=str(clip), take_folder=Path(folder) / engine, engine=engine, quality=quality
    )
    return capture(plan)


def same_skin(take):
    """Return the map's points at FaceMesh's 68 landmarks: (n_frames, 68, 2), as captured."""
    uv = load_position_layout().facemesh_uv[list(FACEMESH_OF_68)]
    rows = []
    for row in range(take.n_frames):
        (one,) = read_position_maps(take, 0, first=row, stop=row + 1)
        rows.append(vertices_from_map(one, uv)[:, :2])
    points = np.stack(rows)
    points[take.faces[0].presence <= 0] = np.nan
    return points


def box_of(points):
    """Return the size of the box of the points by frame: (n_frames,)."""
    return np.sqrt(np.ptp(points, axis=1).prod(-1))


def jitter(points, box):
    """Return the second difference in the median frame, in percent of the box."""
    squares = (np.diff(points, n=2, axis=0) ** 2).sum(-1).mean(-1)
    return 100.0 * float(np.sqrt(np.nanmedian(squares)) / np.nanmedian(box))


def row_of_clip(clip, *, quality, pictures):
    """Compare the engines on a clip; return the cells of its row."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        takes = [captured(clip, name, quality=quality, folder=folder) for name in
                 ("facemesh", "prnet")]  # fmt: skip
        mesh, maps = (solve(take, SmoothSettings(mode="live"))[0] for take in takes)
        skin = same_skin(takes[1])
    if pictures:
        draw(clip, (mesh, maps), pictures)
    theirs = mesh.track.landmarks_px[:, FACEMESH_OF_68, :2].astype(float)
    ours = maps.track.landmarks_px[:, load_map_face().landmark_vertex, :2].astype(float)
    box = box_of(theirs)
    errors = [np.linalg.norm(points - theirs, axis=-1).mean(-1) / box for points in (skin, ours)]
    both = np.isfinite(errors[1])
    across = [points[both, EYE_CORNERS[1]] - points[both, EYE_CORNERS[0]] for points in
              (theirs, ours)]  # fmt: skip
    n_flips = int((((across[0] * across[1]).sum(-1) < 0) | (errors[1][both] > FLIP)).sum())
    smooth = [
        mesh.landmarks_smooth_px[:, FACEMESH_OF_68, :2],
        maps.landmarks_smooth_px[:, load_map_face().landmark_vertex, :2],
    ]
    shaking = [jitter(points.astype(float), box) for points in smooth]
    raw = [jitter(points, box) for points in (theirs, ours)]
    seen = [int((take.faces[0].presence > 0).sum()) for take in takes]
    percent = [100.0 * f(error[both]) for error in errors for f in (np.median, p95)]
    return [takes[0].n_frames, *seen, *percent, n_flips, *raw, *shaking, shaking[1] / shaking[0]]


def p95(values):
    """Return the 95th percentile."""
    return float(np.percentile(values, 95.0))


def draw(clip, performances, folder):
    """Draw both engines' meshes over some frames: FaceMesh above, the map below."""
    folder.mkdir(parents=True, exist_ok=True)
    first = performances[0]
    chosen = set(np.linspace(0, len(first.time_s) - 1, N_DRAWN + 2).astype(int)[1:-1].tolist())
    rows = [[], []]
    with open_source(str(clip), SourceSettings()) as source:
        for number, frame in enumerate(source.frames()):
            for row, one in zip(rows, performances, strict=True) if number in chosen else ():
                n_points = one.landmarks_smooth_px.shape[1]
                drawing = FaceDrawing(
                    first.footage.size,
                    polygons=[one.topology.polygons],
                    contours=contours_of_mesh(n_points),
                )
                face = DrawnFace(one.landmarks_smooth_px[number], False)
                row.append(drawing.draw(frame.image, [face])[..., ::-1])
    picture = np.vstack([np.hstack(row) for row in rows])
    cv2.imwrite(str(folder / f"{clip.stem}.png"), picture)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--quality", choices=("live", "best"), default="live")
    parser.add_argument("--picture", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    clips = arguments.clips or [DATA / "clips" / name for name in CLIPS]
    print(f"quality {arguments.quality}; error and jitter in % of the box; smoothed live")
    print("frames  seen by facemesh, prnet | same skin: median, p95 | 68: median, p95 | flips | "
          "raw jitter facemesh, prnet | live jitter facemesh, prnet, ratio")  # fmt: skip
    for clip in clips:
        if not clip.is_file():
            print(f"{clip.name}: missing")
            continue
        cells = row_of_clip(clip, quality=arguments.quality, pictures=arguments.picture)
        n_frames, by_mesh, by_maps, *errors, n_flips, raw_m, raw_p, live_m, live_p, ratio = cells
        good = errors[0] <= GOAL_PERCENT and not n_flips and ratio <= GOAL_JITTER
        print(
            f"{clip.name[:34]:34} {n_frames:4} {by_mesh:4} {by_maps:4} | "
            + " ".join(f"{value:5.2f}" for value in errors)
            + f" | {n_flips} | {raw_m:.3f} {raw_p:.3f} | {live_m:.3f} {live_p:.3f} {ratio:.2f}"
            + ("" if good else "  misses a goal"),
            flush=True,
        )


if __name__ == "__main__":
    main()
