"""A capture in, a folder on disk out, and back."""

from .footage_hash import FootageHash, hash_footage
from .position_maps import read_position_maps
from .stills import count_stills, read_stills
from .take_changes import copy_take, delete_take, set_footage_path
from .take_folder import has_take, is_temporary_take, read_take, take_mark
from .take_place import check_take_place, remove_take
from .take_writer import TakeWriter

__all__ = [
    "FootageHash",
    "TakeWriter",
    "check_take_place",
    "copy_take",
    "count_stills",
    "delete_take",
    "has_take",
    "hash_footage",
    "is_temporary_take",
    "read_position_maps",
    "read_stills",
    "read_take",
    "remove_take",
    "set_footage_path",
    "take_mark",
]
