"""Named arrays in, a network's named arrays out."""

from .devices import PROVIDERS, Device, available_devices, check_device
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
    "PROVIDERS",
    "Device",
    "NamedArrays",
    "Network",
    "WeightFile",
    "assets_folder",
    "available_devices",
    "check_device",
    "find_weights",
    "list_weights",
    "open_network",
    "user_folder",
    "verify_weights",
]
