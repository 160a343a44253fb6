"""Stand-ins for the networks and for Blender, so that the command line is tested alone."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest

from mien.core import pipeline
from mien.core.cli import main
from mien.core.errors import Cancelled, NoFace
from mien.core.records import (
    Camera,
    FaceGeometry,
    FaceTopology,
    Footage,
    Landmarks,
    Performance,
    Progress,
    Provenance,
    Region,
    Still,
)
from mien.core.scene_job import SceneReport
from mien.core.takes import TakeWriter, read_take, remove_take

TOPOLOGY = FaceTopology(
    neutral_m=np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0.01]], np.float32),
    triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    uv=np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]], np.float32),
)
POINTS_PX = np.array([[20, 80, 0], [80, 80, 0], [80, 20, 0], [20, 20, 0]], np.float32)


def offset_m(index: int) -> np.ndarray:
    """Where head-space points move in a frame: on, in y, with the frame's number."""
    return np.array([0, 0.001 * index, 0], np.float32)


@dataclass
class FakeCapture:
    """Stands for `pipeline.capture`: two faces; face k is lost in the frames `lost[k]`."""

    n_frames: int = 8
    lost: tuple[tuple[int, ...], ...] = ((), (2, 3, 7))
    interrupt_at: int | None = None
    signal: signal.Signals = signal.SIGINT
    error_at: dict[int, BaseException] = field(default_factory=dict)
    plans: list[pipeline.CapturePlan] = field(default_factory=list)

    def __call__(self, plan, *, on_progress):
        self.plans.append(plan)
        with self._writer(plan) as writer:
            try:
                for index in range(writer.n_frames, self.n_frames):
                    self._stop(index)
                    writer.append(index, index / 10, faces=self._faces(plan, index))
                    on_progress(Progress("capture", index + 1, self.n_frames))
            except Cancelled:
                if not plan.footage.startswith("camera:"):
                    raise
            writer.set_stills([_still(face) for face in range(plan.track.n_faces)])
            writer.add_warning("The clip ends early.")
            writer.finish()
        take = read_take(plan.take_folder)
        if not any(track.presence.any() for track in take.faces):
            remove_take(plan.take_folder)
            raise NoFace(f"No face was found in '{plan.footage}'.")
        return take

    def _stop(self, index):
        if index == self.interrupt_at:
            os.kill(os.getpid(), self.signal)
        if index in self.error_at:
            raise self.error_at[index]

    def _faces(self, plan, index):
        found = Landmarks(POINTS_PX, 0.9, Region(50, 50, 90, 0))
        return [None if index in self.lost[k] else found for k in range(plan.track.n_faces)]

    def _writer(self, plan):
        if plan.is_resumed:
            return TakeWriter.resume(plan.take_folder, is_temporary=plan.is_temporary)
        kind = "camera" if plan.footage.startswith("camera:") else "video"
        return TakeWriter.create(
            plan.take_folder,
            footage=Footage(plan.footage, kind, (100, 100), 10.0, None),
            provenance=Provenance("0", plan.engine, {}, {}, "2030"),
            n_faces=plan.track.n_faces,
            n_landmarks=4,
            is_overwriting=plan.is_overwriting,
            is_temporary=plan.is_temporary,
        )


def _still(face: int) -> Still:
    image = np.full((100, 100, 3), (200, 40 * face, 0), np.uint8)
    return Still(face, 1, 0.5, image, x_px=0.0, y_px=0.0, scale=1.0)


def fake_solve(take, settings, *, span=None, density="1k"):
    """Stand for `pipeline.solve`: points that move on by `offset_m`, and stay where they are."""
    performances = []
    for face_index, track in enumerate(take.faces):
        if not track.presence.any():
            continue
        head = np.stack([TOPOLOGY.neutral_m + offset_m(index) for index in take.frame_index])
        poses = np.tile(np.eye(4), (take.n_frames, 1, 1))
        for array in (head, poses):
            array[track.presence == 0] = np.nan
        geometry = FaceGeometry(head, poses, poses, Camera(1.0, take.footage.size))
        performances.append(
            Performance(
                take.footage, take.time_s, track, track.landmarks_px, geometry, TOPOLOGY,
                np.zeros(take.n_frames, bool), face_index, len(take.faces),
            )
        )  # fmt: skip
    return performances


class FakeBlender:
    """Stands for Blender: writes the job into the output, and the textures' middles."""

    def __init__(self):
        self.jobs = []
        self.missing = None
        self.error = None

    def check(self):
        if self.missing:
            raise self.missing

    def write(self, job, *, textures, on_progress):
        if self.error:
            raise self.error
        on_progress(Progress("build", 1, 1))
        self.jobs.append(job)
        self.paths = textures()
        self.textures = [Path(texture).read_bytes() for texture in self.paths if texture]
        Path(job.output).write_text(json.dumps(asdict(job)))
        return SceneReport(job.output, "9.9", job.animate.carrier, 1, 8, 12, 9e-5, ("Look out.",))


@pytest.fixture
def fake_capture(monkeypatch):
    fake = FakeCapture()
    monkeypatch.setattr(pipeline, "capture", fake)
    monkeypatch.setattr(pipeline, "solve", fake_solve)
    return fake


@pytest.fixture
def blender():
    return FakeBlender()


@pytest.fixture
def mien(blender, capsys, tmp_path, monkeypatch):
    """Return a function: words → (exit code, stdout, stderr), run in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(
            [str(word) for word in words], scene_writer=blender, check_scene_writer=blender.check
        )
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def mien_json(mien):
    """Return a function: words → (exit code, the one JSON object on stdout); stderr is empty."""

    def run(*words):
        code, out, err = mien(*words, "--json")
        assert err == ""
        (line,) = out.splitlines()
        return code, json.loads(line)

    return run
