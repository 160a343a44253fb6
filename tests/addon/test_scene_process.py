"""Scene jobs in a process of their own: results, errors, crashes, stops; nothing is left behind."""

from __future__ import annotations

import math
import shutil
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from mien.addon import scene_process
from mien.addon.headless import PREFIX
from mien.addon.scene_process import SceneProcess, blender_command
from mien.core.errors import BackendError, Cancelled, ExportError, TakeMissing
from mien.core.geometry import load_canonical_face
from mien.core.records import Camera, Footage, Landmarks, Provenance, Region, silent
from mien.core.scene_job import SceneJob
from mien.core.settings import AnimateSettings
from mien.core.spaces import apply_transform, image_from_camera
from mien.core.takes import TakeWriter

N_FRAMES = 6


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> Path:
    """A take of the canonical face that turns its head, 0.5 m before the camera."""
    folder = tmp_path_factory.mktemp("takes") / "a täke"
    canonical = load_canonical_face(468)
    camera = Camera(math.radians(63.0), (480, 640))
    footage = Footage(str(folder / "gone.mp4"), "video", camera.size, 25.0, N_FRAMES)
    provenance = Provenance("0", "facemesh-468", {}, {}, "2026-01-01T00:00:00+00:00")
    with TakeWriter.create(
        folder, footage=footage, provenance=provenance, n_faces=1, n_landmarks=468
    ) as writer:
        for index in range(N_FRAMES):
            c, s = math.cos(0.1 * index), math.sin(0.1 * index)
            pose = np.array([[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, -0.5], [0, 0, 0, 1]])
            image = image_from_camera(camera, depth_m=np.array([0.5]))[0] @ pose
            points = apply_transform(image, canonical.topology.neutral_m).astype(np.float32)
            face = Landmarks(points, 1.0, Region(320, 240, 300, 0))
            writer.append(index, index / 25.0, faces=[face])
        writer.finish()
    return folder


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fake_blender(folder: Path, *lines: str) -> Path:
    """A program that stands in for Blender; $2 … are what a real one gets."""
    program = folder / "fake-blender"
    program.write_text("\n".join(["#!/bin/sh", *lines]))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return program


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    processes = []
    popen = scene_process.subprocess.Popen

    def remember(*args, **kwargs):
        processes.append(popen(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(scene_process.subprocess, "Popen", remember)
    return processes


def test_a_job_is_carried_out_beside_this_process(take, tmp_path):
    output = tmp_path / "out put.blend"
    reports = []
    job = SceneJob(str(take), str(output), animate=AnimateSettings(carrier="cache"))
    report = SceneProcess().write(job, on_progress=reports.append)
    assert left_in(tmp_path) == ["out put.blend", "out put.pc2"]
    assert report.blender_version == bpy.app.version_string
    assert (report.carrier, report.n_faces, report.n_frames) == ("cache", 1, N_FRAMES)
    assert reports[0].stage == "solve"
    assert reports[-1].stage == "write"


def test_an_error_over_there_is_the_same_error_here(tmp_path):
    job = SceneJob(str(tmp_path / "no take"), str(tmp_path / "face.glb"))
    with pytest.raises(TakeMissing, match="no take"):
        SceneProcess().write(job, on_progress=silent)
    assert left_in(tmp_path) == []


def test_a_stop_kills_the_process_and_leaves_nothing(take, tmp_path, started):
    def stop(progress):
        raise Cancelled

    job = SceneJob(str(take), str(tmp_path / "face.blend"))
    with pytest.raises(Cancelled):
        SceneProcess().write(job, on_progress=stop)
    assert started[0].returncode is not None
    assert left_in(tmp_path) == []


def test_textures_are_made_while_the_process_is_at_work(take, tmp_path, started):
    texture = tmp_path / "red.png"

    def make():
        assert started[0].poll() is None
        image = bpy.data.images.new("red", width=8, height=8)
        image.filepath_raw, image.file_format = str(texture), "PNG"
        image.save()
        return (str(texture),)

    job = SceneJob(str(take), str(tmp_path / "face.glb"))
    SceneProcess().write(job, textures=make, on_progress=silent)
    plain = SceneJob(str(take), str(tmp_path / "plain.glb"))
    SceneProcess().write(plain, on_progress=silent)
    sizes = [b'"image/png"' in (tmp_path / name).read_bytes() for name in ("face.glb", "plain.glb")]
    assert sizes == [True, False]


def test_textures_that_cannot_be_made_end_the_process(take, tmp_path, started):
    def fail():
        raise TakeMissing("A still is gone.")

    job = SceneJob(str(take), str(tmp_path / "face.blend"))
    with pytest.raises(TakeMissing, match="A still is gone"):
        SceneProcess().write(job, textures=fail, on_progress=silent)
    assert started[0].returncode is not None
    assert left_in(tmp_path) == []


def test_a_process_that_nobody_waits_for_does_not_wait_for_textures(take, tmp_path):
    job = tmp_path / "job.json"
    job.write_text(SceneJob(str(take), str(tmp_path / "face.blend")).to_json())
    (tmp_path / "staging").mkdir()
    command = [*blender_command(), str(job), str(tmp_path / "staging")]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert "The textures never came" in ended.stdout and ended.returncode == 1
    assert not (tmp_path / "face.blend").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_stop_is_noticed_while_blender_says_nothing(take, tmp_path, monkeypatch):
    program = fake_blender(tmp_path, "exec sleep 20")
    monkeypatch.setenv(scene_process.EXECUTABLE_VARIABLE, str(program))
    began_s = time.monotonic()

    def stop_later(progress):
        if time.monotonic() - began_s > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        SceneProcess().write(SceneJob(str(take), str(tmp_path / "x.blend")), on_progress=stop_later)
    assert time.monotonic() - began_s < 2.0
    assert left_in(tmp_path) == ["fake-blender"]


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs a Python of its own")
def test_no_module_beside_the_footage_is_run(take, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    for name in ("random", "numpy", "mien"):
        (tmp_path / "here" / f"{name}.py").write_text("raise SystemExit('a module of the footage')")
    monkeypatch.chdir(tmp_path / "here")
    output = tmp_path / "face.blend"
    SceneProcess().write(SceneJob(str(take), str(output)), on_progress=silent)
    assert output.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_crash_is_told_with_blenders_last_words(take, tmp_path, monkeypatch):
    program = fake_blender(tmp_path, "echo Oh no, my mesh", "kill -SEGV $$")
    monkeypatch.setenv(scene_process.EXECUTABLE_VARIABLE, str(program))
    with pytest.raises(ExportError, match=r"signal 11.*\n.*Oh no, my mesh"):
        SceneProcess().write(SceneJob(str(take), str(tmp_path / "x.blend")), on_progress=silent)
    assert left_in(tmp_path) == ["fake-blender"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_report_before_a_crash_does_not_count(take, tmp_path, monkeypatch):
    report = (
        '{"report": {"output": "", "blender_version": "", "carrier": "", "n_faces": 1,'
        ' "n_frames": 1, "warnings": []}}'
    )
    program = fake_blender(tmp_path, f"echo '{PREFIX}{report}'", "exit 3")
    monkeypatch.setenv(scene_process.EXECUTABLE_VARIABLE, str(program))
    with pytest.raises(ExportError, match="exit code 3"):
        SceneProcess().write(SceneJob(str(take), str(tmp_path / "x.blend")), on_progress=silent)


def test_blenders_temporary_files_go_too(take, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(scene_process.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "out").mkdir()
    job = SceneJob(str(take), str(tmp_path / "out" / "face.abc"))
    with suppress(ExportError):  # a Blender without Alembic has temporary files as well
        SceneProcess().write(job, on_progress=silent)
    assert left_in(tmp_path / "temporary") == []


def test_an_output_folder_that_is_not_there_is_told(take, tmp_path):
    job = SceneJob(str(take), str(tmp_path / "nowhere" / "face.blend"))
    with pytest.raises(ExportError, match=r"'face.blend' cannot be written to '.*nowhere'"):
        SceneProcess().write(job, on_progress=silent)


def test_without_blender_the_artist_is_told_what_to_install(monkeypatch):
    monkeypatch.delenv(scene_process.EXECUTABLE_VARIABLE, raising=False)
    monkeypatch.setattr(scene_process.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(bpy, "app", SimpleNamespace(binary_path=""))
    with pytest.raises(BackendError, match=r"pip install bpy.*MIEN_BLENDER"):
        blender_command()


def test_inside_blender_the_same_blender_is_used(monkeypatch):
    monkeypatch.delenv(scene_process.EXECUTABLE_VARIABLE, raising=False)
    monkeypatch.setattr(bpy, "app", SimpleNamespace(binary_path=sys.executable))
    command = blender_command()
    assert command[:3] == [sys.executable, "--background", "--factory-startup"]
    assert command[-1] == "--"


def test_a_named_blender_that_is_missing_is_told(monkeypatch):
    monkeypatch.setenv(scene_process.EXECUTABLE_VARIABLE, "no-blender")
    with pytest.raises(BackendError, match=r"MIEN_BLENDER names 'no-blender', which is no program"):
        blender_command()


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs a Python of its own")
def test_the_script_runs_where_the_package_is_not_installed(take, tmp_path, monkeypatch):
    """As in Blender's own Python: the file alone, arguments behind `--`, no package around."""
    script = Path(scene_process.__file__).with_name("headless.py")
    lines = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    command = [sys.executable, "-I", "-c", lines, "--"]
    monkeypatch.setattr(scene_process, "blender_command", lambda: command)
    output = tmp_path / "face.glb"
    report = SceneProcess().write(SceneJob(str(take), str(output)), on_progress=silent)
    assert left_in(tmp_path) == ["face.glb"]
    assert report.n_frames == N_FRAMES
