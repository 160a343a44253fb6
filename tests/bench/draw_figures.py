"""Draw what `mien bench --out` saved.

Usage: python tests/bench/draw_figures.py docs/figures/bench.json --out docs/figures
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
# Text stays text, and the same figures give the same file.
mpl.rcParams.update(
    {"svg.fonttype": "none", "svg.hashsalt": "mien", "font.size": 9.0, "font.family": "sans-serif"}
)

from matplotlib import pyplot as plt  # noqa: E402

COLOURS = {
    "decoding": "#9a9a9a",
    "best": "#0b4f8a",
    "live": "#56a3d9",
    "mediapipe-refined": "#d1600f",
    "mediapipe": "#f0b36b",
    "mediapipe-task": "#7d3c98",
}
MARKERS = {"best": "o", "live": "o", "mediapipe-refined": "D", "mediapipe": "D"}
MARKERS["mediapipe-task"] = "s"
INK, GRID = "#222222", "#dddddd"
PANELS = (
    # title, measure, on a logarithmic axis, goal line
    ("Jitter, % of the inter-ocular distance", "jitter_percent", True, None),
    ("Error without bias, % of the same", "bias_free_error_percent", True, None),
    ("Blink kept, of the true amplitude", "blink_kept", False, 0.95),
    ("Jaw kept, of the true amplitude", "jaw_kept", False, 0.95),
    ("Lag, frames", "lag_frames", False, 0.0),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=Path, help="bench.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for bench.svg")
    arguments = parser.parse_args()
    result = json.loads(arguments.result.read_text(encoding="utf-8"))
    figure = draw(result)
    path = arguments.out / "bench.svg"
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    print(path)
    return 0


def draw(result: dict):
    """Return a figure: speed, then each measure over the conditions."""
    measured = [condition for condition in result["conditions"] if condition["rows"]]
    figure, axes = plt.subplots(
        2, 3, figsize=(12.5, 3.2 + 0.44 * max(len(measured), 6)), layout="constrained"
    )
    draw_speed(axes[0, 0], result)
    for axis, panel in zip(list(axes.flat)[1:], PANELS, strict=True):
        draw_measure(axis, measured, panel)
    handles = [
        plt.Line2D([], [], color=COLOURS[name], marker=MARKERS[name], linestyle="", label=label)
        for name, label in labels_of(result).items()
        if name in MARKERS
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    return figure


def labels_of(result: dict) -> dict[str, str]:
    """Return the contestants that took part: name → label."""
    took_part = {row["name"]: row["label"] for row in result["speed"] if not row["note"]}
    return {name: took_part[name] for name in COLOURS if name in took_part}


def draw_speed(axis, result: dict) -> None:
    """Draw frames a second as bars, the rounds as ticks on them."""
    rows = [row for row in result["speed"] if not row["note"]]
    for place, row in enumerate(rows):
        axis.barh(place, row["per_second"], color=COLOURS[row["name"]], height=0.62)
        for value in row["per_second_rounds"]:
            axis.plot([value, value], [place - 0.2, place + 0.2], color="white", linewidth=1.0)
        axis.annotate(
            f"{row['per_second']:.0f}",
            (max(row["per_second"], *row["per_second_rounds"]), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axis.set_yticks(range(len(rows)), [row["label"] for row in rows])
    axis.invert_yaxis()
    axis.margins(x=0.12)
    # A figure of a busy machine says so.
    axis.set_xlabel(result["machine"].replace(", Linux", "\nLinux"), fontsize=7.5, color=INK)
    height, width = result["size"]
    axis.set_title(f"Frames a second, {width} × {height}, from the file", loc="left", color=INK)
    tidy(axis)


def draw_measure(axis, conditions: list[dict], panel: tuple) -> None:
    """Draw one measure: a row for each condition, a mark for each contestant."""
    title, measure, is_logarithmic, goal = panel
    for place, condition in enumerate(conditions):
        for row in condition["rows"]:
            value = row["score"] and row["score"][measure]
            if value is None:
                continue
            name = row["name"]
            axis.plot(
                value, place, MARKERS[name], color=COLOURS[name], markersize=6.5,
                markeredgecolor="white", markeredgewidth=0.6, zorder=4 if name == "best" else 3,
            )  # fmt: skip
    if goal is not None:
        axis.axvline(goal, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    if is_logarithmic:
        axis.set_xscale("log")
        ticks = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0]
        low, high = axis.get_xlim()
        shown = [tick for tick in ticks if low <= tick <= high]
        axis.set_xticks(shown, [f"{tick:g}" for tick in shown])
        axis.minorticks_off()
    axis.set_yticks(range(len(conditions)), [condition["name"] for condition in conditions])
    axis.set_ylim(len(conditions) - 0.4, -0.6)
    axis.set_title(title, loc="left", color=INK)
    axis.grid(axis="y", color=GRID, linewidth=0.7)
    tidy(axis)


def tidy(axis) -> None:
    """Leave what is read, and no more."""
    axis.grid(axis="x", color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    axis.tick_params(length=0, colors=INK)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(GRID)


if __name__ == "__main__":
    sys.exit(main())
