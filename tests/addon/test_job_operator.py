"""The modal base, driven without Blender: a stand-in for its context, and jobs that wait."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from mien.addon.job_operator import JobOperator, Outcome, seconds_left
from mien.addon.session import SESSION
from mien.core.errors import MienError
from mien.core.jobs import Job
from mien.core.records import Progress


class Workspace:
    def __init__(self):
        self.status = None

    def status_text_set(self, text):
        self.status = text


class WindowManager:
    def __init__(self):
        self.timers, self.handlers = [], []
        self.windows, self.is_listening = [], True

    def event_timer_add(self, seconds, window):
        self.timers.append(object())
        return self.timers[-1]

    def event_timer_remove(self, timer):
        self.timers.remove(timer)

    def modal_handler_add(self, operator):
        if self.is_listening:
            self.handlers.append(operator)
        return self.is_listening


@pytest.fixture
def context():
    workspace = Workspace()
    yield SimpleNamespace(
        window_manager=WindowManager(),
        window=object(),
        scene=object(),
        workspace=workspace,
        blend_data=SimpleNamespace(workspaces=[workspace]),
    )
    assert not SESSION.is_busy, "a test left its job behind"


TICK = SimpleNamespace(type="TIMER", value="NOTHING")
ESCAPE = SimpleNamespace(type="ESC", value="PRESS")


class Operator(JobOperator):
    """Runs a task; keeps what it reported and applied."""

    job_name = "Counting"

    def __init__(self, task):
        self.task, self.reports, self.applied, self.warnings = task, [], [], ()

    def make_job(self, context):
        return Job(self.task)

    def apply_result(self, context, result):
        self.applied.append(result)
        return Outcome(f"Counted to {result}.", self.warnings)

    def report(self, kind, text):
        self.reports.append((*kind, text))


def run_modal(operator, context, *, events=(), timeout_s=5.0):
    """Send events, then ticks until the operator ends."""
    for event in events:
        operator.modal(context, event)
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        answer = operator.modal(context, TICK)
        if answer & {"FINISHED", "CANCELLED"}:
            return answer
        time.sleep(0.005)
    raise AssertionError("the operator has not ended")


def wait_for_stop(on_progress):
    while True:
        on_progress(Progress("count", 1, None))
        time.sleep(0.001)


def test_execute_blocks_and_applies(context):
    operator = Operator(lambda on_progress: 3)
    assert operator.execute(context) == {"FINISHED"}
    assert operator.applied == [3] and operator.reports == [("INFO", "Counted to 3.")]
    assert not context.window_manager.timers


def test_a_poorer_result_is_a_warning(context):
    operator = Operator(lambda on_progress: 3)
    operator.warnings = ("Two was missing.",)
    assert operator.execute(context) == {"FINISHED"}
    assert operator.reports == [("WARNING", "Counted to 3.\nTwo was missing.")]


def test_invoke_comes_back_at_once_and_ends_with_the_job(context):
    go = threading.Event()
    operator = Operator(lambda on_progress: go.wait(5.0) and 3)
    assert operator.invoke(context, None) == {"RUNNING_MODAL"}
    assert context.window_manager.handlers == [operator] and len(context.window_manager.timers) == 1
    assert operator.modal(context, TICK) == {"PASS_THROUGH"} and not operator.applied
    go.set()
    assert run_modal(operator, context) == {"FINISHED"}
    assert operator.applied == [3]
    assert not context.window_manager.timers and context.workspace.status is None


def test_progress_reaches_the_status_bar(context):
    go = threading.Event()

    def task(on_progress):
        on_progress(Progress("count", 7, 10, 2.0))
        go.wait(5.0)

    operator = Operator(task)
    operator.invoke(context, None)
    while SESSION.progress is None:
        operator.modal(context, TICK)
    assert "7 of 10" in context.workspace.status and "Esc" in context.workspace.status
    go.set()
    run_modal(operator, context)


def test_escape_stops_and_other_keys_pass_through(context):
    operator = Operator(wait_for_stop)
    operator.invoke(context, None)
    assert operator.modal(context, SimpleNamespace(type="G", value="PRESS")) == {"PASS_THROUGH"}
    assert operator.modal(context, ESCAPE) == {"RUNNING_MODAL"}
    assert SESSION.is_stopping
    assert run_modal(operator, context) == {"FINISHED"}
    assert operator.reports == [("WARNING", "Counting was stopped.")] and not operator.applied
    assert not context.window_manager.timers and context.workspace.status is None


def test_an_error_is_shown_with_its_notes_and_changes_nothing(context):
    error = MienError("The disk is full.")
    error.add_note("3 frames are kept.")

    def task(on_progress):
        raise error

    for run in (Operator.execute, lambda one, context: one.invoke(context, None)):
        operator = Operator(task)
        answer = run(operator, context)
        if answer == {"RUNNING_MODAL"}:
            answer = run_modal(operator, context)
        assert answer == {"CANCELLED"}
        assert operator.reports == [("ERROR", "The disk is full.\n3 frames are kept.")]
        assert not context.window_manager.timers
    assert "The disk is full." in SESSION.report_text("5.0")


def test_an_error_while_the_job_is_made_starts_nothing(context):
    operator = Operator(None)
    operator.make_job = lambda context: (_ for _ in ()).throw(MienError("No footage."))
    assert operator.invoke(context, None) == {"CANCELLED"}
    assert not context.window_manager.timers and not context.window_manager.handlers


def test_a_bug_goes_to_the_console_and_releases_everything(context):
    operator = Operator(lambda on_progress: 1 / 0)
    operator.invoke(context, None)
    with pytest.raises(ZeroDivisionError):
        run_modal(operator, context)
    assert not context.window_manager.timers and not SESSION.is_busy


def test_cancel_waits_for_the_thread_and_releases_everything(context):
    operator = Operator(wait_for_stop)
    operator.invoke(context, None)
    job = operator._job
    operator.cancel(context)
    assert not job.is_running and not context.window_manager.timers


def test_a_closed_window_keeps_what_can_be_kept(context):
    operator = Operator(wait_for_stop)
    operator.kept = []
    operator.apply_stop = lambda context: operator.kept.append(context.scene) or "3 are kept."
    operator.invoke(context, None)
    operator.cancel(context)
    assert operator.kept == [context.scene] and "WARNING: 3 are kept." in SESSION.report_text("")
    operator.cancel(context)
    assert len(operator.kept) == 1, "once"


def test_a_blender_that_closes_or_loads_is_not_written_into(context):
    operator = Operator(wait_for_stop)
    operator.apply_stop = lambda context: pytest.fail("nothing is left to keep it in")
    operator.invoke(context, None)
    SESSION.end_and_wait(context)  # before a file is loaded
    operator.cancel(context)
    operator.invoke(context, None)
    context.scene = None  # while Blender closes
    operator.cancel(context)


def test_cancel_never_raises(context):
    for error in (MienError("The disk is gone."), ReferenceError("The scene is gone.")):
        operator = Operator(wait_for_stop)
        operator.apply_stop = lambda context, error=error: (_ for _ in ()).throw(error)
        operator.invoke(context, None)
        operator.cancel(context)
        assert str(error) in SESSION.report_text("")


def test_without_a_window_the_job_runs_here_and_now(context):
    context.window = None
    operator = Operator(lambda on_progress: 3)
    assert operator.invoke(context, None) == {"FINISHED"}
    assert operator.applied == [3] and not context.window_manager.timers


def test_a_window_that_does_not_listen_leaves_nothing_busy(context):
    operator = Operator(lambda on_progress: pytest.fail("nobody would hear of it"))
    context.window_manager.is_listening = False
    assert operator.invoke(context, None) == {"CANCELLED"}
    assert "does not listen" in operator.reports[0][1]
    assert not SESSION.is_busy and not context.window_manager.timers
    context.window_manager.modal_handler_add = lambda operator: 1 / 0
    with pytest.raises(ZeroDivisionError):
        operator.invoke(context, None)
    assert not SESSION.is_busy and not context.window_manager.timers


def test_an_operator_whose_session_was_ended_ends_too(context):
    operator = Operator(wait_for_stop)
    operator.invoke(context, None)
    SESSION.end_and_wait(context)
    assert operator.modal(context, TICK) == {"CANCELLED"}
    assert operator.modal(context, ESCAPE) == {"CANCELLED"}
    assert not operator.applied


def test_the_time_left_is_told_only_where_it_is_known():
    assert seconds_left(Progress("x", 10, 30, 5.0)) == 4.0
    assert seconds_left(Progress("x", 40, 30, 5.0)) == 0.0
    assert seconds_left(Progress("x", 10, None, 5.0)) is None
    assert seconds_left(Progress("x", 0, 30)) is None
