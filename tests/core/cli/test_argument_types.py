from __future__ import annotations

import argparse

import pytest

from mien.core.cli.argument_types import (
    metres_from_millimetres,
    positive_number,
    seconds_from_text,
    thread_count,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        ("1.25", 1.25),
        ("1:30", 90.0),
        ("61:00.5", 3660.5),
        ("1:02:03.5", 3723.5),
    ],
)
def test_times_are_seconds_or_minutes_or_hours(text, seconds):
    assert seconds_from_text(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "nan", "inf", "1:60", "1:-1", "1.5:00", "1:2:3:4", "1:", "nan:1"]
)
def test_other_texts_are_no_times(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no time; write seconds or"):
        seconds_from_text(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_rates_and_lengths_lie_above_zero(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no number above 0"):
        positive_number(text)
    with pytest.raises(argparse.ArgumentTypeError, match="is no number above 0"):
        metres_from_millimetres(text)


def test_lengths_are_given_in_millimetres():
    assert metres_from_millimetres("0.5") == 0.0005


def test_threads_are_counted_from_zero_for_all():
    assert [thread_count(text) for text in ("0", "8")] == [0, 8]
    for text in ("-1", "1.5", "", "²"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no number of threads"):
            thread_count(text)
