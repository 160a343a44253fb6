"""What the constants of `live` cost and give: jitter, lag, what is left of blinks and speech.

Run: python tests/bench/bench_one_euro.py [--engine NAME] [--figure FILE.svg]. Footage: a moving and
a still photograph at 25, 30 and 60 frames a second with two amounts of noise, and, where the data
folder is, a clip with blinks and one with speech. All figures are parts of those of the raw
samples: what a network itself loses is not the filter's. Five minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.core.bench import MotionSettings, MovingPhotograph, write_clip
from mien.core.bench.measure import (
    eye_opening,
    jitter_percent,
    kept_amplitude,
    lag_frames,
    mouth_opening,
    shaking_percent,
)
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import CapturePlan, FaceFinder, capture
from mien.core.pipeline.causal import calm_causally
from mien.core.records import Frame
from mien.core.settings import DEFAULT_ENGINE, SmoothSettings

DATA = Path(os.environ.get("MIEN_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BLINKS, SPEECH = "pyfeat_WolfgangLanger_Pexels.mp4", "sadtalker_WDA_KatieHill.mp4"
SIZE = (480, 640)
RATES_HZ, NOISES = (25.0, 30.0, 60.0), (4.0, 8.0)
AT_REST = dict.fromkeys(("yaw_rad", "pitch_rad", "roll_rad", "shift", "scale", "jaw_rad"), 0.0) | {
    "smile": 0.0,
    "has_blinks": False,
}
N_COMMON = 468
"""The truth has no irises."""
SETTLED_S = 0.7
BETAS = (20.0, 40.0, 80.0, 160.0, 320.0)
DEFAULT = SmoothSettings(mode="live")


@dataclass(frozen=True)
class Samples:
    """Raw landmarks of one piece of footage; `truth_px` where it is known."""

    points_px: np.ndarray
    time_s: np.ndarray
    shot: np.ndarray
    truth_px: np.ndarray | None = None

    @property
    def rate_hz(self) -> float:
        return float(1.0 / np.median(np.diff(self.time_s)))

    def calmed(self, settings: SmoothSettings) -> np.ndarray:
        return calm_causally(self.points_px, self.time_s, settings=settings, shot=self.shot)


def live(**changes: float) -> SmoothSettings:
    """The defaults with changes."""
    values = {"min_cutoff_hz": DEFAULT.min_cutoff_hz, "beta": DEFAULT.beta}
    values |= {"quick_gain": DEFAULT.quick_gain}
    values |= {"derivative_cutoff_hz": DEFAULT.derivative_cutoff_hz}
    return SmoothSettings(mode="live", **(values | changes))


NAMED = {
    "MediaPipe 0.05, 80, 1": live(
        min_cutoff_hz=0.05, beta=80, quick_gain=1, derivative_cutoff_hz=1
    ),
    "Mien before 0.3, 80, 4": live(
        min_cutoff_hz=0.3, beta=80, quick_gain=1, derivative_cutoff_hz=4
    ),
    "default": DEFAULT,
    "min_cutoff 1": live(min_cutoff_hz=1.0),
    "beta 40": live(beta=40.0),
    "beta 160": live(beta=160.0),
    "derivative_cutoff 1": live(derivative_cutoff_hz=1.0),
    "derivative_cutoff 4": live(derivative_cutoff_hz=4.0),
    "quick_gain 1": live(quick_gain=1.0),
    "quick_gain 8": live(quick_gain=8.0),
}


def captured(clip: Path, folder: Path, *, engine: str, truth_px=None) -> Samples:
    """Capture a clip as `live` does, and keep what its first face gave."""
    take_folder = folder / f"{clip.stem}.take"
    plan = CapturePlan(str(clip), take_folder, engine=engine, quality="live", is_overwriting=True)
    take = capture(plan)
    return Samples(take.faces[0].landmarks_px, take.time_s, take.shot, truth_px)


def photographs(folder: Path, *, engine: str) -> tuple[list[Samples], list[Samples]]:
    """Return samples of the photograph moving, and still."""
    from skimage import data

    photo = data.astronaut()
    finder = FaceFinder(CapturePlan("", folder, engine=engine))
    landmarks = finder.find(Frame(0, 0.0, photo))[0].points_px[:N_COMMON]
    triangles = load_canonical_face(N_COMMON).topology.triangles
    found: tuple[list[Samples], list[Samples]] = ([], [])
    for rate_hz in RATES_HZ:
        for noise in NOISES:
            for kind, (length_s, rest) in enumerate(((6.0, {}), (3.0, AT_REST))):
                settings = MotionSettings(
                    size=SIZE,
                    rate_hz=rate_hz,
                    n_frames=round(length_s * rate_hz),
                    noise_sigma=noise,
                    seed=2,
                    **rest,
                )
                moving = MovingPhotograph(photo, landmarks, triangles=triangles, settings=settings)
                clip = folder / f"{kind}-{rate_hz:g}-{noise:g}.mp4"
                frames = (moving.frame(index) for index in range(moving.n_frames))
                write_clip(clip, frames, rate_hz=rate_hz)
                truth = np.stack([moving.truth_px(index) for index in range(moving.n_frames)])
                found[kind].append(captured(clip, folder, engine=engine, truth_px=truth))
    return found


@dataclass(frozen=True)
class Footage:
    """All samples; the clips are None where the data folder lacks them."""

    moving: list[Samples]
    still: list[Samples]
    blinks: Samples | None
    speech: Samples | None


@dataclass(frozen=True)
class Found:
    """Figures of one setting, each but the lag a part of the raw samples' own."""

    still_jitter: float
    moving_jitter: float
    moving_error: float
    lag_frames: float
    made_blink: float
    made_jaw: float
    real_blink: float = float("nan")
    real_speech: float = float("nan")
    real_shaking: float = float("nan")


def measured(footage: Footage, settings: SmoothSettings) -> Found:
    """Smooth all footage with one setting."""
    still = [_jitter_left(one, one.calmed(settings), settle=True) for one in footage.still]
    moving = [(one, one.calmed(settings)) for one in footage.moving]
    real = {}
    if footage.blinks is not None:
        calm = footage.blinks.calmed(settings)
        raw = footage.blinks.points_px
        real["real_blink"] = blink_depth_kept(calm, raw, rate_hz=footage.blinks.rate_hz)
        real["real_shaking"] = shaking_percent(calm) / shaking_percent(raw)
    if footage.speech is not None:
        calm = mouth_opening(footage.speech.calmed(settings))
        real["real_speech"] = kept_amplitude(calm, mouth_opening(footage.speech.points_px))
    return Found(
        still_jitter=float(np.mean(still)),
        moving_jitter=float(np.mean([_jitter_left(*pair) for pair in moving])),
        moving_error=float(np.mean([_error(c, o) / _error(o.points_px, o) for o, c in moving])),
        lag_frames=float(np.mean([_lag(c, o) for o, c in moving])),
        made_blink=min(_kept(c, o, opening=eye_opening) for o, c in moving),
        made_jaw=min(_kept(c, o, opening=mouth_opening) for o, c in moving),
        **real,
    )


def blink_depth_kept(calm_px: np.ndarray, raw_px: np.ndarray, *, rate_hz: float) -> float:
    """Return how deep the blinks of a clip still are: the median over blinks, 1 for all."""
    raw, calm = eye_opening(raw_px), eye_opening(calm_px)
    half, near = round(rate_hz), round(0.2 * rate_hz)
    frames = np.arange(near, len(raw) - near)
    usual = np.array([np.nanmedian(raw[max(0, f - half) : f + half]) for f in range(len(raw))])
    depth = usual - raw
    deep = 0.35 * np.nanmax(depth[near:-near])
    blinks = [
        f
        for f in frames
        if depth[f] > deep and depth[f] == np.nanmax(depth[f - near : f + near + 1])
    ]
    kept = [(usual[f] - np.nanmin(calm[f - 2 : f + near + 1])) / depth[f] for f in blinks]
    return float(np.median(kept))


def _jitter_left(one: Samples, calm_px: np.ndarray, *, settle: bool = False) -> float:
    """Return the jitter of calmed samples as a part of the raw ones'."""
    kept = slice(round(SETTLED_S * one.rate_hz) if settle else 0, None)
    truth = one.truth_px[kept]
    parts = [points[kept, :N_COMMON] for points in (calm_px, one.points_px)]
    return jitter_percent(parts[0], truth) / jitter_percent(parts[1], truth)


def _error(points_px: np.ndarray, one: Samples) -> float:
    """Return the mean error in pixels, each landmark's mean offset taken away."""
    offsets = points_px[:, :N_COMMON, :2] - one.truth_px[..., :2]
    return float(np.linalg.norm(offsets - offsets.mean(0), axis=-1).mean())


def _lag(calm_px: np.ndarray, one: Samples) -> float:
    """Return by how many frames calmed samples come after the raw ones."""
    speeds = [np.diff(p[..., :2].mean(1), axis=0) for p in (calm_px, one.points_px)]
    return lag_frames(*speeds)


def _kept(calm_px: np.ndarray, one: Samples, *, opening) -> float:
    """Return how much of an opening's true amplitude is kept, as a part of what raw samples had."""
    truth = opening(one.truth_px)
    return kept_amplitude(opening(calm_px), truth) / kept_amplitude(opening(one.points_px), truth)


def draw_figure(path: Path, curves: dict[str, list[Found]], marks: dict[str, Found]) -> None:
    """Draw what a blink keeps and how late a face is over how much it still trembles."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "mien"})
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained")
    colours = dict(zip(curves, ("#1f6fb4", "#c2571a"), strict=True))
    for name, found in curves.items():
        jitter = [100 * one.still_jitter for one in found]
        style = {"color": colours[name], "marker": "o", "markersize": 4, "label": name}
        left.plot(jitter, [100 * one.real_blink for one in found], **style)
        right.plot(jitter, [one.lag_frames for one in found], **style)
        for beta, x, one in zip(BETAS, jitter, found, strict=True):
            place = {"xytext": (4, -10), "textcoords": "offset points", "fontsize": 8}
            left.annotate(f"{beta:g}", (x, 100 * one.real_blink), color=colours[name], **place)
    for marker, (name, one) in zip("s*", marks.items(), strict=True):
        style = {"color": "black", "marker": marker, "linestyle": "", "markersize": 9}
        left.plot(100 * one.still_jitter, 100 * one.real_blink, label=name, zorder=5, **style)
        right.plot(100 * one.still_jitter, one.lag_frames, zorder=5, **style)
    left.set(ylabel="depth of real blinks kept, %", title="A blink (numbers: beta)")
    right.set(ylabel="lag, frames", title="A moving head", ylim=(0.0, None))
    for axes in (left, right):
        axes.set_xlabel("jitter left on a still face, % of the raw one")
        axes.set_xlim(0.0, None)
        axes.grid(color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(path, dpi=130, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default=DEFAULT_ENGINE)
    parser.add_argument("--figure", type=Path, help="draw the trade-off here; needs the clips")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        folder = Path(name)
        clips = {clip: DATA / "clips" / clip for clip in (BLINKS, SPEECH)}
        for clip, path in clips.items():
            if not path.exists():
                print(f"left out: '{clip}' is not in the data folder (set MIEN_DATA)")
        real = [
            captured(path, folder, engine=arguments.engine) if path.exists() else None
            for path in clips.values()
        ]
        footage = Footage(*photographs(folder, engine=arguments.engine), *real)
    names = list(Found.__dataclass_fields__)
    print(f"{arguments.engine:<24}", *(f"{name:>13}" for name in names))
    for name, settings in NAMED.items():
        found = measured(footage, settings)
        print(f"{name:<24}", *(f"{getattr(found, key):13.3f}" for key in names), flush=True)
    if arguments.figure is not None and footage.blinks is not None:
        curves = {
            f"lids and lips {gain:g} times as quick" if gain > 1 else "all points alike": [
                measured(footage, live(beta=beta, quick_gain=gain)) for beta in BETAS
            ]
            for gain in (DEFAULT.quick_gain, 1.0)
        }
        marks = {
            "default": measured(footage, DEFAULT),
            "MediaPipe's constants": measured(footage, NAMED["MediaPipe 0.05, 80, 1"]),
        }
        draw_figure(arguments.figure, curves, marks)


if __name__ == "__main__":
    main()
