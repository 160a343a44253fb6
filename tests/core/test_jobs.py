"""Work on a thread: what it says arrives, once, and in the end it ends."""

import os
import sys
import threading
import time

import pytest

from mien.core.errors import Cancelled, MienError
from mien.core.jobs import NICENESS, Failed, Finished, Job, Stopped
from mien.core.records import Progress


def all_messages(job, timeout_s=5.0):
    """Wait for the job, and return everything that it said."""
    found, ends = [], time.monotonic() + timeout_s
    while time.monotonic() < ends:
        found += job.messages()
        if found and not isinstance(found[-1], Progress):
            return found
        time.sleep(0.005)
    raise AssertionError(f"the job has not ended, it said {found}")


def test_the_last_message_holds_the_result():
    job = Job(lambda on_progress: 6 * 7)
    job.start()
    assert all_messages(job) == [Finished(42)]


def test_progress_comes_before_the_result_and_only_the_latest_counts():
    def task(on_progress):
        for done in range(100):
            on_progress(Progress("count", done, 100))

    job = Job(task)
    job.start()
    assert job.join(5.0)
    assert list(job.messages()) == [Progress("count", 99, 100), Finished(None)]
    assert list(job.messages()) == []


def test_a_stop_reaches_the_task_at_its_next_report():
    begun, reports = threading.Event(), []

    def task(on_progress):
        while True:
            reports.append(1)
            on_progress(Progress("count", len(reports), None))
            begun.set()
            time.sleep(0.001)

    job = Job(task)
    job.start()
    assert begun.wait(5.0)
    job.stop()
    assert job.is_stopping
    assert isinstance(all_messages(job)[-1], Stopped)
    assert not job.is_running


@pytest.mark.parametrize("error", [MienError("The disk is full."), ZeroDivisionError()])
def test_an_error_and_a_bug_end_as_messages(error):
    def task(on_progress):
        raise error

    job = Job(task)
    job.start()
    assert all_messages(job) == [Failed(error)]


def test_run_works_on_the_callers_thread_and_raises():
    threads = []
    job = Job(lambda on_progress: threads.append(threading.current_thread()))
    job.run(lambda progress: None)
    assert threads == [threading.current_thread()]

    def fail(on_progress):
        raise MienError("no")

    with pytest.raises(MienError):
        Job(fail).run(lambda progress: None)


def test_run_passes_reports_on_and_stops_where_asked():
    job, seen = None, []

    def task(on_progress):
        for done in range(10):
            on_progress(Progress("count", done, 10))

    def take(progress):
        seen.append(progress.done)
        if progress.done == 3:
            job.stop()

    job = Job(task)
    with pytest.raises(Cancelled):
        job.run(take)
    assert seen == [0, 1, 2, 3]


def test_a_job_that_runs_does_not_keep_the_program_from_ending():
    job = Job(lambda on_progress: time.sleep(0.05))
    job.start()
    thread = next(one for one in threading.enumerate() if one.name == "mien-job")
    assert thread.daemon
    assert not job.join(0.0)
    assert job.join(5.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_a_jobs_threads_give_way_and_its_owners_do_not():
    def own_niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def task(on_progress):
        found = []
        child = threading.Thread(target=lambda: found.append(own_niceness()))
        child.start()
        child.join()
        return own_niceness(), found[0]

    before = own_niceness()
    job = Job(task)
    job.start()
    expected = max(NICENESS, before)
    assert all_messages(job)[-1] == Finished((expected, expected))
    assert own_niceness() == before
