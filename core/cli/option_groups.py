"""Options that several verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..inference.devices import PROVIDERS
from ..landmarks.engines import ENGINES
from ..outputs import SUFFIXES
from ..settings import (
    CARRIERS,
    DEFAULT_ENGINE,
    DENSITIES,
    DEPTHS,
    DETECTOR_RANGES,
    HEAD_SCALES,
    QUALITIES,
    SMOOTHINGS,
    AnimateSettings,
    DetectSettings,
    MeshSettings,
    SmoothSettings,
    TrackSettings,
)
from .argument_types import (
    metres_from_millimetres,
    positive_number,
    round_count,
    seconds_from_text,
    thread_count,
)


def add_clip(parser: argparse.ArgumentParser) -> None:
    """Add the footage."""
    parser.add_argument(
        "clip",
        metavar="CLIP",
        help="a video, a GIF, a folder of images, numbered images (shot_####.png or the first of "
        "them), 'camera:0', or a stream's address",
    )


def add_take(parser: argparse.ArgumentParser) -> None:
    """Add the take, by its folder."""
    parser.add_argument("take", type=Path, metavar="TAKE", help="folder of the take")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the files to write."""
    parser.add_argument(
        "-o",
        dest="outputs",
        type=Path,
        metavar="OUT",
        action="append",
        required=True,
        help="file to write; may be given several times. The suffix chooses the format: "
        + " ".join(SUFFIXES),
    )


def add_engine(parser: argparse._ActionsContainer) -> None:
    """Add what finds the landmarks."""
    parser.add_argument(
        "--engine",
        choices=tuple(ENGINES),
        default=DEFAULT_ENGINE,
        help=f"what finds the landmarks (default: {DEFAULT_ENGINE})",
    )


def add_device(parser: argparse._ActionsContainer) -> None:
    """Add where networks run."""
    parser.add_argument(
        "--device",
        choices=tuple(PROVIDERS),
        default="cpu",
        help="where networks run; the CPU takes over, and that is said, from one that does not "
        "work (default: cpu)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=thread_count,
        default=1,
        help="threads for a network, 0 for all cores (default: 1)",
    )


def add_capture_options(parser: argparse.ArgumentParser) -> None:
    """Add how footage is captured."""
    group = parser.add_argument_group("capture")
    add_engine(group)
    add_device(group)
    group.add_argument(
        "--quality",
        choices=QUALITIES,
        default="best",
        help="live looks at each frame once, as it comes; best looks again, through a window that "
        "does not shake, once the next half second is known; animate smooths likewise, unless "
        "--smooth says otherwise (default: best)",
    )
    group.add_argument(
        "--detector",
        choices=DETECTOR_RANGES,
        default=DetectSettings().range,
        help="short: faces within about two metres; full: within five; auto: far ones where none "
        f"is near (default: {DetectSettings().range})",
    )
    group.add_argument(
        "--faces",
        metavar="N",
        type=int,
        default=TrackSettings().n_faces,
        help=f"how many faces to follow (default: {TrackSettings().n_faces})",
    )
    group.add_argument(
        "--no-track",
        dest="is_tracked",
        action="store_false",
        help="take each frame by itself: the face is detected anew",
    )
    group.add_argument(
        "--start",
        metavar="TIME",
        type=seconds_from_text,
        help="begin here: seconds or [hh:]mm:ss",
    )
    group.add_argument("--end", metavar="TIME", type=seconds_from_text, help="end here")
    group.add_argument(
        "--rate", metavar="HZ", type=positive_number, help="frames a second of numbered images"
    )
    again = group.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        help="go on with the take that is there, where there is one; give the same options again; "
        "not with a camera",
    )
    again.add_argument(
        "--overwrite", action="store_true", help="begin anew, and lose the take that is there"
    )


def add_solve_options(parser: argparse.ArgumentParser, *, has_quality: bool = False) -> None:
    """Add how a take is smoothed; `has_quality` where --quality has a say in it."""
    group = parser.add_argument_group("smoothing")
    default = SmoothSettings()
    with_live = "; with --quality live: live" if has_quality else ""
    group.add_argument(
        "--smooth",
        choices=SMOOTHINGS,
        help=f"none, live (One Euro), best (without lag) (default: {default.mode}{with_live})",
    )
    group.add_argument(
        "--min-cutoff",
        metavar="HZ",
        type=float,
        default=default.min_cutoff_hz,
        help="live: frequency above which a still face is smoothed "
        f"(default: {default.min_cutoff_hz:g})",
    )
    group.add_argument(
        "--beta",
        metavar="B",
        type=float,
        default=default.beta,
        help=f"live: how fast the cutoff rises with speed (default: {default.beta:g})",
    )
    group.add_argument(
        "--quick-gain",
        metavar="X",
        type=float,
        default=default.quick_gain,
        help="live: how many times --beta counts at lids, lips and irises "
        f"(default: {default.quick_gain:g})",
    )
    group.add_argument(
        "--calm-cutoff",
        metavar="HZ",
        type=float,
        default=default.calm_cutoff_hz,
        help="best: frequency above which a still face is smoothed "
        f"(default: {default.calm_cutoff_hz:g})",
    )
    group.add_argument(
        "--motion-threshold",
        metavar="X",
        type=float,
        default=default.motion_threshold,
        help="best: how many times the noise a movement must be to be kept whole "
        f"(default: {default.motion_threshold:g})",
    )
    group.add_argument(
        "--fill-gaps",
        metavar="SECONDS",
        type=float,
        default=default.fill_gap_s,
        help=f"fill gaps up to this long (default: {default.fill_gap_s:g})",
    )
    group.add_argument(
        "--depth",
        choices=DEPTHS,
        default=default.depth,
        help="take: one shape of the face and one camera for all frames, so that a head stays "
        "itself when it turns; frame: each frame by itself; auto: take with --smooth best, else "
        f"frame (default: {default.depth})",
    )
    group.add_argument(
        "--scale",
        choices=HEAD_SCALES,
        default=default.scale,
        help="how large the head is: as the average face, or by its irises, which are 11.7 mm wide "
        f"in nearly everyone (default: {default.scale})",
    )


def add_scene_options(parser: argparse.ArgumentParser) -> None:
    """Add what outputs of a mesh are like."""
    group = parser.add_argument_group("scene")
    mesh, animate = MeshSettings(), AnimateSettings()
    group.add_argument(
        "--carrier",
        choices=CARRIERS,
        default=animate.carrier,
        help=f"what carries the animation in Blender (default: {animate.carrier})",
    )
    group.add_argument(
        "--tolerance",
        metavar="MM",
        type=metres_from_millimetres,
        default=animate.tolerance_m,
        help="worst error of a vertex with shape-keys, in millimetres "
        f"(default: {animate.tolerance_m * 1000:g})",
    )
    group.add_argument(
        "--density",
        choices=DENSITIES,
        default=mesh.density,
        help="with engine prnet: about how many vertices are sampled from its position map "
        f"(default: {mesh.density})",
    )
    group.add_argument(
        "--subdivide",
        metavar="LEVEL",
        type=int,
        default=mesh.subdivide,
        help=f"Catmull-Clark levels, 0 to 3 (default: {mesh.subdivide})",
    )
    group.add_argument(
        "--limit-surface", action="store_true", help="with --subdivide: on to the limit surface"
    )
    group.add_argument("--camera", action="store_true", help="add a camera with the footage behind")
    group.add_argument(
        "--texture",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the face's colours from the footage (default), or plain skin",
    )
    group.add_argument(
        "--scene-rate",
        metavar="HZ",
        type=positive_number,
        help="frames a second of the scene and of point caches (default: the footage's)",
    )


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Add what is measured, and beside whom."""
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="FILE.npz",
        help="the clip's true landmarks, as 'landmarks_px': adds error, lag and what is lost of "
        "blinks and jaw",
    )
    parser.add_argument(
        "--rounds",
        type=round_count,
        default=3,
        metavar="N",
        help="how often each takes its turn on the clip; medians are shown (default: 3)",
    )
    parser.add_argument(
        "--photograph",
        type=Path,
        metavar="IMAGE",
        help="a frontal face to put in motion (default: the demo's)",
    )
    parser.add_argument(
        "--conditions",
        default="all",
        metavar="NAMES",
        help="how the moving photograph is filmed: names with commas, 'all' or 'none' "
        "(default: all)",
    )
    parser.add_argument(
        "--truth-by",
        choices=("mien", "mediapipe"),
        default="mien",
        help="who finds the photograph's landmarks, which motion then carries (default: mien)",
    )
    parser.add_argument(
        "--task",
        type=Path,
        metavar="FILE.task",
        help="MediaPipe's face_landmarker.task: its FaceLandmarker takes part",
    )
    parser.add_argument(
        "--mediapipe-python",
        metavar="PYTHON",
        help="a Python that has MediaPipe, where this one has not (default: that of the variable "
        "MIEN_MEDIAPIPE_PYTHON, or of .venv-mediapipe in a checkout)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="save tables and figures: a folder, or one .json or .txt file",
    )
