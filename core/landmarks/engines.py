"""The engines by name."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ArgumentError, WeightsMissing
from ..inference.devices import Device
from ..inference.weights import open_network
from .estimator import LandmarkEstimator
from .facemesh import FaceMesh


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine is made of: its own name, the weight file's, the number of its landmarks.

    `input_size` is the side of its crops in pixels; `authors_file` what has to be imported first,
    nothing where the weights come with Mien. `map_size`: texels a side of the position map of which
    the landmarks are sampled, 0 for engines that find landmarks themselves.
    """

    name: str
    weights: str
    n_landmarks: int
    input_size: int = 192
    authors_file: str = ""
    map_size: int = 0


_SPECS = (
    EngineSpec("facemesh", weights="face_landmark_478", n_landmarks=478),
    EngineSpec("facemesh-468", weights="face_landmark_468", n_landmarks=468),
    EngineSpec(
        "facemesh-v2",
        weights="face_landmark_v2",
        n_landmarks=478,
        input_size=256,
        authors_file="face_landmarker.task",
    ),
    EngineSpec(
        "prnet", weights="position_map_128", n_landmarks=33 * 33, input_size=128, map_size=128
    ),
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
    try:
        network = open_network(spec.weights, device=device, n_threads=n_threads)
    except WeightsMissing as error:
        if not spec.authors_file:
            raise
        raise WeightsMissing(
            f"Engine '{name}' needs weights that do not come with Mien. Get MediaPipe's "
            f"{spec.authors_file}, and import it with `mien models import {spec.authors_file}` or "
            "in the extension's preferences."
        ) from error
    return FaceMesh(network, n_landmarks=spec.n_landmarks, input_size=spec.input_size)
