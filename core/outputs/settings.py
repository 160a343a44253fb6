"""What shapes the outputs of a take, as one record."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import ArgumentError
from ..settings import WHOLE, AnimateSettings, MeshSettings, SmoothSettings, Span

_SCENE_RATES_HZ = (0.01, 32_767.0)  # what Blender can say


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """How a take is smoothed and written, whatever the format; as in `SceneJob`."""

    smooth: SmoothSettings = field(default_factory=SmoothSettings)
    mesh: MeshSettings = field(default_factory=MeshSettings)
    animate: AnimateSettings = field(default_factory=AnimateSettings)
    has_camera: bool = False
    has_texture: bool = True
    scene_rate_hz: float | None = None
    span: Span = WHOLE

    def __post_init__(self) -> None:
        rate_hz = self.scene_rate_hz
        if rate_hz is not None and not _SCENE_RATES_HZ[0] <= rate_hz <= _SCENE_RATES_HZ[1]:
            low_hz, high_hz = _SCENE_RATES_HZ
            raise ArgumentError(
                f"scene rate must lie in {low_hz:g} … {high_hz:g} Hz, got {rate_hz:g}"
            )
