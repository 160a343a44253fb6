"""What the engine asks of Blender: one job, plain values, that can travel as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Protocol

from .progress import OnProgress
from .settings import WHOLE, AnimateSettings, MeshSettings, SmoothSettings, Span

SCENE_SUFFIXES = (".blend", ".fbx", ".glb", ".abc", ".usdc")


@dataclass(frozen=True, slots=True)
class SceneJob:
    """Build the scene of a take and write it as one file, whose suffix chooses the format.

    `take` and `output` are absolute paths; `scene_rate_hz` None means the footage's own rate.
    """

    take: str
    output: str
    smooth: SmoothSettings = field(default_factory=SmoothSettings)
    mesh: MeshSettings = field(default_factory=MeshSettings)
    animate: AnimateSettings = field(default_factory=AnimateSettings)
    has_camera: bool = False
    scene_rate_hz: float | None = None
    span: Span = WHOLE

    def to_json(self) -> str:
        """Return the job as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SceneJob:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        values["smooth"] = SmoothSettings(**values["smooth"])
        values["mesh"] = MeshSettings(**values["mesh"])
        values["animate"] = AnimateSettings(**values["animate"])
        values["span"] = Span(**values["span"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class SceneReport:
    """What was written; `n_blendshapes` and `worst_error_m` are of the worst face."""

    output: str
    blender_version: str
    carrier: str
    n_faces: int
    n_frames: int
    n_blendshapes: int = 0
    worst_error_m: float = 0.0
    warnings: tuple[str, ...] = ()


MakeTextures = Callable[[], tuple[str, ...]]
"""Makes the textures and returns a path for each face, empty where there is none."""


def no_textures() -> tuple[str, ...]:
    """Leave the faces in plain skin."""
    return ()


class SceneWriter(Protocol):
    """Carries a job out: in a process of its own, or in the Blender that is running."""

    def write(
        self, job: SceneJob, *, textures: MakeTextures = no_textures, on_progress: OnProgress
    ) -> SceneReport:
        """Write the output, complete and checked, or raise a `MienError` and leave nothing.

        `textures` is called once, here, while another process may be at work already.
        """
        ...
