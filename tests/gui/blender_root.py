"""Finds, or makes, the Debian root in which a Blender with a window runs.

Usage: python tests/gui/blender_root.py

The root lies in a cache outside of the checkout and serves every checkout of the machine.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SUITE = "trixie"  # its Blender is 4.3.2
PACKAGES = (
    "blender python3-numpy xvfb xdotool imagemagick libgl1-mesa-dri libegl1 ca-certificates".split()
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OWN_BLENDER = (
    "Or name a Blender of your own, with Xvfb and ImageMagick installed: "
    "MIEN_GUI_BLENDER=/path/to/blender make test-gui"
)


class RootMissing(Exception):
    """There is no root and none can be made; the text says what is missing."""


def main() -> int:
    try:
        print(ready_root())
    except RootMissing as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def root_path() -> Path:
    """Return where the root lies: `$MIEN_BLENDER_ROOT`, else in the user's cache."""
    if named := os.environ.get("MIEN_BLENDER_ROOT"):
        return Path(named).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mien" / "blender-root"


def ready_root() -> Path:
    """Return the root, made and mounted."""
    root = root_path()
    if os.geteuid() != 0:
        raise RootMissing(
            f"Blender's root '{root}' needs root's rights (debootstrap, chroot): "
            f"run this as root. {OWN_BLENDER}"
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(root):
        if not stamp(root).exists():
            make_root(root)
        mount(root)
    return root


def stamp(root: Path) -> Path:
    return root / ".ready"


@contextlib.contextmanager
def one_at_a_time(root: Path):
    """Let a second run wait while a first one makes the root."""
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_root(root: Path) -> None:
    """Make the root anew; what an interrupted run left is taken away first."""
    mirror = debian_mirror()
    print(f"Making a Debian with Blender in '{root}' (about 1.5 GB, two minutes) …", flush=True)
    install_debootstrap()
    remove(root)
    call("debootstrap", "--variant=minbase", SUITE, str(root), mirror)
    mount(root)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
    copy_apt_proxy(root)
    for command in (["apt-get", "update", "-q"], install, ["apt-get", "clean"]):
        call("chroot", str(root), *command, env=environment)
    stamp(root).write_text(f"{SUITE}: {' '.join(PACKAGES)}\n")


def debian_mirror() -> str:
    """Read the Debian mirror from this machine's own apt configuration."""
    for uri in apt_uris():
        if re.search(r"/debian/?$", uri):
            return uri
    raise RootMissing(
        "This machine's apt knows no Debian mirror (none in /etc/apt/sources.list and "
        f"sources.list.d), from which Blender would be taken. {OWN_BLENDER}"
    )


def apt_uris() -> list[str]:
    """List the addresses in both forms of apt's source files."""
    folder = Path("/etc/apt/sources.list.d")
    files = [*sorted(folder.glob("*.sources")), Path("/etc/apt/sources.list")]
    uris = []
    for path in [*files, *sorted(folder.glob("*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else ():
            if found := re.match(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+://\S+)", line):
                uris.append(found[1])
    return uris


def install_debootstrap() -> None:
    if shutil.which("debootstrap"):
        return
    if not shutil.which("apt-get"):
        raise RootMissing(f"'debootstrap' is missing, and there is no apt-get. {OWN_BLENDER}")
    call("apt-get", "update", "-q")
    call("apt-get", "install", "-y", "-q", "--no-install-recommends", "debootstrap")


def copy_apt_proxy(root: Path) -> None:
    """Give the root's apt the proxy of this machine's, where one is set."""
    settings = subprocess.run(
        ["apt-config", "dump", "Acquire::http", "Acquire::https"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    proxies = [line for line in settings.splitlines() if "::Proxy" in line]
    (root / "etc/apt/apt.conf.d/90proxy").write_text("".join(f"{line}\n" for line in proxies))


def mount(root: Path) -> None:
    """Bind /proc and /dev into the root, once."""
    for name in ("proc", "dev"):
        if str(root / name) not in mounted_folders():
            call("mount", "--bind", f"/{name}", str(root / name))


def mounted_folders() -> list[str]:
    lines = Path("/proc/mounts").read_text().splitlines()
    # Blanks in paths are written as \040.
    return [line.split()[1].replace(r"\040", " ") for line in lines]


def remove(root: Path) -> None:
    """Take a root away, never through a mount into the machine's own /dev."""
    inside = [folder for folder in mounted_folders() if folder.startswith(f"{root}/")]
    for folder in reversed(inside):
        call("umount", folder)
    if root.exists():
        shutil.rmtree(root)


def call(*command: str, env: dict[str, str] | None = None) -> None:
    """Run a command of the set-up; its output is shown only when it fails."""
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise RootMissing(
            f"No Blender with a window could be made: '{' '.join(command[:4])} …' failed "
            f"({done.returncode}): {last}. {OWN_BLENDER}"
        )


if __name__ == "__main__":
    sys.exit(main())
