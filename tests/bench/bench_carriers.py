"""How long the carriers take in Blender: 1000 frames of 468 vertices, as a scene gets them.

Run with the bpy module: `python tests/bench/bench_carriers.py`. Exits with 1 above a limit.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from mien.addon.scene.expression import ExpressionPlan, add_carried_face
from mien.addon.scene.mesh_object import collection_of
from mien.addon.scene.timeline import pose_keys
from mien.core.pipeline import carry_expression
from mien.core.records import (
    Camera,
    FaceGeometry,
    FaceTopology,
    FaceTrack,
    Footage,
    Performance,
)
from mien.core.settings import AnimateSettings, MeshSettings

N_FRAMES, N_COLUMNS, N_ROWS = 1000, 18, 26
N_COMPONENTS = 30
LIMITS_S = {"vertices": 0.6, "absolute-keys": 0.2, "shape-keys": 1.5, "cache": 0.1}
N_RUNS = 3


def make_performance() -> Performance:
    """A face with as many independent motions as a real one has above 0.1 mm, and some noise."""
    rng = np.random.default_rng(1)
    x, y = np.meshgrid(np.linspace(-0.08, 0.08, N_COLUMNS), np.linspace(-0.1, 0.1, N_ROWS))
    neutral = np.stack([x, y, 0.05 - 4 * x**2 - 3 * y**2], -1).reshape(-1, 3)
    time_s = np.arange(N_FRAMES) / 25.0
    strength = 0.01 * 0.85 ** np.arange(N_COMPONENTS)
    rates = rng.uniform(0.5, 6.0, N_COMPONENTS)
    amounts = np.sin(time_s[:, None] * rates + rng.uniform(0, 6, N_COMPONENTS)) * strength
    offsets = rng.normal(0, 0.5, (N_COMPONENTS, neutral.size))
    head = neutral + (amounts @ offsets).reshape(N_FRAMES, -1, 3)
    head += rng.normal(0, 1e-5, head.shape)
    grid = np.arange(N_COLUMNS * N_ROWS).reshape(N_ROWS, N_COLUMNS)
    a, b, c, d = (
        part.ravel() for part in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    )
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    head = head.astype(np.float32)
    matrices = np.tile(np.eye(4), (N_FRAMES, 1, 1))
    return Performance(
        footage=Footage("", "video", (480, 640), 25.0, N_FRAMES),
        time_s=time_s,
        track=FaceTrack(np.ones(N_FRAMES, np.float32), head, np.zeros((N_FRAMES, 4), np.float32)),
        landmarks_smooth_px=head,
        geometry=FaceGeometry(head, matrices, matrices, Camera(1.1, (480, 640))),
        topology=FaceTopology(
            neutral.astype(np.float32), triangles, np.zeros((len(neutral), 2), np.float32)
        ),
        is_filled=np.zeros(N_FRAMES, bool),
    )


def seconds_of(carrier: str, performance: Performance, folder: Path) -> tuple[float, int]:
    """Return the best time to build the face, analysis included, and its number of shape keys."""
    best, n_blendshapes = float("inf"), 0
    for _ in range(N_RUNS):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        collection = collection_of(bpy.context.scene, "bench")
        started = time.perf_counter()
        carried = carry_expression(
            performance,
            mesh=MeshSettings(),
            animate=AnimateSettings(carrier=carrier),
            rate_hz=25.0,
        )
        plan = ExpressionPlan(
            carried,
            pose_keys(performance, rate_hz=25.0),
            MeshSettings(),
            folder / f"{carrier}.pc2",
        )
        add_carried_face("Face", collection, plan)
        best = min(best, time.perf_counter() - started)
        n_blendshapes = len(carried.names)
    return best, n_blendshapes


def main() -> int:
    """Print a table; 1 if a carrier is too slow."""
    performance = make_performance()
    is_slow = False
    print(f"Blender {bpy.app.version_string}, {N_FRAMES} frames x {N_COLUMNS * N_ROWS} vertices")
    with tempfile.TemporaryDirectory() as folder:
        for carrier, limit_s in LIMITS_S.items():
            took_s, n_blendshapes = seconds_of(carrier, performance, Path(folder))
            keys = f"  ({n_blendshapes} shape keys)" if n_blendshapes else ""
            print(f"{carrier:14} {took_s:6.3f} s  limit {limit_s:.1f} s{keys}")
            is_slow |= took_s > limit_s
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())
