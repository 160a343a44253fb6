from __future__ import annotations

import argparse
import ast
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mien.core.cli import console
from mien.core.cli.arguments import build_parser
from mien.core.cli.console import Result, show_result
from mien.core.cli.interruption import Interruption
from mien.core.cli.progress_bar import ProgressBar
from mien.core.errors import Cancelled, ExportError
from mien.core.records import Progress
from mien.core.version import VERSION


def parsers():
    """Return all parsers with their command, such as ('mien models list', …)."""
    found = [build_parser()]
    for parser in found:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += action.choices.values()
    return {parser.prog: parser for parser in found}


def said_in(path: Path):
    """Yield the texts of a module without its docstrings."""
    tree = ast.parse(path.read_text())
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            yield node.value


def test_only_the_command_line_speaks_of_flags():
    """What the rest says is read in Blender's window, too."""
    core = Path(console.__file__).parents[1]
    flags = {flag for one in parsers().values() for flag in one._option_string_actions}
    found = [
        (path.name, text)
        for path in core.rglob("*.py")
        if path.parent.name not in {"cli", "convert", "bench", "training"}
        for text in said_in(path)
        if flags & {flag for flag in re.findall(r"(?<!\S)\(?(--[a-z-]+)", text)}
    ]
    assert not found


def test_every_flag_that_an_error_brings_to_mind_exists():
    flags = {flag for one in parsers().values() for flag in one._option_string_actions}
    for text in console._FLAGS.values():
        named = set(re.findall(r"--[a-z-]+", text))
        assert named and named <= flags


@pytest.mark.parametrize("command", parsers())
def test_every_help_ends_with_an_example_that_is_understood(command):
    help_text = parsers()[command].format_help()
    example = re.search(r"\nexample:\n  (mien .*)\n", help_text)
    assert example, help_text
    words = shlex.split(example[1])[1:]
    assert words[: command.count(" ")] == command.split()[1:]
    assert build_parser().parse_args(words).verb


def test_the_verbs_are_those_of_this_version():
    assert {command.split()[1] for command in parsers() if " " in command} == {
        "animate",
        "capture",
        "evaluate",
        "build",
        "export",
        "models",
        "info",
        "bench",
        "train",
    }


def test_version_and_help_are_results(mien):
    assert mien("--version") == (0, f"mien {VERSION}\n", "")
    code, out, err = mien("capture", "--help")
    assert (code, err) == (0, "") and "--no-track" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: VERB"),
        (["paint"], "invalid choice: 'paint'"),
        (["info"], "required: TAKE. See 'mien info --help'"),
        (["capture", "a.mp4"], "required: --take"),
        (["capture", "a.mp4", "--take", "t", "--start", "1:75"], "'1:75' is no time"),
        (["capture", "a.mp4", "--take", "t", "--start", "5", "--end", "4"], "end must come after"),
        (["capture", "a.mp4", "--take", "t", "--faces", "0"], "faces must lie in 1 … 16"),
        (["capture", "a.mp4", "--take", "t", "--resume", "--overwrite"], "not allowed with"),
        (["capture", "a.mp4", "--take", "t", "--threads", "-1"], "'-1' is no number of threads"),
        (["capture", "a.mp4", "--take", "t", "--rate", "nan"], "'nan' is no number above 0"),
        (["animate", "a.mp4", "-o", "a.npz", "--subdivide", "4"], "subdivide must lie in 0 … 3"),
        (["animate", "a.mp4", "-o", "a.npz", "--beta", "-1"], "beta must lie in"),
        (["animate", "a.mp4", "-o", "a.npz", "--density", "4k"], "but 'facemesh' gives 478 points"),
        (["animate", "a.mp4", "-o", "a.npz", "--density", "2k"], "invalid choice: '2k'"),
        (["animate", "a.mp4", "-o", "a.npz", "--toler", "1"], "unrecognized arguments"),
        (
            ["animate", "a.mp4", "-o", "a.xyz"],
            "'.xyz', which names no format. Choose one of .blend",
        ),
        (["animate", "a.mp4", "-o", "a"], "'', which names no format"),
        (["animate", "a.mp4", "-o", ""], "is a folder. Name a file"),
        (["animate", "a.mp4", "-o", "a.pc2", "--scene-rate", "1e9"], "0.01 … 32767 Hz, got 1e+09"),
        (["animate", "a.mp4", "-o", "a.npz", "--tolerance", "1000"], "1e-07 … 0.1 m, got 1 m"),
        (["animate", "a.mp4", "-o", "a.npz", "--fill-gaps", "nan"], "0 … 60 s, got nan s"),
        (["animate", "a.mp4", "-o", "a.npz", "--threads", "99999999999"], "(up to 256; 0: all"),
        (["animate", "-a.mp4", "-o", "a.npz"], "begins with '-' is written './-a.mp4'."),
        (["animate", "a.mp4", "-o", "-a.npz"], "begins with '-' is written './-a.npz'."),
        (["animate", "a.mp4", "-o", "a\udcff.blend"], "no valid text in this system's encoding"),
        (["animate", "a.mp4", "-o", "a\udcff.pc2"], "no valid text in this system's encoding"),
        (["animate", "a.mp4", "-o", "a\udcff.mp4"], "no valid text in this system's encoding"),
        (
            ["animate", "a.mp4", "-o", "a.blend", "-o", "a.pc2", "--carrier", "cache"],
            "'a.pc2' is also the name of the cache that 'a.blend' needs",
        ),
        (["animate", "a.mp4", "-o", "a.npz", "-o", "./a.npz"], "named twice"),
        (["animate", "camera:0", "-o", "a.mp4"], "what 'camera:0' showed is gone"),
    ],
)
def test_wrong_arguments_end_with_2_before_any_work(mien, fake_capture, tmp_path, words, message):
    code, out, err = mien(*words)
    assert (code, out) == (2, "")
    assert err.startswith("mien: ") and message in err
    assert not fake_capture.plans and not list(tmp_path.iterdir())


def test_errors_are_json_where_json_is_asked_for(mien_json):
    code, values = mien_json("info", "nowhere")
    assert (code, values["error"], values["exit_code"]) == (3, "TakeMissing", 3)
    assert "nowhere' is missing" in values["message"]
    code, values = mien_json("info")
    assert (code, values["error"], values["exit_code"]) == (2, "ArgumentError", 2)


def test_a_bug_is_not_caught(mien, fake_capture):
    fake_capture.error_at[3] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        mien("capture", "clip.mp4", "--take", "clip.take")


def test_the_module_runs_as_a_program_and_its_exit_code_is_the_commands(tmp_path):
    command = [sys.executable, "-m", "mien", "info", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert json.loads(done.stdout)["error"] == "TakeMissing"


def test_the_command_line_loads_no_network_and_no_blender(tmp_path):
    probe = (
        "import sys, mien.__main__; "
        "print([m for m in ('torch', 'onnxruntime', 'cv2', 'bpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    words = [sys.executable, "-m", "mien", "models", "list"]
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(words, stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("is_json", [False, True])
def test_an_error_that_nobody_reads_keeps_its_exit_code(tmp_path, is_json):
    words = [sys.executable, "-m", "mien", "info", "nowhere", *["--json"] * is_json]
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(words, stdout=write_end, stderr=write_end, cwd=tmp_path)
    os.close(write_end)
    assert done.returncode == 3


@pytest.mark.skipif(os.name != "posix", reason="the shell of Windows cannot close streams")
@pytest.mark.parametrize(("words", "code"), [("models list", 0), ("info nowhere", 3)])
def test_closed_streams_are_no_error(tmp_path, words, code):
    command = f"{shlex.quote(sys.executable)} -m mien {words} <&- >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=tmp_path).returncode == code


@pytest.mark.skipif(os.name != "posix", reason="the shell of Windows cannot close streams")
def test_what_libraries_print_cannot_end_in_a_file_of_ours(tmp_path):
    program = (
        "import os, mien.__main__, mien.core.cli\n"
        "def work(words, **_):\n"
        "    with open('take', 'wb', buffering=0) as file:\n"
        "        os.write(1, b'noise'), os.write(2, b'noise'), file.write(b'data')\n"
        "    return 0\n"
        "mien.core.cli.main = work\n"
        "mien.__main__.main()\n"
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} <&- >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=tmp_path).returncode == 0
    assert (tmp_path / "take").read_bytes() == b"data"


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_result_that_cannot_be_printed_is_an_error(tmp_path):
    words = [sys.executable, "-m", "mien", "models", "list"]
    with FULL.open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (
            3,
            "mien: All is done, but the result cannot be printed: No space left on device.\n",
        )
        assert subprocess.run(words, stdout=full, stderr=full).returncode == 3


def test_too_little_memory_says_what_to_do(mien, mien_json, fake_capture):
    fake_capture.error_at[3] = MemoryError("Unable to allocate 54 GiB")
    code, out, err = mien("capture", "clip.mp4", "--take", "clip.take")
    assert (code, out) == (3, "")
    assert err.startswith("mien: There is not enough memory for this: Unable to allocate 54 GiB.")
    code, values = mien_json("capture", "clip.mp4", "--take", "other.take")
    assert code == values["exit_code"] == 3 and "--start, --end" in values["message"]


def test_names_that_the_terminal_cannot_show_are_escaped(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(console.sys, "stdout", stream)
    show_result(Result({}, ("Zoë", "broken \udcff")), is_json=False)
    assert stream.buffer.getvalue() == b"Zo\\xeb\nbroken \\udcff\n"


def test_notes_of_an_error_are_shown(mien, fake_capture):
    error = ExportError("It broke.")
    error.add_note("But little.")
    fake_capture.error_at[0] = error
    assert mien("capture", "clip.mp4", "--take", "t") == (3, "", "mien: It broke.\nBut little.\n")


def test_the_first_interrupt_asks_and_the_second_insists():
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        interruption.check()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled):
            interruption.check()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_scheduler_and_a_closed_terminal_ask_like_ctrl_c(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with Interruption() as interruption:
        os.kill(os.getpid(), number)
        with pytest.raises(Cancelled):
            interruption.check()
    assert signal.getsignal(number) is before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_under_nohup_a_closed_terminal_stops_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            interruption.check()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_before_the_work_ends_the_program_without_a_traceback(tmp_path):
    program = (
        "import signal, mien.__main__, mien.core.cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "mien.core.cli.main = lambda *_, **__: int(signal.getsignal(signal.SIGINT))\n"
        "mien.__main__.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (int(signal.SIG_DFL), "")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_progress_is_a_bar_on_a_terminal_and_counts_only_this_run(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar() as bar:
        for done in (501, 502, 600):
            bar(Progress("capture", done, 600))
        bar(Progress("build", 1, None))
    shown = sys.stderr.getvalue()
    assert "Capture: 100%" in shown and "600/600" in shown and "frames/s" in shown
    assert "Build 00:00" in shown


def test_no_progress_is_shown_where_nobody_looks(capsys):
    with ProgressBar() as bar:
        bar(Progress("capture", 1, 2))
    assert capsys.readouterr() == ("", "")


def test_without_a_stderr_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with ProgressBar() as bar:
        bar(Progress("capture", 1, 2))


def test_without_tqdm_there_is_no_bar_and_no_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar() as bar:
        bar(Progress("capture", 1, 2))
        bar(Progress("capture", 2, 2))
    assert sys.stderr.getvalue() == ""
