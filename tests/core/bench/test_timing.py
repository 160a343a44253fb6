"""Rates and memory are those of what ran."""

import subprocess
import sys
import time

import pytest

from mien.core.bench.timing import StepClock, measure_rate


def test_the_rate_leaves_out_the_time_to_the_first_step():
    def steps():
        time.sleep(0.2)
        for _ in range(6):
            yield None
            time.sleep(0.02)

    rate = measure_rate(steps())
    assert rate.n_steps == 6
    assert rate.start_s == pytest.approx(0.2, abs=0.1)
    # Five steps take five pauses, and the sixth pause comes before the end.
    assert 20 < rate.per_second < 5 / (6 * 0.02) * 1.05
    assert rate.cpu_ms < 15, "sleeping costs the processor nothing"


def test_busy_steps_cost_the_processor_what_they_take():
    def steps():
        yield None
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        yield None

    assert measure_rate(steps()).cpu_ms == pytest.approx(50, abs=15)


def test_one_step_has_no_rate():
    clock = StepClock()
    clock.tick()
    rate = clock.rate()
    assert (rate.n_steps, rate.per_second, rate.cpu_ms) == (1, 0.0, 0.0)
    assert measure_rate([]).n_steps == 0


def test_peak_memory_rises_with_what_is_held():
    # In a process of its own: what other tests held would hide it.
    code = (
        "from mien.core.bench.timing import peak_memory_bytes as peak; before = peak();"
        "block = bytearray(b'\\x01') * 300_000_000;"
        "print(None if before is None else peak() - before)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if run.stdout.strip() == "None":
        pytest.skip("this system does not tell the peak memory of a process")
    assert int(run.stdout) > 150_000_000
