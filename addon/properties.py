"""What the artist can set, one group a stage; each turns itself into a settings record of core.

Defaults and limits are core's.
"""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.scene_job import SCENE_SUFFIXES
from ..core.settings import (
    DEFAULT_ENGINE,
    AnimateSettings,
    MeshSettings,
    SmoothSettings,
    SourceSettings,
    Span,
    TrackSettings,
)
from . import choices
from .footage import footage_changed

_SMOOTH, _MESH, _ANIMATE, _TRACK = (
    SmoothSettings(), MeshSettings(), AnimateSettings(), TrackSettings(),
)  # fmt: skip


def _exact(value: float) -> float:
    """Undo that Blender keeps single precision: 1.6 comes back as 1.600000024."""
    return float(f"{value:.7g}")


class MIEN_PG_source(bpy.types.PropertyGroup):
    """Footage."""

    kind: EnumProperty(
        name="Footage",
        description="Where the frames come from",
        items=choices.FOOTAGE_KINDS,
        update=footage_changed,
    )
    filepath: StringProperty(
        name="File",
        description="Video, GIF, or one of several numbered images",
        subtype="FILE_PATH",
        update=footage_changed,
    )
    clip: PointerProperty(
        name="Clip",
        description="Movie clip whose footage is captured",
        type=bpy.types.MovieClip,
        update=footage_changed,
    )
    camera_index: IntProperty(
        name="Camera",
        description="Number of the camera: 0 is the first one of this computer",
        min=0,
        max=63,
        update=footage_changed,
    )
    rate_hz: FloatProperty(
        name="Image Rate",
        description="Frames a second of numbered images, which have no times of their own",
        default=24.0,
        min=0.01,
        max=10000.0,
        soft_max=240.0,
        precision=3,
    )
    use_range: BoolProperty(
        name="Range", description="Capture only a part of the footage", default=False
    )
    start_s: FloatProperty(
        name="Start",
        description="Time of the first frame that is captured, in seconds of the footage",
        min=0.0,
        unit="TIME_ABSOLUTE",
    )
    end_s: FloatProperty(
        name="End",
        description="Time at which the capture ends, in seconds of the footage; 0 is its end",
        min=0.0,
        unit="TIME_ABSOLUTE",
    )

    @property
    def address(self) -> str:
        """What is to be opened; empty where nothing was chosen."""
        if self.kind == "CAMERA":
            return f"camera:{self.camera_index}"
        if self.kind == "CLIP":
            clip = self.clip  # of a linked one the path is relative to its own file
            return "" if clip is None else bpy.path.abspath(clip.filepath, library=clip.library)
        return bpy.path.abspath(self.filepath)

    def to_settings(self, *, is_images: bool) -> SourceSettings:
        """Return the part that is captured; a rate is the images' alone, a range not a camera's."""
        has_range = self.use_range and self.kind != "CAMERA"
        return SourceSettings(
            start_s=_exact(self.start_s) if has_range and self.start_s > 0 else None,
            end_s=_exact(self.end_s) if has_range and self.end_s > 0 else None,
            rate_hz=_exact(self.rate_hz) if is_images else None,
        )


def _quality_changed(group: MIEN_PG_capture, context: bpy.types.Context) -> None:
    """Let the quality choose how a new take is smoothed, as on the command line."""
    group.id_data.mien.smoothing.mode = group.quality


class MIEN_PG_capture(bpy.types.PropertyGroup):
    """How faces are found."""

    engine: EnumProperty(
        name="Engine",
        description="The network that finds the landmarks",
        items=choices.ENGINES,
        default=DEFAULT_ENGINE,
    )
    quality: EnumProperty(
        name="Quality",
        description="How carefully each frame is looked at, and how a new take is smoothed",
        items=choices.QUALITIES,
        update=_quality_changed,
    )
    n_faces: IntProperty(
        name="Faces",
        description="How many faces to follow",
        default=_TRACK.n_faces,
        min=1,
        max=16,
        soft_max=4,
    )
    detector: EnumProperty(
        name="Distance", description="How far away faces are looked for", items=choices.DETECTORS
    )
    is_tracked: BoolProperty(
        name="Follow Faces",
        description="Look for a face where it was in the frame before. Off: each frame by itself",
        default=_TRACK.is_tracked,
    )

    def to_settings(self) -> TrackSettings:
        """Return how faces are followed."""
        return TrackSettings(n_faces=self.n_faces, is_tracked=self.is_tracked)


class MIEN_PG_smoothing(bpy.types.PropertyGroup):
    """Jitter and gaps."""

    mode: EnumProperty(name="Mode", description="How jitter is calmed", items=choices.SMOOTHINGS)
    motion_threshold: FloatProperty(
        name="Motion Threshold",
        description="How many times stronger than the take's noise a movement must be to be kept. "
        "Higher is calmer; 0 keeps everything",
        default=_SMOOTH.motion_threshold,
        min=0.0,
        max=100.0,
        soft_max=4.0,
        step=10,
        precision=2,
    )
    calm_cutoff_hz: FloatProperty(
        name="Calm Cutoff",
        description="Frequency above which a still face is smoothed, in hertz. Lower is calmer",
        default=_SMOOTH.calm_cutoff_hz,
        min=0.01,
        max=1000.0,
        soft_max=5.0,
        step=10,
        precision=2,
    )
    min_cutoff_hz: FloatProperty(
        name="Minimum Cutoff",
        description="Frequency above which a still face is smoothed, in hertz. Lower is calmer",
        default=_SMOOTH.min_cutoff_hz,
        min=0.001,
        max=1000.0,
        soft_max=10.0,
        step=10,
        precision=3,
    )
    beta: FloatProperty(
        name="Beta",
        description="How fast the cutoff rises with speed. Higher is quicker, and trembles more",
        default=_SMOOTH.beta,
        min=0.0,
        max=1e6,
        soft_max=500.0,
        step=1000,
        precision=1,
    )
    quick_gain: FloatProperty(
        name="Quick Gain",
        description="How many times Beta counts at lids, lips and irises, which are quicker than "
        "the head. Lower is calmer, and blinks come out shallow",
        default=_SMOOTH.quick_gain,
        min=1.0,
        max=100.0,
        soft_max=10.0,
        step=50,
        precision=1,
    )
    fill_gap_s: FloatProperty(
        name="Fill Gaps",
        description="Gaps of up to this many seconds, in which the face was lost, are filled. "
        "0 fills none",
        default=_SMOOTH.fill_gap_s,
        min=0.0,
        max=60.0,
        soft_max=2.0,
        unit="TIME_ABSOLUTE",
    )
    depth: EnumProperty(name="Depth", description="How depth is found", items=choices.DEPTHS)
    scale: EnumProperty(
        name="Head Size", description="How large the head is, in metres", items=choices.HEAD_SCALES
    )

    def to_settings(self) -> SmoothSettings:
        """Return how a take is smoothed."""
        return SmoothSettings(
            mode=self.mode,
            min_cutoff_hz=_exact(self.min_cutoff_hz),
            beta=_exact(self.beta),
            quick_gain=_exact(self.quick_gain),
            calm_cutoff_hz=_exact(self.calm_cutoff_hz),
            motion_threshold=_exact(self.motion_threshold),
            fill_gap_s=_exact(self.fill_gap_s),
            depth=self.depth,
            scale=self.scale,
        )


class MIEN_PG_mesh(bpy.types.PropertyGroup):
    """The mesh, and what carries its animation."""

    subdivide: IntProperty(
        name="Subdivision",
        description="Levels of Catmull-Clark subdivision, by a modifier",
        default=_MESH.subdivide,
        min=0,
        max=3,
    )
    density: EnumProperty(
        name="Density",
        description="How many points are sampled from the position map, before any subdivision",
        items=choices.DENSITIES,
    )
    use_limit_surface: BoolProperty(
        name="Limit Surface",
        description="Place vertices where infinitely many subdivisions would",
        default=_MESH.use_limit_surface,
    )
    carrier: EnumProperty(
        name="Carrier", description="What carries the animation of the mesh", items=choices.CARRIERS
    )
    tolerance_m: FloatProperty(
        name="Tolerance",
        description="How far a vertex may be off with shape keys. Smaller takes more of them",
        default=_ANIMATE.tolerance_m,
        min=1e-7,
        max=0.1,
        soft_min=1e-5,
        soft_max=5e-3,
        precision=5,
        step=0.01,
        unit="LENGTH",
    )
    use_texture: BoolProperty(
        name="Texture",
        description="Paint the face with its colours in the footage. Off: plain skin",
        default=True,
    )
    use_camera: BoolProperty(
        name="Camera",
        description="Add the camera that saw the face, with the footage behind, and render at the "
        "footage's size. It becomes the scene's camera",
        default=True,
    )

    def to_mesh_settings(self) -> MeshSettings:
        """Return how dense the mesh is, and how it is subdivided."""
        return MeshSettings(
            subdivide=self.subdivide,
            use_limit_surface=self.use_limit_surface,
            density=self.density,
        )

    def to_animate_settings(self) -> AnimateSettings:
        """Return how the animation is carried."""
        return AnimateSettings(carrier=self.carrier, tolerance_m=_exact(self.tolerance_m))


class MIEN_PG_animate(bpy.types.PropertyGroup):
    """Where and when the animation stands in the scene."""

    timing: EnumProperty(
        name="Timing",
        description="Which frame rate the animation is written for",
        items=(
            ("FOOTAGE", "Footage", "The scene takes the footage's frame rate and range"),
            ("SCENE", "Scene", "The scene keeps its frame rate and range"),
        ),
    )
    place: EnumProperty(
        name="Place",
        description="Where a new face stands",
        items=(
            ("CURSOR", "3D Cursor", "At the 3D cursor, as whatever else is added"),
            ("WORLD", "World Origin", "At the world's origin"),
        ),
    )


class MIEN_PG_export(bpy.types.PropertyGroup):
    """Files for other programs."""

    suffix: EnumProperty(
        name="Format", description="Format of the file", items=choices.EXPORT_FORMATS
    )
    use_range: BoolProperty(
        name="Range",
        description="Write only the frames of the scene's range, or of its preview range",
        default=False,
    )
    use_texture: BoolProperty(
        name="Texture", description="Take the texture along, where the format can", default=True
    )
    use_camera: BoolProperty(
        name="Camera", description="Take the footage's camera along", default=False
    )

    def span(self, scene: bpy.types.Scene) -> Span:
        """Return the part of the take that the scene's range covers."""
        if not self.use_range:
            return Span()
        is_preview = scene.use_preview_range
        first = scene.frame_preview_start if is_preview else scene.frame_start
        last = scene.frame_preview_end if is_preview else scene.frame_end
        hz = scene.render.fps / scene.render.fps_base
        return Span(first / hz, last / hz)

    @property
    def is_scene_file(self) -> bool:
        """Whether Blender's exporters write the format."""
        return self.suffix in SCENE_SUFFIXES


class MIEN_PG_preview(bpy.types.PropertyGroup):
    """What is drawn over the footage."""

    show_overlay: BoolProperty(
        name="Show Overlay",
        description="Draw the captured face over the footage: in the view through its camera, "
        "and in the editors of movie clips and images",
        default=False,
    )
    show_mesh: BoolProperty(name="Mesh", description="Draw the mesh", default=True)
    show_points: BoolProperty(name="Points", description="Draw the landmarks", default=False)
    show_contours: BoolProperty(
        name="Contours", description="Draw eyes, brows, lips and outline", default=True
    )
    use_raw: BoolProperty(
        name="As Captured", description="Draw what was captured instead of what was smoothed"
    )
    opacity: FloatProperty(
        name="Opacity",
        description="How much the drawing covers",
        default=0.8,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    show_strip: BoolProperty(
        name="Timeline Graph",
        description="Draw at the foot of the timeline how sure the network was, how much the face "
        "moves, and where it was lost",
        default=True,
    )


register, unregister = bpy.utils.register_classes_factory(
    (
        MIEN_PG_source,
        MIEN_PG_capture,
        MIEN_PG_smoothing,
        MIEN_PG_mesh,
        MIEN_PG_animate,
        MIEN_PG_export,
        MIEN_PG_preview,
    )
)
