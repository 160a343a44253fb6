"""A short clip of a moving photograph, and Mien registered in a fresh file."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="the bpy module is not installed")

import mien  # noqa: E402
from mien.core.inference.weights import USER_FOLDER_VARIABLE  # noqa: E402

N_FRAMES, RATE_HZ = 16, 30.0


@pytest.fixture(scope="session")
def footage(tmp_path_factory, astronaut) -> Path:
    """A clip of 16 frames, 480 × 270, in which a photograph turns and talks."""
    from mien.core.bench import MotionSettings, MovingPhotograph, write_clip
    from mien.core.geometry import load_canonical_face
    from mien.core.pipeline import CapturePlan, FaceFinder
    from mien.core.records import Frame

    folder = tmp_path_factory.mktemp("größe")
    face = FaceFinder(CapturePlan("", folder)).find(Frame(0, 0.0, astronaut))[0]
    moving = MovingPhotograph(
        astronaut,
        face.points_px[:468],
        triangles=load_canonical_face(468).topology.triangles,
        settings=MotionSettings(n_frames=N_FRAMES, size=(270, 480)),
    )
    path = folder / "clip größe.mp4"
    write_clip(path, (moving.frame(k) for k in range(N_FRAMES)), rate_hz=RATE_HZ)
    return path


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A scene of Blender's own start-up file, with Mien registered; its user folder is empty."""
    monkeypatch.setenv(USER_FOLDER_VARIABLE, str(tmp_path / "Zoë Müller"))
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    mien.register()
    yield bpy.context.scene
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    mien.unregister()


@pytest.fixture
def captured(scene, footage):
    """The entry of a take that was captured and built, in plain skin: textures take their time."""
    scene.mien.mesh.use_texture = False
    assert bpy.ops.mien.capture(filepath=str(footage)) == {"FINISHED"}
    return scene.mien.takes[0]


@pytest.fixture
def painted(scene, footage):
    """The same, with its texture."""
    assert bpy.ops.mien.capture(filepath=str(footage)) == {"FINISHED"}
    return scene.mien.takes[0]
