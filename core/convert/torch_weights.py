"""Reads state dicts from torch files, and refuses those that could run code."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import WeightsCorrupt, WeightsUnsafe

_STORAGES = ("Float", "Half", "BFloat16", "Double", "Byte", "Char", "Short", "Int", "Long", "Bool")
_PLAIN = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    *(f"torch {kind}Storage" for kind in _STORAGES),
}
"""What a state dict of plain tensors names; a pickle can call whatever it names."""

_MAX_PICKLE_BYTES = 1 << 26
"""Names and shapes only; the numbers lie outside of the pickle."""

_N_LEGACY_PICKLES = 5
"""Magic number, protocol, system, the object itself, keys of the raw data that follow."""


def is_torch_file(data: bytes) -> bool:
    """Tell whether a file looks like something that torch saved, or like any other pickle."""
    if data[:2] == b"PK":
        return any(name.endswith("data.pkl") for name in _zip_names(data))
    return data[:1] == b"\x80" or _is_old_pickle(data)


def read_state_dict(data: bytes, *, subject: str) -> dict[str, Tensor]:
    """Read a state dict of plain tensors.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsUnsafe
        The pickle within names anything but plain tensors. It was not run.
    WeightsCorrupt
        The file is damaged, or holds something else than a state dict.
    """
    check_pickles(data, subject=subject)
    try:
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" not in str(error):
            raise _damaged(subject, error) from error
        raise WeightsUnsafe(
            f"{subject} was refused by torch: it holds more than plain tensors. Ask its author for "
            "a state dict saved by torch.save(model.state_dict(), …)."
        ) from error
    except Exception as error:  # a damaged file makes torch raise almost anything
        raise _damaged(subject, error) from error
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise WeightsCorrupt(
            f"{subject} holds a {type(loaded).__name__}{_first_keys(loaded)}, expected a state "
            "dict of tensors. Save one with torch.save(model.state_dict(), …)."
        )
    return {str(key): value for key, value in loaded.items()}


def check_pickles(data: bytes, *, subject: str) -> None:
    """Raise unless every pickle in a torch file names plain tensors only; runs nothing.

    Raises
    ------
    WeightsUnsafe, WeightsCorrupt
        As of `read_state_dict`.
    """
    try:
        for name in _named_in(data):
            if name not in _PLAIN:
                raise WeightsUnsafe(
                    f"{subject} could run code: its pickle names '{name.replace(' ', '.')}', which "
                    "is no plain tensor. It was refused and not opened. Ask its author for a state "
                    "dict saved by torch.save(model.state_dict(), …)."
                )
    except (ValueError, IndexError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise _damaged(subject, error) from error


def _named_in(data: bytes) -> list[str]:
    """Return 'module name' of all that a file's pickles import."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".pkl")]
            if sum(entry.file_size for entry in entries) > _MAX_PICKLE_BYTES:
                raise ValueError(f"its pickles unpack to more than {_MAX_PICKLE_BYTES} bytes")
            pickles = [archive.read(entry) for entry in entries]
        return [name for one in pickles for name in _names(io.BytesIO(one))]
    stream = io.BytesIO(data)
    names: list[str] = []
    for _ in range(_N_LEGACY_PICKLES):
        if stream.tell() == len(data):
            break
        names += _names(stream)
    return names


def _names(stream: io.BytesIO) -> list[str]:
    """Return what one pickle imports, and stop behind its end."""
    names = []
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in ("GLOBAL", "INST"):
            names.append(str(argument))
        elif opcode.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            names.append(f"pickle {opcode.name}")  # a name put together while running
    return names


def _is_old_pickle(data: bytes) -> bool:
    """Tell whether bytes without a pickle's mark are one nevertheless, and one that calls."""
    try:
        return bool(_names(io.BytesIO(data)))
    except (ValueError, IndexError, KeyError, UnicodeDecodeError):
        return False


def _zip_names(data: bytes) -> list[str]:
    """Return the names in a zip file, none when it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def _first_keys(loaded: object) -> str:
    """Say what a mapping begins with."""
    if not isinstance(loaded, Mapping):
        return ""
    return " of " + ", ".join(f"'{key}'" for key in list(loaded)[:3])


def _damaged(subject: str, error: Exception) -> WeightsCorrupt:
    """Return the error for a file that breaks off or contradicts itself."""
    return WeightsCorrupt(
        f"{subject} is damaged: torch cannot read it ({type(error).__name__}: "
        f"{str(error).splitlines()[0] if str(error) else 'no reason given'}). Get the file again."
    )
