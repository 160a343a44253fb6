"""How long subdivision and blendshapes take: 1000 frames of the canonical face's 468 points.

Run: `python tests/bench/bench_mesh.py`. Exits with 1 above a limit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.core.animate import blendshapes_from_positions
from mien.core.mesh import polygon_mesh, subdivide_positions, subdivision
from mien.core.settings import AnimateSettings

ASSET = Path(__file__).resolve().parents[2] / "assets" / "canonical_face_468.npz"
N_FRAMES = 1000
N_RUNS = 5
SUBDIVISION_LIMITS_S = {1: 0.1, 2: 0.25}
BLENDSHAPES_LIMIT_S = 0.5


def make_positions(neutral_m: np.ndarray, *, noise_m: float) -> np.ndarray:
    """Thirty smooth moves of parts of the face, each weaker than the one before, and noise."""
    rng = np.random.default_rng(1)
    n_moves = 30
    centres = neutral_m[rng.integers(0, len(neutral_m), n_moves)]
    distances = np.linalg.norm(neutral_m - centres[:, None], axis=-1)
    moves = np.exp(-((distances / 0.03) ** 2))[..., None] * rng.normal(0, 1, (n_moves, 1, 3))
    moves *= 0.008 * 0.88 ** np.arange(n_moves)[:, None, None]
    time_s = np.arange(N_FRAMES)[:, None] / 25.0
    amounts = np.sin(time_s * rng.uniform(0.5, 6, n_moves) + rng.uniform(0, 6, n_moves))
    positions = neutral_m + np.einsum("tk,knc->tnc", amounts, moves)
    return (positions + rng.normal(0, noise_m, positions.shape)).astype(np.float32)


def best_s(work: Callable[[], object]) -> float:
    """Time the fastest of several runs, in seconds."""
    found = []
    for _ in range(N_RUNS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> int:
    """Print one line a measurement; return 1 if one is above its limit."""
    with np.load(ASSET) as asset:
        neutral_m, triangles = asset["neutral_m"], asset["triangles"]
    mesh = polygon_mesh(triangles, n_vertices=len(neutral_m))
    positions = make_positions(neutral_m, noise_m=1e-5)
    is_slow = False
    for level, limit_s in SUBDIVISION_LIMITS_S.items():
        for use_limit_surface in (False, True):
            start = time.perf_counter()
            fine = subdivision(mesh, levels=level, use_limit_surface=use_limit_surface)
            topology_s = time.perf_counter() - start
            taken_s = best_s(lambda stencil=fine.stencil: subdivide_positions(stencil, positions))
            is_slow |= taken_s > limit_s
            print(
                f"subdivision level {level}, limit surface {use_limit_surface!s:5}: "
                f"{fine.stencil.n_points} points × {N_FRAMES} frames in {taken_s:.3f} s "
                f"(at most {limit_s:g} s), topology {topology_s:.3f} s"
            )
    settings = AnimateSettings()
    for noise_m in (1e-6, 1e-5, 2e-5):
        noisy = make_positions(neutral_m, noise_m=noise_m)

        def work(take: np.ndarray = noisy):
            return blendshapes_from_positions(
                take,
                tolerance_m=settings.tolerance_m,
                max_blendshapes=settings.max_blendshapes,
            )

        found, taken_s = work(), best_s(work)
        is_slow |= taken_s > BLENDSHAPES_LIMIT_S
        print(
            f"blendshapes, noise {noise_m * 1e6:g} µm: {len(found.names)} in {taken_s:.3f} s "
            f"(at most {BLENDSHAPES_LIMIT_S:g} s), worst error {found.worst_error_m * 1e3:.4f} mm"
        )
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())
