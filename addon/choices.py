"""What can be chosen in drop-downs, with a label and a tooltip each."""

from __future__ import annotations

from ..core.settings import ENGINES as _NAMES

_ENGINE_WORDS = {
    "facemesh": ("FaceMesh", "478 points with irises; lips and eyes looked at again"),
    "facemesh-468": ("FaceMesh 468", "The mesh of 468 points: the fastest"),
    "facemesh-v2": (
        "FaceMesh V2",
        "MediaPipe's later mesh of 478 points, from finer crops. Import face_landmarker.task first",
    ),
    "prnet": ("PRNet", "A position map: dense meshes of 1, 4 or 16 thousand points, no irises"),
}
ENGINES = tuple((name, *_ENGINE_WORDS.get(name, (name, ""))) for name in _NAMES)
FOOTAGE_KINDS = (
    ("FILE", "File", "A video, an animated GIF, or numbered images"),
    ("CLIP", "Clip", "A movie clip of this file"),
    ("CAMERA", "Camera", "A live camera of this computer"),
)
QUALITIES = (
    ("best", "Best", "Looks at each frame again: calm, and nothing comes late"),
    ("live", "Live", "Looks at each frame once, and only back: fastest, for previews"),
)
DETECTORS = (
    ("auto", "Near, Then Far", "Far faces are looked for where none is near"),
    ("short", "Near", "Faces within about two metres"),
    ("full", "Far", "Faces within about five metres, small ones too"),
)
SMOOTHINGS = (
    ("best", "Best", "Knows the whole take: calm, and nothing comes late"),
    ("live", "Live", "Knows only the past, as with a camera: comes a little late"),
    ("none", "None", "The landmarks as they were captured"),
)
DEPTHS = (
    ("auto", "Automatic", "Over the take with the mode Best, else by frame"),
    (
        "take",
        "Over the Take",
        "One shape of the face and one camera for all frames: a head stays itself when it turns",
    ),
    ("frame", "By Frame", "Each frame by itself, as deep as the network has it"),
)
HEAD_SCALES = (
    ("canonical", "Average Head", "Every head is as large as the average one"),
    (
        "iris",
        "From the Irises",
        "Irises are 11.7 mm wide in nearly everyone. Needs an engine that finds them",
    ),
)
DENSITIES = (
    ("1k", "1,089 Points", "For editing and games; as fast as the other engines"),
    ("4k", "4,225 Points", "Finer lids and lips"),
    ("16k", "16,641 Points", "All that the position map holds"),
)
CARRIERS = (
    ("shape-keys", "Shape Keys", "Few shape keys with one curve each: for editing, glTF, FBX, USD"),
    ("absolute-keys", "Absolute Keys", "One shape key a frame: exact, and inside the file"),
    (
        "vertices",
        "Vertices",
        "Curves on the vertices themselves: exact, and every one of them can be edited. "
        "Blender 5.1 and later crash on it and are refused",
    ),
    ("cache", "Point Cache", "A file beside the take: for long takes"),
)
EXPORT_FORMATS = (
    (".fbx", "FBX", "Maya, MotionBuilder, Unreal, Unity: shape keys and head motion"),
    (".glb", "glTF Binary", "Web, Unity, Godot, Unreal: morph targets and head motion"),
    (".abc", "Alembic", "Houdini, Maya, Cinema 4D: exact points"),
    (".usdc", "USD", "Houdini, Maya, Omniverse: exact points, or blend shapes"),
    (".blend", "Blender", "A file of its own with this face"),
    (".pc2", "PC2 Point Cache", "3ds Max, Blender's Mesh Cache: points, with an .obj beside"),
    (".mdd", "MDD Point Cache", "LightWave, Maya: points, with an .obj beside"),
    (".csv", "CSV Table", "Spreadsheets: pose and points by frame"),
    (".npz", "NumPy Arrays", "Python: landmarks raw and smoothed, points, poses"),
    (".mp4", "Overlay Video", "The footage with the mesh drawn over it, to look at"),
)
