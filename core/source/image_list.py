"""Which files are the images of a sequence, and at what number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import CannotOpen
from .diagnosis import check_readable
from .image_file import IMAGE_SUFFIXES

_PATTERN = re.compile(r"#+|%0?(\d*)d|\*")


@dataclass(frozen=True, slots=True)
class NumberedImage:
    """One image of a sequence; numbers increase by 1 from frame to frame, or more at a hole."""

    path: Path
    number: int


def is_pattern(path: Path) -> bool:
    """Return whether a path stands for many: `shot_####.png`, `shot_%04d.png`, `shot_*.png`."""
    is_image = path.suffix.lower() in (*IMAGE_SUFFIXES, "") or "*" in path.suffix
    return is_image and bool(_PATTERN.search(path.name)) and not path.exists()


def images_at(place: Path) -> list[NumberedImage]:
    """Return the images that a pattern, a folder, or one image of a sequence stands for.

    Empty if the place is a file of another kind.

    Raises
    ------
    CannotOpen
        It is missing or cannot be read, or there are no images.
    """
    if is_pattern(place):
        return images_of_pattern(place)
    check_readable(place)
    if place.is_dir():
        return images_of_folder(place)
    return images_beside(place) if place.suffix.lower() in IMAGE_SUFFIXES else []


def images_of_folder(folder: Path) -> list[NumberedImage]:
    """Return a folder's images in natural order.

    Numbers come from the names where these differ in nothing but one number, else from the order.

    Raises
    ------
    CannotOpen
        The folder cannot be read or holds no images.
    """
    found = _image_files(folder)
    if not found:
        kinds = " ".join(suffix for suffix in IMAGE_SUFFIXES if suffix not in (".dib", ".jpe"))
        raise CannotOpen(
            f"Folder '{folder.name or folder}' holds no images. Choose a folder with files of one "
            f"of the kinds {kinds}."
        )
    return _numbered(sorted(found, key=_natural_key))


def images_of_pattern(pattern: Path) -> list[NumberedImage]:
    """Return the images that fit a pattern, in natural order.

    Raises
    ------
    CannotOpen
        The folder cannot be read, or nothing fits.
    """
    expression = re.compile(_expression(pattern.name))
    found = [path for path in _image_files(pattern.parent) if expression.fullmatch(path.name)]
    if not found:
        raise CannotOpen(
            f"No image fits '{pattern.name}' in folder '{pattern.parent}'. Check the pattern: "
            "#### or %04d stand for a number of four digits, * for anything."
        )
    return _numbered(sorted(found, key=_natural_key))


def images_beside(path: Path) -> list[NumberedImage]:
    """Return the sequence that a numbered image belongs to; the image alone where it has none."""
    last = list(re.finditer(r"\d+", path.stem))[-1:]
    if not last:
        return [NumberedImage(path, 0)]
    digits = last[0]
    before, after = path.stem[: digits.start()], path.stem[digits.end() :] + path.suffix
    width = digits.end() - digits.start()
    # `shot_0009` goes on as `shot_0010` and, in the end, `shot_10000`; `shot_9` as `shot_10`.
    number = rf"(?:\d{{{width}}}|0|[1-9]\d*)"
    expression = re.compile(re.escape(before) + number + re.escape(after))
    found = [other for other in _image_files(path.parent) if expression.fullmatch(other.name)]
    return _numbered(sorted(found or [path], key=_natural_key))


def _image_files(folder: Path) -> list[Path]:
    """Return the images of a folder, without those that the system hides."""
    check_readable(folder)
    if not folder.is_dir():
        raise CannotOpen(f"Footage folder '{folder}' is not a folder. Check the path.")
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    ]


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern."""
    parts, place = [], 0
    for match in _PATTERN.finditer(pattern):
        parts.append(re.escape(pattern[place : match.start()]))
        if match[0] == "*":
            parts.append(".*")
        else:
            width = len(match[0]) if match[0].startswith("#") else int(match[1] or 1)
            parts.append(rf"(?:\d{{{width}}}|[1-9]\d{{{width},}})")
        place = match.end()
    return "".join([*parts, re.escape(pattern[place:])])


def _natural_key(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sort `shot_9` before `shot_10`."""
    pieces = re.findall(r"\d+|\D+", path.name.casefold())
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in pieces], path.name


def _numbered(paths: list[Path]) -> list[NumberedImage]:
    """Take the one number that differs in the names, else the place in the order."""
    names = [re.split(r"(\d+)", path.name) for path in paths]
    counted = [NumberedImage(path, index) for index, path in enumerate(paths)]
    if len({len(name) for name in names}) != 1:
        return counted
    differing = [
        place for place in range(len(names[0])) if len({name[place] for name in names}) > 1
    ]
    if len(differing) != 1 or differing[0] % 2 == 0:
        return counted
    numbers = [int(name[differing[0]]) for name in names]
    if len(set(numbers)) != len(numbers):
        return counted
    return [NumberedImage(path, number) for path, number in zip(paths, numbers, strict=True)]
