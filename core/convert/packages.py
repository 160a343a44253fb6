"""Fetches the pinned public packages that the assets are rebuilt from."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import BackendError, WeightsCorrupt

PYPI_PACKAGE = "mediapipe==0.10.21"
NPM_PACKAGE = "@mediapipe/face_mesh@0.4.1657299874"
_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
    *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.11"),
    *("--platform", "manylinux_2_28_x86_64"),
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file within a package, and the SHA-256 it must have."""

    path: str
    sha256: str


LANDMARK_TFLITE = Member(
    "mediapipe/modules/face_landmark/face_landmark.tflite",
    "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
ATTENTION_TFLITE = Member(
    "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
    "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
)
DETECTOR_TFLITE = Member(
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
FULL_RANGE_TFLITE = Member(
    "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
    "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
)
GEOMETRY_METADATA = Member(
    "mediapipe/modules/face_geometry/data/geometry_pipeline_metadata_landmarks.binarypb",
    "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
)


def fetch_pypi_wheel(folder: Path) -> Path:
    """Download MediaPipe's wheel into a folder and return its path.

    The wheel is named for Python 3.11 on Linux whatever runs this: its model files are the same
    everywhere, and nothing of it is installed or run.
    """
    _call(
        [*_PIP_DOWNLOAD, "--dest", str(folder), PYPI_PACKAGE],
        subject=f"pip download {PYPI_PACKAGE}",
    )
    return _only_file(folder, "mediapipe-*.whl")


def fetch_npm_package(folder: Path) -> Path:
    """Download the npm package into a folder and return the path of its archive.

    Raises
    ------
    BackendError
        npm is not installed, or failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise BackendError(
            "The assets cannot be rebuilt: the program 'npm' was not found. Install Node.js with "
            "npm; only rebuilding needs it, capturing does not."
        )
    _call(
        [npm, "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(folder)],
        subject=f"npm pack {NPM_PACKAGE}",
    )
    return _only_file(folder, "mediapipe-face_mesh-*.tgz")


def read_wheel_member(wheel: Path, member: Member) -> bytes:
    """Return one checked file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return _checked(archive.read(member.path), member, package=wheel)


def read_npm_member(package: Path, member: Member) -> bytes:
    """Return one checked file of the npm package's packed assets.

    The assets lie end to end in one `.data` file; the loader script beside it lists the offsets.
    """
    with tarfile.open(package) as archive:
        packed = _read_tar(archive, "package/face_mesh_solution_packed_assets.data")
        loader = _read_tar(archive, "package/face_mesh_solution_packed_assets_loader.js").decode()
    entry = re.search(
        rf'"filename":\s*"[^"]*{re.escape(member.path)}",\s*"start":\s*(\d+),\s*"end":\s*(\d+)',
        loader,
    )
    if entry is None:
        raise WeightsCorrupt(f"Package '{package.name}' does not list '{member.path}'")
    return _checked(packed[int(entry[1]) : int(entry[2])], member, package=package)


def _read_tar(archive: tarfile.TarFile, path: str) -> bytes:
    """Return one file of a tar archive."""
    stream = archive.extractfile(path)
    if stream is None:
        raise WeightsCorrupt(f"'{path}' in the npm package is not a file")
    return stream.read()


def _checked(data: bytes, member: Member, *, package: Path) -> bytes:
    """Return the data if they have the expected hash."""
    found = hashlib.sha256(data).hexdigest()
    if found != member.sha256:
        raise WeightsCorrupt(
            f"'{member.path}' in '{package.name}' has SHA-256 {found}, expected {member.sha256}. "
            "Fetch the package again."
        )
    return data


def _call(command: list[str], *, subject: str) -> None:
    """Run a program or raise with the end of what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise BackendError(f"'{subject}' failed with exit code {done.returncode}: {said}")


def _only_file(folder: Path, pattern: str) -> Path:
    """Return the one file of a pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise BackendError(f"'{folder}' holds {len(found)} files '{pattern}', expected 1")
    return found[0]
