"""Options that shape the outputs of a take, gathered into one record."""

from __future__ import annotations

from argparse import Namespace

from ..outputs import OutputSettings
from ..settings import AnimateSettings, MeshSettings, SmoothSettings


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
            quick_gain=arguments.quick_gain,
            calm_cutoff_hz=arguments.calm_cutoff,
            motion_threshold=arguments.motion_threshold,
            fill_gap_s=arguments.fill_gaps,
            depth=arguments.depth,
            scale=arguments.scale,
        ),
        mesh=MeshSettings(
            subdivide=arguments.subdivide,
            use_limit_surface=arguments.limit_surface,
            density=arguments.density,
        ),
        animate=AnimateSettings(carrier=arguments.carrier, tolerance_m=arguments.tolerance),
        has_camera=arguments.camera,
        has_texture=arguments.texture,
        scene_rate_hz=arguments.scene_rate,
    )
