"""Builds the extension: one zip per platform, with the wheels that Blender lacks.

Usage: python tools/build_extension.py [--out dist]

Needs Blender's own packager, which the bpy module brings, git, and, until the wheels lie in build/,
the network.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = Path(__file__).with_name("extension_wheels.txt")
WHEELS = ROOT / "build" / "wheels"
STAGE = ROOT / "build" / "extension"
MANIFEST = "blender_manifest.toml"
PLATFORMS = {
    "linux-x64": ("manylinux", "x86_64"),
    "windows-x64": ("win", "amd64"),
    "macos-arm64": ("macosx", "arm64"),
}
"""Blender's names of the platforms, and how the tags of wheels for them begin and end."""
LARGEST_ZIP = 200_000_000


class BuildError(Exception):
    """The extension cannot be built."""


class WheelUnavailable(BuildError):
    """A wheel cannot be fetched: no network, or no such wheel."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A pinned wheel."""

    filename: str
    sha256: str

    @property
    def tags(self) -> tuple[str, str, str]:
        """Return the tags of Python, ABI and platform."""
        python, abi, platform = self.filename.removesuffix(".whl").split("-")[-3:]
        return python, abi, platform

    def fits(self, platform: str) -> bool:
        """Return whether the wheel is for a platform of Blender's."""
        head, tail = PLATFORMS[platform]
        tag = self.tags[2]
        return tag == "any" or (tag.startswith(head) and tag.endswith(tail))


def main() -> int:
    """Build all the zips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zips")
    arguments = parser.parse_args()
    try:
        for archive in build(arguments.out.absolute()):
            print(f"{archive.name}  {archive.stat().st_size / 1e6:.1f} MB", flush=True)
    except BuildError as error:
        print(f"The extension cannot be built: {error}", file=sys.stderr)
        return 1
    return 0


def build(out: Path, *, stage_folder: Path = STAGE) -> list[Path]:
    """Fetch the wheels, stage the files, and let Blender's packager make and check the zips."""
    wheels = pinned_wheels()
    fetch_wheels(wheels)
    if left_out := untracked_files():
        print(f"Left out, since git does not track it: {', '.join(left_out)}", file=sys.stderr)
    stage(wheels, stage_folder)
    out.mkdir(parents=True, exist_ok=True)
    pack(stage_folder, out)
    manifest = read_manifest(stage_folder)
    stem = f"{manifest['id']}-{manifest['version']}"
    archives = [out / f"{stem}-{platform.replace('-', '_')}.zip" for platform in PLATFORMS]
    for archive in archives:
        validate(archive)
        if archive.stat().st_size > LARGEST_ZIP:
            raise BuildError(f"'{archive.name}' is larger than {LARGEST_ZIP / 1e6:.0f} MB.")
    return archives


def pinned_wheels(path: Path = PINS) -> list[Wheel]:
    """Read the pins."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [Wheel(filename, sha256) for sha256, filename in pairs]


def fetch_wheels(wheels: list[Wheel], folder: Path = WHEELS) -> None:
    """See that every wheel lies in the folder and is the pinned one.

    Raises
    ------
    WheelUnavailable
        One is not there and cannot be fetched.
    BuildError
        One is not what was pinned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        path = folder / wheel.filename
        if not path.exists():
            print(f"Fetching {wheel.filename} …", flush=True)
            _download(wheel, folder)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != wheel.sha256:
            path.unlink()
            raise BuildError(
                f"Wheel '{wheel.filename}' is not the pinned one: its SHA-256 is {found}, not "
                f"{wheel.sha256}. It was removed. If it is so again, find out why before you "
                f"change {PINS.name}."
            )


def stage(wheels: list[Wheel], folder: Path = STAGE) -> None:
    """Copy what git tracks, put the wheels beside it, and name them in the manifest."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in tracked_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    (folder / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy2(WHEELS / wheel.filename, folder / "wheels")
    manifest = folder / MANIFEST
    changed = manifest_with_wheels(manifest.read_text(encoding="utf-8"), wheels)
    manifest.write_text(changed, encoding="utf-8")


def tracked_files() -> list[str]:
    """Return what git tracks and is still there; changes need not be committed."""
    return [name for name in _list_files() if (ROOT / name).is_file()]


def untracked_files() -> list[str]:
    """Return what looks like a part of the extension, but is not added to git."""
    return _list_files("--others", "--exclude-standard", "--", "addon", "assets", "core")


def manifest_with_wheels(text: str, wheels: list[Wheel]) -> str:
    """Add the platforms and the wheels to a manifest, before its first table."""
    names = [f"./wheels/{wheel.filename}" for wheel in wheels]
    lines = "".join(f"  {json.dumps(name)},\n" for name in names)
    added = f"platforms = {json.dumps(list(PLATFORMS))}\nwheels = [\n{lines}]\n\n"
    changed = re.sub(r"^(?=\[)", lambda _: added, text, count=1, flags=re.MULTILINE)
    expected = {**tomllib.loads(text), "platforms": list(PLATFORMS), "wheels": names}
    if tomllib.loads(changed) != expected:
        raise BuildError(f"{MANIFEST} has no table, before which the wheels would stand.")
    return changed


def read_manifest(folder: Path) -> dict:
    """Read a folder's manifest."""
    return tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def pack(folder: Path, out: Path) -> None:
    """Make one zip per platform of a folder."""
    _run_packager(
        "build", "--source-dir", str(folder), "--output-dir", str(out), "--split-platforms"
    )


def validate(path: Path) -> None:
    """Check a zip's or a folder's manifest against Blender's rules, tags included."""
    tags = blender_scripts() / "modules" / "_bpy_internal" / "extensions" / "tags.py"
    _run_packager("validate", *(["--valid-tags", str(tags)] if tags.exists() else []), str(path))


def blender_scripts() -> Path:
    """Return the folder of Blender's scripts in the bpy module, without loading it."""
    found = importlib.util.find_spec("bpy")
    if found is None or not found.origin:
        raise BuildError("The bpy module is missing: it brings Blender's packager.")
    (scripts,) = Path(found.origin).parent.glob("*/scripts")
    return scripts


def _list_files(*words: str) -> list[str]:
    """Ask git for files of the checkout."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z", *words], cwd=ROOT, capture_output=True, check=True
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError("Git does not list the files: git and a checkout are needed.") from error
    return [name for name in listing.split("\0") if name]


def _run_packager(*words: str) -> None:
    """Run Blender's packager, a program of its own."""
    program = blender_scripts() / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    done = subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildError(
            f"Blender's packager refuses to {words[0]}: {(done.stdout + done.stderr).strip()}"
        )


def _download(wheel: Wheel, folder: Path) -> None:
    """Fetch a wheel with pip, whatever system it is for."""
    package, version = wheel.filename.split("-")[:2]
    python, abi, platforms = wheel.tags
    words = [] if platforms == "any" else [f"--platform={name}" for name in platforms.split(".")]
    if abi == python:
        words.append(f"--python-version={python.removeprefix('cp')}")
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--only-binary=:all:", *words, "--dest", str(part), f"{package}=={version}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    fetched = part / wheel.filename
    if done.returncode != 0 or not fetched.exists():
        shutil.rmtree(part, ignore_errors=True)
        said = done.stderr.strip().splitlines() or ["pip fetched another one"]
        raise WheelUnavailable(
            f"Wheel '{wheel.filename}' cannot be fetched, and does not lie in "
            f"'{folder}': {said[-1]}"
        )
    fetched.replace(folder / wheel.filename)
    shutil.rmtree(part)


if __name__ == "__main__":
    sys.exit(main())
