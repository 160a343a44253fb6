"""The zip of this platform, installed as an artist does it, works with what it brings."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.core.bench import MotionSettings, MovingPhotograph, write_clip
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import CapturePlan, FaceFinder
from mien.core.records import Frame

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(sys.platform != "linux", reason="installs the zip for Linux"),
    pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy is not installed"),
]
ARTIST = Path(__file__).with_name("artist.py")
N_FRAMES = 6
LONGEST_ENABLING_S = 0.2
FARTHEST = 0.05  # of the distance of the eyes: what the network itself is off


@pytest.fixture(scope="module")
def moving(astronaut):
    """A photograph that moves for a few frames."""
    face = FaceFinder(CapturePlan(footage="", take_folder=Path())).find(Frame(0, 0.0, astronaut))[0]
    return MovingPhotograph(
        astronaut,
        face.points_px[:468],
        triangles=load_canonical_face(468).topology.triangles,
        settings=MotionSettings(size=(360, 640), n_frames=N_FRAMES),
    )


@pytest.fixture(scope="module")
def artist(tmp_path_factory):
    """Return a function: what to do, and words → the answer, from a Blender of its own."""
    folder = tmp_path_factory.mktemp("artist")
    site = folder / "site"
    site.mkdir()
    for name in ("bpy", "numpy"):
        package = Path(importlib.util.find_spec(name).origin).parent
        (site / name).symlink_to(package)
        libraries = package.with_name(f"{name}.libs")
        if libraries.exists():
            (site / libraries.name).symlink_to(libraries)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "BLENDER_USER_RESOURCES": str(folder / "user"),
    }

    def run(what, **words):
        answer = folder / f"{what}.answer.json"
        file = folder / f"{what}.json"
        file.write_text(json.dumps({"do": what, "site": str(site), "answer": str(answer), **words}))
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(ARTIST), str(file)],
            capture_output=True, text=True, check=False, env=environment, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0 and answer.exists(), done.stdout + done.stderr
        return json.loads(answer.read_text())

    return run


@pytest.fixture(scope="module")
def installed(artist, archives):
    return artist("install", zip=str(archives["linux-x64"]))


@pytest.fixture(scope="module")
def used(artist, installed, moving, tmp_path_factory):
    """The answer, the landmarks, and the installed files before and after."""
    folder = tmp_path_factory.mktemp("used")
    write_clip(folder / "clip.mp4", map(moving.frame, range(N_FRAMES)), rate_hz=30.0)
    before = hashes(Path(installed["folder"]))
    answer = artist(
        "use",
        clip=str(folder / "clip.mp4"),
        take=str(folder / "clip.take"),
        landmarks=str(folder / "landmarks.npy"),
    )
    answer["landmarks"] = np.load(folder / "landmarks.npy")
    answer["hashes"] = before, hashes(Path(installed["folder"]))
    return answer


def hashes(folder):
    """Hash every file of a folder but Python's own caches."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_installs_where_nothing_of_it_is(installed):
    assert installed["result"] == ["FINISHED"]
    assert set(installed["missing_before"]) >= {"onnxruntime", "cv2", "tqdm"}
    print(f"installing and unpacking took {installed['seconds']:.1f} s")


def test_enabling_is_quick_and_loads_no_library(artist, installed):
    answers = [artist("enable") for _ in range(3)]
    seconds = min(answer["seconds"] for answer in answers)
    print(f"enabling took {seconds:.3f} s")
    assert answers[0]["loaded"] == []
    assert seconds < LONGEST_ENABLING_S


def test_a_capture_runs_with_the_wheels_of_the_zip(used, installed, moving):
    for name, path in used["paths"].items():
        print(f"{name} from {path}")
        assert Path(path).is_relative_to(Path(installed["extensions"], ".local")), name
    truth = np.stack([moving.truth_px(index) for index in range(N_FRAMES)])
    # The truth has no irises.
    assert used["landmarks"].shape == (N_FRAMES, 478, 3)
    seen = used["landmarks"][:, : truth.shape[1]]
    off = np.linalg.norm((seen - truth)[..., :2], axis=-1).mean(axis=1)
    print(f"landmarks are {off.max() / moving.inter_ocular_px:.4f} of the eyes' distance off")
    assert off.max() < FARTHEST * moving.inter_ocular_px


def test_nothing_is_written_beside_the_code(used):
    before, after = used["hashes"]
    assert len(before) > 100
    assert after == before


def test_disabling_leaves_blender_as_it_was(used):
    assert {kind: found for kind, found in used["left"].items() if found} == {}
    # A kind of which there is nothing proves nothing.
    assert all(used["traces"][kind] for kind in ("types", "properties", "operators", "menus"))
