"""The engines by name."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ArgumentError
from ..inference.devices import Device
from ..inference.weights import open_network
from .estimator import LandmarkEstimator
from .facemesh import FaceMesh


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine is made of: its own name, the weight file's, the number of its landmarks."""

    name: str
    weights: str
    n_landmarks: int


_SPECS = (
    EngineSpec("facemesh", weights="face_landmark_478", n_landmarks=478),
    EngineSpec("facemesh-468", weights="face_landmark_468", n_landmarks=468),
)
ENGINES: dict[str, EngineSpec] = {spec.name: spec for spec in _SPECS}


def engine_spec(name: str) -> EngineSpec:
    """Return what an engine is made of.

    Raises
    ------
    ArgumentError
        There is no engine of that name.
    """
    if name not in ENGINES:
        raise ArgumentError(f"There is no engine '{name}'. Choose one of {', '.join(ENGINES)}.")
    return ENGINES[name]


def open_engine(
    name: str, *, device: str | Device = "cpu", n_threads: int = 1
) -> LandmarkEstimator:
    """Load an engine's network.

    Raises
    ------
    ArgumentError, ModelError
        No such engine; its weights are missing or damaged, or nothing can run them.
    """
    spec = engine_spec(name)
    network = open_network(spec.weights, device=device, n_threads=n_threads)
    return FaceMesh(network, n_landmarks=spec.n_landmarks)
