"""The reader thread: order, bound, errors, and its end."""

import threading
import time

import numpy as np
import pytest

from mien.core.records import Footage, Frame
from mien.core.source.frame_stream import MAX_QUEUE_BYTES, FrameStream, StreamedSource

IMAGE = np.zeros((1, 1, 3), np.uint8)


def counting(*, n_frames, made, error=None, ended=None):
    """Return a producer that lists the frames it made, and says when it ended."""

    def produce(stop):
        try:
            for index in range(n_frames):
                made.append(index)
                yield Frame(index, index / 25, IMAGE)
            if error is not None:
                raise error
        finally:
            if ended is not None:
                ended.set()

    return produce


def wait_until(condition):
    deadline = time.monotonic() + 5.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert condition()


def test_frames_come_in_order_and_complete():
    made = []
    stream = FrameStream(counting(n_frames=500, made=made), n_ahead=3)
    assert [frame.index for frame in stream] == list(range(500))
    stream.close()


def test_the_reader_runs_ahead_no_further_than_the_queue():
    made = []
    stream = FrameStream(counting(n_frames=500, made=made), n_ahead=3)
    next(stream)
    wait_until(lambda: len(made) >= 5)
    time.sleep(0.05)
    assert len(made) == 5  # one taken, three waiting, one in the reader's hand
    stream.close()


def test_an_error_arrives_behind_the_frames_before_it():
    stream = FrameStream(counting(n_frames=4, made=[], error=KeyError("why")), n_ahead=2)
    taken = []
    with pytest.raises(KeyError, match="why"):
        while True:
            taken.append(next(stream))
    assert [frame.index for frame in taken] == [0, 1, 2, 3]
    assert list(stream) == []
    stream.close()


def test_closing_ends_a_reader_that_waits_for_room():
    made, ended = [], threading.Event()
    stream = FrameStream(counting(n_frames=500, made=made, ended=ended), n_ahead=2)
    wait_until(lambda: len(made) == 3)
    started = time.monotonic()
    stream.close()
    stream.close()
    assert ended.is_set()
    assert time.monotonic() - started < 1.0
    assert list(stream) == []


def test_closing_wakes_a_consumer_that_waits():
    release = threading.Event()

    def produce(stop):
        release.wait(5.0)
        yield from ()

    stream = FrameStream(produce, n_ahead=2)
    taken = []
    consumer = threading.Thread(target=lambda: taken.extend(stream))
    consumer.start()
    closer = threading.Thread(target=stream.close)
    closer.start()
    consumer.join(5.0)
    assert not consumer.is_alive()
    release.set()
    closer.join(5.0)
    assert taken == []


def test_a_live_stream_drops_the_oldest():
    made = []
    stream = FrameStream(counting(n_frames=50, made=made), n_ahead=1, is_live=True)
    wait_until(lambda: len(made) == 50)
    time.sleep(0.02)
    assert [frame.index for frame in stream] == [49]
    stream.close()


class Sized(StreamedSource):
    """Footage of a size, that says how far its reader ran ahead."""

    def __init__(self, size):
        super().__init__(Footage("", "video", size, 25.0, None))
        self.made = []

    def decode(self, stop):
        yield from counting(n_frames=20, made=self.made)(stop)


@pytest.mark.parametrize(
    ("size", "n_ahead"),
    [((720, 1280), 8), ((2160, 3840), 5), ((4320, 7680), 1), ((20000, 20000), 1)],
)
def test_large_frames_wait_in_a_shorter_queue(size, n_ahead):
    with Sized(size) as source:
        frames = source.frames()
        next(frames)
        wait_until(lambda: len(source.made) >= n_ahead + 2)
        time.sleep(0.02)
        assert len(source.made) == n_ahead + 2
        assert n_ahead == 1 or n_ahead * size[0] * size[1] * 3 <= MAX_QUEUE_BYTES


def test_a_second_reading_ends_the_first():
    with Sized((10, 10)) as source:
        first = source.frames()
        next(first)
        assert [frame.index for frame in source.frames()] == list(range(20))
        assert list(first) == []


def test_a_closed_source_has_no_frames():
    source = Sized((10, 10))
    source.close()
    with pytest.raises(ValueError, match="closed"):
        next(source.frames())
