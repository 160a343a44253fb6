"""The zips hold what an artist needs, and nothing else."""

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64")
PYTHONS = ("cp311", "cp313")  # Blender 4.2 to 5.0, and 5.1 and later
PACKAGES = {"onnxruntime", "opencv_python_headless", "tqdm"}
FOLDERS = {"addon", "assets", "core", "wheels"}
FILES = {"LICENSE", "README.md", "__init__.py", "__main__.py", "blender_manifest.toml"}
OWN_BYTES = 10_000_000


@pytest.fixture(params=PLATFORMS)
def archive(request, archives):
    with zipfile.ZipFile(archives[request.param]) as opened:
        opened.platform = request.param
        yield opened


def wheel_names(archive):
    return [Path(name).name for name in archive.namelist() if name.startswith("wheels/")]


def test_the_zips_are_named_as_blenders_packager_names_them(archives):
    version = tomllib.loads((ROOT / "blender_manifest.toml").read_text())["version"]
    assert [path.name for path in archives.values()] == [
        f"mien-{version}-{platform}.zip" for platform in ("linux_x64", "windows_x64", "macos_arm64")
    ]


def test_nothing_but_the_add_on_is_in_a_zip(archive):
    names = archive.namelist()
    assert {name.partition("/")[0] for name in names if "/" in name} == FOLDERS
    assert {name for name in names if "/" not in name} == FILES
    parts = {part for name in names for part in Path(name).parts}
    assert not [part for part in parts if part.startswith(".") or part.endswith((".pyc", ".zip"))]
    assert not parts & {"__pycache__", "tests", "docs", "tools", "demo", "build", "dist"}
    assert len(names) == len(set(names))


def test_the_code_in_a_zip_is_that_of_the_checkout(archive):
    names = [
        name for name in archive.namelist() if not name.startswith(("wheels/", "blender_manifest"))
    ]
    assert {"core/pipeline/capture.py", "assets/face_landmark_468.onnx"} <= set(names)
    for name in names:
        assert archive.read(name) == (ROOT / name).read_bytes(), name


def test_every_tracked_file_of_the_engine_and_the_add_on_is_in_a_zip(archive, tool):
    wanted = {
        name for name in tool.tracked_files() if name.startswith(("core/", "addon/", "assets/"))
    }
    assert wanted <= set(archive.namelist())


def test_a_zip_has_the_wheels_of_its_platform_for_both_pythons(archive, tool):
    names = wheel_names(archive)
    assert {name.split("-")[0] for name in names} == PACKAGES  # above all: no numpy
    assert all(tool.Wheel(name, "").fits(archive.platform) for name in names)
    runtimes = [name.split("-")[2] for name in names if name.startswith("onnxruntime-")]
    assert sorted(runtimes) == sorted(PYTHONS)
    (abi,) = (name.split("-")[3] for name in names if name.startswith("opencv"))
    assert abi == "abi3"
    assert len(names) == 4


def test_the_wheels_are_unmodified(archive, tool):
    pins = {wheel.filename: wheel.sha256 for wheel in tool.pinned_wheels()}
    for name in wheel_names(archive):
        assert hashlib.sha256(archive.read(f"wheels/{name}")).hexdigest() == pins[name], name


def test_the_wheels_are_the_versions_that_the_tests_run(tool):
    required = {
        line.split("==")[0].replace("-", "_"): line.split("==")[1]
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    for wheel in tool.pinned_wheels():
        package, version = wheel.filename.split("-")[:2]
        assert version == required[package], wheel.filename


def test_a_zip_is_no_larger_than_it_must_be(archive, archives):
    size = archives[archive.platform].stat().st_size
    carried = sum(archive.getinfo(f"wheels/{name}").file_size for name in wheel_names(archive))
    print(f"{archive.platform}: {size / 1e6:.1f} MB, of which wheels {carried / 1e6:.1f} MB")
    assert size < 200_000_000
    assert size - carried < OWN_BYTES


def test_a_zips_manifest_names_its_wheels_and_permissions(archive):
    manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    generated = manifest["build"]["generated"]
    assert generated["platforms"] == [archive.platform]
    assert sorted(generated["wheels"]) == sorted(f"./wheels/{n}" for n in wheel_names(archive))
    assert set(manifest["permissions"]) == {"files", "camera"}


def test_blenders_packager_accepts_a_zip(archive, archives, tool):
    tool.validate(archives[archive.platform])


def test_the_folder_installs_as_it_is_too(tool):
    tool.validate(ROOT)
    assert "wheels" not in tool.read_manifest(ROOT)


def test_the_manifest_keeps_all_else(tool):
    text = (ROOT / "blender_manifest.toml").read_text()
    before, after = tomllib.loads(text), tomllib.loads(tool.manifest_with_wheels(text, []))
    assert after.pop("wheels") == [] and after.pop("platforms") == list(PLATFORMS)
    assert after == before


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tool, tmp_path):
    wheel = tool.Wheel("some-1.0-py3-none-any.whl", "0" * 64)
    (tmp_path / wheel.filename).write_bytes(b"other")
    with pytest.raises(tool.BuildError, match=r"'some-1\.0-.*' is not the pinned one: its SHA-256"):
        tool.fetch_wheels([wheel], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_cannot_be_fetched_ends_make_extension_with_its_name(tool, tmp_path):
    name = "mien_no_such_package-1.0-py3-none-any.whl"
    pins = tmp_path / "pins.txt"
    pins.write_text(f"{'0' * 64}  {name}\n")
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import build_extension as tool;"
        "tool.pinned_wheels.__defaults__ = (pathlib.Path(sys.argv[2]),);"
        "tool.fetch_wheels.__defaults__ = (pathlib.Path(sys.argv[3]),);"
        "del sys.argv[1:]; sys.exit(tool.main())"
    )
    tools = str(ROOT / "tools")
    run = subprocess.run(
        [sys.executable, "-B", "-c", program, tools, str(pins), str(tmp_path / "wheels")],
        capture_output=True, text=True, check=False, env={"PIP_NO_INDEX": "1"},
    )  # fmt: skip
    assert run.returncode == 1
    assert f"The extension cannot be built: Wheel '{name}' cannot be fetched" in run.stderr
    assert "Traceback" not in run.stderr
