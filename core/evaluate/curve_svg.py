"""The cumulative curve of errors as an SVG, written by hand so that nothing else is needed."""

from __future__ import annotations

from html import escape

import numpy as np

from ..arrays import FloatArray
from .scores import share_below

_WIDTH, _HEIGHT, _MARGIN = 560, 380, 56
_N_STEPS = 5


def curve_svg(errors: FloatArray, *, n_missed: int, limit: float, title: str, across: str) -> str:
    """Draw which share of faces has at most each error, as steps.

    Parameters
    ----------
    errors : shape (n_measured,), shares
    n_missed : faces that were not found; the curve stays below 100 % by them
    limit : where the picture ends
    title, across : what stands above, and below
    """
    right, bottom = _WIDTH - _MARGIN / 2, _HEIGHT - _MARGIN
    reach_x, reach_y = right - _MARGIN, bottom - _MARGIN

    def place(error: float, share: float) -> str:
        return f"{_MARGIN + error / limit * reach_x:.1f},{bottom - share * reach_y:.1f}"

    limits = np.unique([0.0, *errors[errors <= limit], limit])
    shares = share_below(errors, limits, n_missed=n_missed)
    points = [place(0.0, 0.0)]
    for error, share, before in zip(limits, shares, [0.0, *shares[:-1]], strict=True):
        points += [place(error, before), place(error, share)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
    ]
    for step in range(_N_STEPS + 1):
        share = step / _N_STEPS
        x, y = _MARGIN + share * reach_x, bottom - share * reach_y
        parts += [
            f'<path d="M{_MARGIN},{y:.1f}H{right} M{x:.1f},{_MARGIN}V{bottom}" stroke="#ddd"/>',
            f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>',
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
            f"{100 * share * limit:.3g} %</text>",
        ]
    middle = (_MARGIN + right) / 2
    parts += [
        f'<polyline points="{" ".join(points)}" fill="none" stroke="#28c" stroke-width="2"/>',
        f'<text x="{_MARGIN}" y="24" font-size="14">{escape(title)}</text>',
        f'<text x="{_MARGIN}" y="42">share of faces with at most this error</text>',
        f'<text x="{middle}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
