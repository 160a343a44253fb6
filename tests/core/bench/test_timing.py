"""Rates and memory are those of what ran."""

import subprocess
import sys
import time

import pytest

from mien.core.bench.timing import Rate, StepClock, measure_rate


def test_the_rate_counts_all_from_loading_to_what_follows_the_last_step():
    def steps():
        time.sleep(0.2)
        for _ in range(6):
            yield None
            time.sleep(0.02)

    rate = measure_rate(steps())
    assert rate.n_steps == 6
    assert rate.start_s == pytest.approx(0.2, abs=0.1)
    assert 6 / (0.32 + 0.3) < rate.per_second < 6 / 0.32 * 1.05
    assert rate.cpu_ms < 15, "sleeping costs the processor nothing"


def test_who_holds_results_back_gains_nothing_by_it():
    def steps():
        time.sleep(0.2)  # all the work is done before the first result comes
        yield from range(10)

    assert measure_rate(steps()).per_second < 10 / 0.2 * 1.05


def test_busy_steps_cost_the_processor_what_they_take():
    def steps():
        yield None
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        yield None

    assert measure_rate(steps()).cpu_ms == pytest.approx(50, abs=15), "two steps share it"


def test_steps_that_were_not_told_one_by_one_are_counted_at_the_end():
    clock = StepClock()
    clock.tick()
    time.sleep(0.05)
    rate = clock.rate(n_steps=10)
    assert rate.n_steps == 10 and 10 / 0.15 < rate.per_second < 10 / 0.05 * 1.05


def test_no_step_has_no_rate():
    assert measure_rate([]) == Rate(0, 0.0, 0.0, 0.0)


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
