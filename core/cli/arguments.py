"""The words that `mien` understands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..errors import ArgumentError
from ..landmarks.engines import ENGINES
from ..settings import (
    CARRIERS,
    DEFAULT_ENGINE,
    SMOOTHINGS,
    AnimateSettings,
    MeshSettings,
    SmoothSettings,
    TrackSettings,
)
from ..version import VERSION
from .argument_types import (
    metres_from_millimetres,
    positive_number,
    seconds_from_text,
    thread_count,
)
from .outputs import SUFFIXES

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction["_Parser"]

QUALITIES = ("live", "best")
_EXIT_CODES = """\
exit codes:
  0 done; 2 wrong arguments; 3 an input, a model or an output is missing or unusable;
  4 no face in the whole clip; 130 interrupted"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is a `MienError`, so that `--json` covers it too."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise ArgumentError(f"{message}. See '{self.prog} --help'.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; its result has `verb`, and what the verb's function reads."""
    parser = _Parser(
        prog="mien",
        description="Turn footage of a face into an animated face, offline.",
        epilog=f"example:\n  mien animate clip.mp4 -o face.blend\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mien {VERSION}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_animate(verbs)
    _add_capture(verbs)
    _add_build(verbs)
    _add_export(verbs)
    _add_models(verbs)
    _add_info(verbs)
    _add_bench(verbs)
    return parser


def _add_verb(
    verbs: _Subparsers, name: str, *, does: str, example: str, notes: str = ""
) -> argparse.ArgumentParser:
    """Add a verb with the option that all have, and an example at the end of its help."""
    parser = verbs.add_parser(
        name,
        help=does[0].lower() + does[1:],
        description=f"{does}." + (f"\n\n{notes}" if notes else ""),
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on stdout, for errors too"
    )
    return parser


def _add_animate(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "animate",
        does="Turn footage into an animated face, all of it in one go",
        example="mien animate clip.mp4 -o face.blend -o face.npz --subdivide 1",
        notes=(
            "The capture is kept in the folder --take. Without one it goes to 'OUT.take' beside\n"
            "the first output (face.blend: face.take) and is removed when all is written. If\n"
            "something stops the work, it stays there, and the same command with --resume goes on."
        ),
    )
    _add_clip(parser)
    _add_outputs(parser)
    parser.add_argument("--take", type=Path, metavar="DIR", help="keep the capture in this folder")
    _add_capture_options(parser)
    _add_solve_options(parser)
    _add_scene_options(parser)


def _add_capture(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "capture",
        does="Find the faces in footage and keep them in a take",
        example="mien capture clip.mp4 --take clip.take --faces 2 --start 1:30 --end 1:45",
        notes="Ctrl-C stops; what was captured is kept, and --resume goes on.",
    )
    _add_clip(parser)
    parser.add_argument(
        "--take", type=Path, metavar="DIR", required=True, help="folder of the take, new or empty"
    )
    _add_capture_options(parser)


def _add_build(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "build",
        does="Make a Blender scene from a take",
        example="mien build clip.take -o face.blend --carrier absolute-keys --camera",
    )
    _add_take(parser)
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE.blend", required=True, help="the scene"
    )
    _add_solve_options(parser)
    _add_scene_options(parser)


def _add_export(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "export",
        does="Write a take as files for other programs",
        example="mien export clip.take -o face.fbx -o overlay.mp4",
    )
    _add_take(parser)
    _add_outputs(parser)
    _add_solve_options(parser)
    _add_scene_options(parser)


def _add_models(verbs: _Subparsers) -> None:
    does = "List, import and verify the networks' weights"
    parser = verbs.add_parser(
        "models",
        help=does[0].lower() + does[1:],
        description=f"{does}.",
        epilog="example:\n  mien models list",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_verb(
        actions, "list", does="List the weights that are there", example="mien models list --json"
    )
    importing = _add_verb(
        actions,
        "import",
        does="Check and convert a weight file of a network's authors, and keep it",
        example="mien models import face_landmarker.task",
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="for example a .tflite or .pth")
    _add_verb(
        actions,
        "verify",
        does="Compare the SHA-256 of all weights with their lists",
        example="mien models verify",
    )


def _add_info(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "info",
        does="Say what is in a take: footage, frames, faces, gaps, warnings",
        example="mien info clip.take",
    )
    _add_take(parser)


def _add_bench(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "bench",
        does="Measure speed and jitter on a clip, beside MediaPipe when it is installed",
        example="mien bench clip.mp4",
    )
    _add_clip(parser)
    _add_engine(parser)
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="FILE.npz",
        help="the clip's true landmarks, as 'landmarks_px': adds error, lag and what is lost of "
        "blinks and jaw",
    )


def _add_clip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clip",
        metavar="CLIP",
        help="a video, a GIF, a folder of images, numbered images (shot_####.png or the first of "
        "them), 'camera:0', or a stream's address",
    )


def _add_take(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("take", type=Path, metavar="TAKE", help="folder of the take")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
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


def _add_engine(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--engine",
        choices=tuple(ENGINES),
        default=DEFAULT_ENGINE,
        help=f"what finds the landmarks (default: {DEFAULT_ENGINE})",
    )


def _add_device(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--device",
        metavar="NAME",
        default="cpu",
        help="where networks run: cpu, cuda, coreml or directml (default: cpu)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=thread_count,
        default=1,
        help="threads for a network, 0 for all cores (default: 1)",
    )


def _add_capture_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("capture")
    _add_engine(group)
    _add_device(group)
    group.add_argument(
        "--quality",
        choices=QUALITIES,
        default="best",
        help="how animate smooths unless --smooth says otherwise: live knows no frame to come, "
        "best knows them all; a take is the same with both (default: best)",
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
        help="go on with the take that is there, where there is one; give the same options again",
    )
    again.add_argument(
        "--overwrite", action="store_true", help="begin anew, and lose the take that is there"
    )


def _add_solve_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("smoothing")
    default = SmoothSettings()
    group.add_argument(
        "--smooth",
        choices=SMOOTHINGS,
        help=f"none, live (One Euro), best (without lag) (default: {default.mode}; with --quality "
        "live: live)",
    )
    group.add_argument(
        "--min-cutoff",
        metavar="HZ",
        type=float,
        default=default.min_cutoff_hz,
        help=f"frequency above which a still face is smoothed (default: {default.min_cutoff_hz:g})",
    )
    group.add_argument(
        "--beta",
        metavar="B",
        type=float,
        default=default.beta,
        help=f"how fast the cutoff rises with speed (default: {default.beta:g})",
    )
    group.add_argument(
        "--fill-gaps",
        metavar="SECONDS",
        type=float,
        default=default.fill_gap_s,
        help=f"fill gaps up to this long (default: {default.fill_gap_s:g})",
    )


def _add_scene_options(parser: argparse.ArgumentParser) -> None:
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
        "--subdivide",
        metavar="LEVEL",
        type=int,
        default=mesh.subdivide,
        help=f"Catmull-Clark levels, 0 to 3 (default: {mesh.subdivide})",
    )
    group.add_argument(
        "--limit-surface", action="store_true", help="subdivide on to the limit surface"
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
