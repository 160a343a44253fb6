"""Options that shape the outputs of a take, as one record."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field

from ..errors import ArgumentError
from ..settings import AnimateSettings, MeshSettings, SmoothSettings

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

    def __post_init__(self) -> None:
        rate_hz = self.scene_rate_hz
        if rate_hz is not None and not _SCENE_RATES_HZ[0] <= rate_hz <= _SCENE_RATES_HZ[1]:
            low_hz, high_hz = _SCENE_RATES_HZ
            raise ArgumentError(
                f"scene rate must lie in {low_hz:g} … {high_hz:g} Hz, got {rate_hz:g}"
            )


def output_settings(arguments: Namespace) -> OutputSettings:
    """Gather the options of build and export.

    Raises
    ------
    ArgumentError
        A value is out of its range.
    """
    is_live = getattr(arguments, "quality", None) == "live"
    return OutputSettings(
        smooth=SmoothSettings(
            mode=arguments.smooth or ("live" if is_live else SmoothSettings().mode),
            min_cutoff_hz=arguments.min_cutoff,
            beta=arguments.beta,
            calm_cutoff_hz=arguments.calm_cutoff,
            motion_threshold=arguments.motion_threshold,
            fill_gap_s=arguments.fill_gaps,
        ),
        mesh=MeshSettings(subdivide=arguments.subdivide, use_limit_surface=arguments.limit_surface),
        animate=AnimateSettings(carrier=arguments.carrier, tolerance_m=arguments.tolerance),
        has_camera=arguments.camera,
        has_texture=arguments.texture,
        scene_rate_hz=arguments.scene_rate,
    )
