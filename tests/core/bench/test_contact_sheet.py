"""Each picture lies in its place, whole."""

import numpy as np
import pytest

from mien.core.bench import contact_sheet
from mien.core.errors import ArgumentError, ShapeError


def plain(colour, size=(90, 160)):
    return np.full((*size, 3), colour, np.uint8)


def test_pictures_lie_in_rows_and_columns():
    red, green, blue = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    sheet = contact_sheet([[plain(red), plain(green)], [plain(blue), None]], cell_width=160)
    assert sheet.shape == (8 + 2 * (90 + 8), 8 + 2 * (160 + 8), 3)
    centres = [(8 + 45 + row * 98, 8 + 80 + column * 168) for row in (0, 1) for column in (0, 1)]
    assert [tuple(sheet[place]) for place in centres[:3]] == [red, green, blue]
    assert tuple(sheet[centres[3]]) == (44, 44, 48), "an empty place"


def test_a_picture_of_other_proportions_is_fitted_in_whole():
    tall = plain((250, 250, 0), size=(180, 60))
    sheet = contact_sheet([[plain((9, 9, 9)), tall]], cell_width=160)
    is_yellow = (sheet[:, 176:, 0] > 240) & (sheet[:, 176:, 2] < 10)
    rows, columns = np.nonzero(is_yellow)
    assert np.ptp(rows) + 1 == 90 and np.ptp(columns) + 1 == 30


def test_captions_are_seen_and_stay_in_their_cell():
    pictures = [[plain((80, 80, 80)), plain((80, 80, 80))]]
    bare = contact_sheet(pictures, column_captions=["", ""], cell_width=160)
    sheet = contact_sheet(
        pictures,
        row_captions=["t = 1.2 s"],
        column_captions=["a very long caption that has no room", ""],
        cell_width=160,
    )
    changed = np.argwhere((sheet != bare).any(axis=-1))
    above, inside = changed[changed[:, 0] < 34], changed[changed[:, 0] >= 34]
    assert len(above) > 50 and len(inside) > 50
    assert inside[:, 1].max() < 8 + 160
    rows = np.zeros(len(bare), bool)
    rows[above[:, 0]] = True
    assert not rows[:2].any()


def test_nothing_to_show_is_refused():
    with pytest.raises(ArgumentError, match="at least one picture"):
        contact_sheet([[None]])
    with pytest.raises(ShapeError, match="picture must have shape"):
        contact_sheet([[np.zeros((4, 4), np.uint8)]])
