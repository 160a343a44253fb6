"""A solved face in, one file per format out."""

from .arrays_npz import write_npz
from .atomic_file import new_file, path_beside
from .neutral_obj import is_neutral_obj, write_neutral_obj
from .overlay_video import write_overlay
from .point_cache import read_mdd, read_pc2, write_mdd, write_pc2
from .points_csv import write_points_csv
from .texture_png import png_of_texture, write_texture

__all__ = [
    "is_neutral_obj",
    "new_file",
    "path_beside",
    "png_of_texture",
    "read_mdd",
    "read_pc2",
    "write_mdd",
    "write_neutral_obj",
    "write_npz",
    "write_overlay",
    "write_pc2",
    "write_points_csv",
    "write_texture",
]
