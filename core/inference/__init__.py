"""Named arrays in, a network's named arrays out."""

from .network import NamedArrays, Network
from .weights import (
    WeightFile,
    assets_folder,
    find_weights,
    list_weights,
    open_network,
    user_folder,
    verify_weights,
)

__all__ = [
    "NamedArrays",
    "Network",
    "WeightFile",
    "assets_folder",
    "find_weights",
    "list_weights",
    "open_network",
    "user_folder",
    "verify_weights",
]
