"""The words that `mien` understands."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ArgumentError
from ..version import VERSION
from .evaluate_verb import add_evaluate_options
from .option_groups import (
    add_bench_options,
    add_capture_options,
    add_clip,
    add_engine,
    add_outputs,
    add_scene_options,
    add_solve_options,
    add_take,
)
from .train_verbs import add_train_options

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction["_Parser"]

_EXIT_CODES = """\
exit codes:
  0 done; 2 wrong arguments; 3 an input, a model or an output is missing or unusable;
  4 no face in the whole clip; 130 interrupted"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is a `MienError`, so that `--json` covers it too."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and remember the words for the complaint."""
        self._words = list(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print, and what to do where it took a file for an option."""
        hint = ""
        for word in self._words:
            if re.match(r"-[^-].*\.\w+$", word) and not word.startswith("-o"):
                hint = f" A file whose name begins with '-' is written './{word}'."
        raise ArgumentError(f"{message}. See '{self.prog} --help'.{hint}")


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
    _add_evaluate(verbs)
    _add_train(verbs)
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
            "something stops the work, it stays there; the same command with --resume goes on.\n"
            "A camera is recorded until Ctrl-C, or --end; then the outputs are written, unless\n"
            "Ctrl-C is pressed again."
        ),
    )
    add_clip(parser)
    add_outputs(parser)
    parser.add_argument("--take", type=Path, metavar="DIR", help="keep the capture in this folder")
    add_capture_options(parser)
    add_solve_options(parser, has_quality=True)
    add_scene_options(parser)


def _add_capture(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "capture",
        does="Find the faces in footage and keep them in a take",
        example="mien capture clip.mp4 --take clip.take --faces 2 --start 1:30 --end 1:45",
        notes=(
            "Ctrl-C stops; what was captured is kept, and --resume goes on. With a camera Ctrl-C,\n"
            "or --end, ends the recording, and the take is complete."
        ),
    )
    add_clip(parser)
    parser.add_argument(
        "--take", type=Path, metavar="DIR", required=True, help="folder of the take, new or empty"
    )
    add_capture_options(parser)


def _add_build(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "build",
        does="Make a Blender scene from a take",
        example="mien build clip.take -o face.blend --carrier absolute-keys --camera",
    )
    add_take(parser)
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE.blend", required=True, help="the scene"
    )
    add_solve_options(parser)
    add_scene_options(parser)


def _add_export(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "export",
        does="Write a take as files for other programs",
        example="mien export clip.take -o face.fbx -o overlay.mp4",
    )
    add_take(parser)
    add_outputs(parser)
    add_solve_options(parser)
    add_scene_options(parser)


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
        example="mien models import facemesh.pth",
    )
    importing.add_argument(
        "file", type=Path, metavar="FILE", help="for example a .tflite, .pth or .index"
    )
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
    add_take(parser)


def _add_bench(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "bench",
        does="Measure speed on a clip, and error on a moving photograph, beside MediaPipe",
        example="mien bench clip.mp4 --out figures",
        notes="MediaPipe takes part when it is installed, here or beside Mien; see docs/bench.md.",
    )
    add_clip(parser)
    add_engine(parser)
    add_bench_options(parser)


def _add_evaluate(verbs: _Subparsers) -> None:
    parser = _add_verb(
        verbs,
        "evaluate",
        does="Measure how far an engine's landmarks are off on annotated photographs",
        example="mien evaluate facemesh AFLW2000-3D --plot errors.svg",
        notes="The photographs are your own; see docs/evaluate.md.",
    )
    add_evaluate_options(parser)


def _add_train(verbs: _Subparsers) -> None:
    does = "Train a network of our own"
    parser = verbs.add_parser(
        "train",
        help=does[0].lower() + does[1:],
        description=f"{does}.",
        epilog="example:\n  mien train prnet --data data --out build/prnet --minutes 100",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    networks = parser.add_subparsers(dest="network", required=True, metavar="NETWORK")
    prnet = _add_verb(
        networks,
        "prnet",
        does="Train the position-map network on portraits, and export it",
        example="mien train prnet --data data --out build/prnet --minutes 100",
        notes=(
            "Ctrl-C writes a checkpoint; --resume goes on from it. The first minutes go into\n"
            "finding and fitting the faces; pairs are made while training goes on."
        ),
    )
    add_train_options(prnet)
