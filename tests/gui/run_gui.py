"""Tests the extension in Blender's window, as an artist uses it: mouse and keyboard, no shortcuts.

Usage: python tests/gui/run_gui.py --zip dist/mien-….zip --clip demo/footage.mp4

Prints a line for each step of the scenario; pictures and result.json go to build/gui/.
"""

import argparse
import json
import os
import platform
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blender_root import RootMissing, ready_root

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
SCREEN = (1600, 1000)
USER = "Zoë Müller"  # a blank and letters beyond ASCII in every path
LAST_LINES = 25
CLEAN_NAME = "Blender reports no Python error"
PYTHON_ERRORS = ("Traceback (most recent call last)", "Exception in module")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zip", type=Path, help="the extension; default: the newest in dist/")
    parser.add_argument("--clip", type=Path, default=CHECKOUT / "demo" / "footage.mp4")
    parser.add_argument("--scenario", type=Path, default=HERE / "scenario.py")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "build" / "gui")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for all of it")
    parser.add_argument("--display", help="an X display to use, such as :0, instead of Xvfb")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder, say where")
    arguments = parser.parse_args()
    try:
        run = Run(arguments, machine=machine_from_environment())
    except RootMissing as error:
        print(error, file=sys.stderr)
        return 3
    # Without this, SIGTERM would leave Blender and the screen running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run.go()
    finally:
        run.close()
    return run.report()


# Where Blender runs: in the Debian root, or on this machine itself


class Machine:
    """This machine with a Blender of the developer's own."""

    root = Path("/")
    prefix: tuple[str, ...] = ()

    def __init__(self, blender: str):
        self.blender = blender
        for program in ("Xvfb", "import"):
            if not shutil.which(program):
                package = {"Xvfb": "xvfb", "import": "imagemagick"}[program]
                raise RootMissing(f"'{program}' is missing: apt-get install {package}")
        if not shutil.which(blender):
            raise RootMissing(f"MIEN_GUI_BLENDER: '{blender}' is not a program.")

    def inner(self, path: Path) -> str:
        """Return a path as Blender sees it."""
        return f"/{path.relative_to(self.root)}"


class ChrootMachine(Machine):
    """The Debian root of blender_root.py."""

    blender = "/usr/bin/blender"

    def __init__(self, root: Path):
        self.root = root
        self.prefix = ("chroot", str(root))


def machine_from_environment() -> Machine:
    if blender := os.environ.get("MIEN_GUI_BLENDER"):
        return Machine(blender)
    return ChrootMachine(ready_root())


class Run:
    """One run: a fresh user, a screen, Blender as often as the scenario starts it."""

    def __init__(self, arguments: argparse.Namespace, *, machine: Machine):
        self._machine, self._arguments = machine, arguments
        (machine.root / "tmp").mkdir(mode=0o1777, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="mien-gui-", dir=machine.root / "tmp"))
        self._home = self._folder / "home" / USER
        self._deadline = time.monotonic() + arguments.timeout
        self._processes: list[subprocess.Popen] = []
        self._messages: list[dict] = []
        self._results: list[dict] = []
        self._current = ""
        self._display = arguments.display
        self._out = arguments.out.absolute()

    def go(self) -> None:
        self._lay_out_files()
        if not self._display:
            self._display = self._start_screen()
        opening: str | None = ""
        while opening is not None:
            opening = self._run_blender(opening)
        self._check_python_errors()

    def close(self) -> None:
        """End whatever this run started, and bring the pictures home."""
        for process in reversed(self._processes):
            end_group(process)
        for number in processes_of_run(self._machine.inner(self._folder)):
            os.kill(number, signal.SIGKILL)
        for report in (self._folder / "tmp").glob("*.crash.txt"):
            shutil.copy(report, self._folder / "out")
        shutil.rmtree(self._out, ignore_errors=True)
        (self._folder / "out").mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._folder / "out", self._out)
        if self._arguments.keep:
            print(f"The run's folder: {self._folder}")
        else:
            shutil.rmtree(self._folder, ignore_errors=True)

    def report(self) -> int:
        """Write result.json, print the sum; return the exit code."""
        seen = {result["name"] for result in self._results}
        for message in self._messages:
            for name in message.get("names", ()):
                if name not in seen:
                    self._take_result({"name": name, "why": "not run", "is_run": False})
        n_failed = sum(bool(result["why"]) for result in self._results)
        n_passed = len(self._results) - n_failed
        (self._out / "result.json").write_text(
            json.dumps({"passed": n_passed, "failed": n_failed, "steps": self._results}, indent=1)
        )
        print(f"Pictures and result.json: {self._out}")
        print(f"{n_passed} passed, {n_failed} failed")
        return 0 if n_passed and not n_failed else 1

    def _lay_out_files(self) -> None:
        """Give the fresh user the extension and the clip, where an artist would have them."""
        zip_path = self._arguments.zip or newest_zip()
        inputs = {"zip": (zip_path, "Downloads"), "clip": (self._arguments.clip, "Footage")}
        inner = {}
        for name, (path, folder) in inputs.items():
            if not path.is_file():
                raise SystemExit(f"{name} '{path}' is missing: `make test-gui` makes it.")
            target = self._home / folder / path.name
            target.parent.mkdir(parents=True)
            shutil.copyfile(path, target)
            inner[name] = self._machine.inner(target)
        for folder in ("out", "tmp"):
            (self._folder / folder).mkdir()
        shutil.copytree(HERE, self._folder / "scripts", ignore=shutil.ignore_patterns("__pyc*"))
        shutil.copyfile(self._arguments.scenario, self._folder / "scripts" / "scenario.py")
        (self._folder / "inputs.json").write_text(json.dumps(inner))

    def _environment(self) -> dict[str, str]:
        inner = self._machine.inner
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": inner(self._home),
            "USER": USER,
            "LANG": "C.UTF-8",
            "TMPDIR": inner(self._folder / "tmp"),
            "BLENDER_USER_RESOURCES": inner(self._home / "Blender"),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "MIEN_GUI_RUN": inner(self._folder),
        }

    def _start(self, command: list[str], **options) -> subprocess.Popen:
        process = subprocess.Popen(
            [*self._machine.prefix, *command], start_new_session=True, **options
        )
        self._processes.append(process)
        return process

    def _start_screen(self) -> str:
        """Start Xvfb on a display number that it finds free itself."""
        reading, writing = os.pipe()
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
        with (self._folder / "screen.log").open("wb") as log:
            self._start(
                command, pass_fds=[writing], env=self._environment(), stdout=log, stderr=log
            )
        os.close(writing)
        with os.fdopen(reading) as stream:
            is_there = select.select([stream], [], [], 20.0)[0]
            number = stream.readline().strip() if is_there else ""
        if not number:
            log_text = (self._folder / "screen.log").read_text()
            raise SystemExit(f"Xvfb did not start: {log_text.strip() or 'no output'}")
        return f":{number}"

    def _run_blender(self, opening: str) -> str | None:
        """Run Blender until it ends; return what a restart is to open, None when all is done."""
        command = [self._machine.blender, "--window-geometry", "0", "0", *map(str, SCREEN)]
        command += ["--enable-event-simulate", "--python-exit-code", "1"]
        if opening:
            command += [self._machine.inner(self._home / opening)]
        command += ["--python", self._machine.inner(self._folder / "scripts" / "stepper.py")]
        environment = self._environment() | {"DISPLAY": self._display}
        with (self._folder / "out" / "blender.log").open("ab") as log:
            blender = self._start(command, env=environment, stdout=log, stderr=log)
        n_before = len(self._messages)
        while blender.poll() is None and time.monotonic() < self._deadline:
            time.sleep(0.2)
            self._take_messages()
        is_late = blender.poll() is None
        end_group(blender)
        self._take_messages()
        last = self._messages[-1] if len(self._messages) > n_before else {}
        if last.get("kind") == "restart":
            return last["opening"]
        if last.get("kind") != "end":
            limit = f"was ended after {self._arguments.timeout:g} s"
            how = limit if is_late else f"died (exit code {blender.returncode})"
            why = last.get("why") or f"Blender {how}"
            name = self._current or "Blender starts"
            self._take_result({"name": name, "why": why, "trace": self._last_output()})
        return None

    def _last_output(self) -> str:
        return "\n".join(self._blender_log().splitlines()[-LAST_LINES:])

    def _blender_log(self) -> str:
        path = self._folder / "out" / "blender.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _take_messages(self) -> None:
        path = self._folder / "progress.jsonl"
        text = path.read_text() if path.exists() else ""
        # The last line may be half-written.
        lines = text[: text.rfind("\n") + 1].splitlines()
        for line in lines[len(self._messages) :]:
            message = json.loads(line)
            self._messages.append(message)
            if message["kind"] == "begin":
                self._current = message["name"]
            elif message["kind"] == "step":
                self._current = ""
                self._take_result({name: message[name] for name in message if name != "kind"})

    def _take_result(self, result: dict) -> None:
        self._results.append(result)
        if not result["why"]:
            print(f"ok    {result['name']}  {result['seconds']:.1f} s", flush=True)
        elif result.get("is_run", True):
            print(f"FAIL  {result['name']}: {result['why']}", flush=True)
        else:
            print(f"--    {result['name']}: not run", flush=True)
        for line in [*result.get("notes", ()), *result.get("trace", "").splitlines()]:
            print(f"      {line}", flush=True)

    def _check_python_errors(self) -> None:
        """Fail on errors in the extension that no step noticed: in draw, in a handler."""
        log = self._blender_log()
        start = min((log.find(mark) for mark in PYTHON_ERRORS if mark in log), default=-1)
        trace = "\n".join(log[start:].splitlines()[:LAST_LINES]) if start >= 0 else ""
        why = "there is one in its output" if trace else ""
        self._take_result({"name": CLEAN_NAME, "seconds": 0.0, "why": why, "trace": trace})


def newest_zip() -> Path:
    pattern = f"mien-*-linux_{'x64' if platform.machine() == 'x86_64' else 'arm64'}.zip"
    zips = sorted((CHECKOUT / "dist").glob(pattern), key=lambda path: path.stat().st_mtime)
    if not zips:
        raise SystemExit(f"There is no dist/{pattern}: `make extension` makes it.")
    return zips[-1]


def end_group(process: subprocess.Popen) -> None:
    """End a process and all that it started in its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def processes_of_run(folder: str) -> list[int]:
    """List the processes that bear this run's name in their environment."""
    mark = f"MIEN_GUI_RUN={folder}".encode()
    numbers = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
            except OSError:  # it ended meanwhile
                continue
            if mark in variables:
                numbers.append(int(entry.name))
    return numbers


if __name__ == "__main__":
    sys.exit(main())
