"""Cuts the pictures of the README out of the screenshots of the last window test.

Usage: make test-gui && python tests/gui/make_pictures.py
"""

import argparse
import sys
from pathlib import Path

import cv2

CHECKOUT = Path(__file__).resolve().parents[2]
VIEW_AND_PANEL = (56, 1322)
PANEL = (1038, 1322)
# Screenshot, what is kept of it as (left, right, top, bottom), and the picture's name.
PICTURES = (
    ("08-captured.png", (0, 1600, 0, 1000), "window.jpg"),
    ("05-footage.png", (*PANEL, 80, 900), "panel-footage.png"),
    ("07-capturing.png", (*PANEL, 80, 620), "panel-capturing.png"),
    ("10-mesh.png", (*PANEL, 80, 900), "panel-mesh.png"),
    ("11-overlay.png", (*VIEW_AND_PANEL, 56, 960), "overlay.jpg"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=Path, default=CHECKOUT / "build" / "gui")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs" / "pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for shot, (left, right, top, bottom), name in PICTURES:
        image = cv2.imread(str(arguments.shots / shot))
        if image is None:
            print(f"'{shot}' is not in '{arguments.shots}': run make test-gui first.")
            return 3
        options = [cv2.IMWRITE_JPEG_QUALITY, 88, cv2.IMWRITE_PNG_COMPRESSION, 9]
        cv2.imwrite(str(arguments.out / name), image[top:bottom, left:right], options)
        print(arguments.out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
