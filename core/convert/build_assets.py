"""Rebuilds every file of `assets/` that comes from a pinned public package.

Run as `python -m mien.core.convert.build_assets --out DIR`. Needs the packages of `mien[convert]`,
pip, npm and the network.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import MienError
from . import packages
from .canonical_face import read_canonical_face, with_irises
from .mediapipe_models import FULL_RANGE_DETECTOR, onnx_from_known
from .network_files import (
    attention_mesh_from_tflite,
    blazeface_from_tflite,
    facemesh_from_tflite,
)
from .onnx_export import DetectorGraph, LandmarkGraph, onnx_from_graph
from .plain_npz import plain_npz
from .tflite_graph import read_tflite_graph

LANDMARK_FILE = "face_landmark_468.onnx"
ATTENTION_FILE = "face_landmark_478.onnx"
DETECTOR_FILE = "face_detection_short_range.onnx"
FULL_RANGE_FILE = "face_detection_full_range.onnx"
CANONICAL_FACE_FILE = "canonical_face_468.npz"
CANONICAL_IRIS_FILE = "canonical_face_478.npz"
MANIFEST_FILE = "assets.json"
MANIFEST_FORMAT = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file and where it comes from."""

    file: str
    engine: str
    origin: str
    data: bytes


def build_assets(folder: Path) -> list[Path]:
    """Fetch the packages and write every asset, and `assets.json`, into a folder.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    BackendError, WeightsCorrupt
        A program is missing or failed; a package does not hold what it should.
    """
    with tempfile.TemporaryDirectory() as temporary:
        wheel = packages.fetch_pypi_wheel(Path(temporary))
        npm_package = packages.fetch_npm_package(Path(temporary))
        assets = [*convert_wheel(wheel), *convert_npm_package(npm_package)]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for asset in assets:
        written.append(folder / asset.file)
        written[-1].write_bytes(asset.data)
    written.append(folder / MANIFEST_FILE)
    written[-1].write_text(_manifest(assets, kept=_others(written[-1], assets)), encoding="utf-8")
    return written


def convert_wheel(wheel: Path) -> list[Asset]:
    """Convert the networks within MediaPipe's wheel."""
    landmark, detector = packages.LANDMARK_TFLITE, packages.DETECTOR_TFLITE
    attention, full_range = packages.ATTENTION_TFLITE, packages.FULL_RANGE_TFLITE
    facemesh = facemesh_from_tflite(
        packages.read_wheel_member(wheel, landmark), subject=f"'{landmark.path}'"
    )
    attention_mesh = attention_mesh_from_tflite(
        packages.read_wheel_member(wheel, attention), subject=f"'{attention.path}'"
    )
    blazeface = blazeface_from_tflite(
        packages.read_wheel_member(wheel, detector), subject=f"'{detector.path}'"
    )
    return [
        Asset(
            LANDMARK_FILE,
            "facemesh-468",
            f"PyPI {packages.PYPI_PACKAGE}, {landmark.path}",
            onnx_from_graph(LandmarkGraph(facemesh)),
        ),
        Asset(
            ATTENTION_FILE,
            "facemesh",
            f"PyPI {packages.PYPI_PACKAGE}, {attention.path}",
            onnx_from_graph(LandmarkGraph(attention_mesh)),
        ),
        Asset(
            DETECTOR_FILE,
            "blazeface-short-range",
            f"PyPI {packages.PYPI_PACKAGE}, {detector.path}",
            onnx_from_graph(DetectorGraph(blazeface)),
        ),
        Asset(
            FULL_RANGE_FILE,
            FULL_RANGE_DETECTOR.engine,
            f"PyPI {packages.PYPI_PACKAGE}, {full_range.path}",
            onnx_from_known(
                read_tflite_graph(
                    packages.read_wheel_member(wheel, full_range), subject=f"'{full_range.path}'"
                ),
                FULL_RANGE_DETECTOR,
            ),
        ),
    ]


def convert_npm_package(npm_package: Path) -> list[Asset]:
    """Convert the canonical face within MediaPipe's npm package, without and with irises."""
    metadata = packages.GEOMETRY_METADATA
    face = read_canonical_face(packages.read_npm_member(npm_package, metadata))
    origin = f"npm {packages.NPM_PACKAGE}, {metadata.path}"
    return [
        Asset(CANONICAL_FACE_FILE, "facemesh-468", origin, plain_npz(dataclasses.asdict(face))),
        Asset(
            CANONICAL_IRIS_FILE,
            "facemesh",
            f"{origin}; irises by Mien",
            plain_npz(dataclasses.asdict(with_irises(face))),
        ),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="build_assets", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    options = parser.parse_args(arguments)
    _log.addHandler(logging.StreamHandler(sys.stdout))
    _log.setLevel(logging.INFO)
    try:
        written = build_assets(options.out)
    except MienError as error:
        _log.error("%s", error)
        return 3
    for path in written:
        _log.info("%s", path)
    return 0


def _others(manifest: Path, assets: list[Asset]) -> list[dict[str, str]]:
    """Return the manifest's entries of what is made elsewhere: what we trained and laid out."""
    if not manifest.is_file():
        return []
    made = {asset.file for asset in assets}
    entries: list[dict[str, str]] = json.loads(manifest.read_text("utf-8"))["assets"]
    return [entry for entry in entries if entry["file"] not in made]


def _manifest(assets: list[Asset], *, kept: list[dict[str, str]]) -> str:
    """Return the text of `assets.json`."""
    entries = [
        {
            "file": asset.file,
            "sha256": hashlib.sha256(asset.data).hexdigest(),
            "engine": asset.engine,
            "origin": asset.origin,
            "licence": "Apache-2.0",
        }
        for asset in assets
    ]
    return json.dumps({"format": MANIFEST_FORMAT, "assets": [*entries, *kept]}, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
