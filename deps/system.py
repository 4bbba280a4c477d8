"""Debian's packages: what is missing of a group in deps/debian is installed with apt, as root or through sudo."""
import os
import pathlib
import platform
import shutil
import subprocess

from step import Failure, run, say

LIST = pathlib.Path(__file__).with_name("debian")


def check_system() -> None:
    """Stops where Eider cannot be built, and says so where nobody has tried."""
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"):
        raise Failure(f"{platform.system()} on {platform.machine()}: the pinned libraries are for Linux on x86_64 and arm64.")
    if platform.machine() == "aarch64":
        say("warning: nobody has tried ./dev on arm64. Its libraries are pinned for build and package; tests and benches "
            "are pinned for x86_64 alone.")
    name, tried = _system()
    if not tried:
        say(f"warning: this is {name}. ./dev was tried on Debian 12 only; what follows may not work here.")


def install_packages(*groups: str) -> None:
    missing = [package for package in packages(*groups) if not _installed(package)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Failure(f"{_system()[0]} has no apt-get. Install what these Debian packages hold: {' '.join(missing)}")
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise Failure(f"Neither root nor sudo: ask an administrator to install {' '.join(missing)}")
    root = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run("list of Debian packages", [*apt, "update"])
    run(f"{len(missing)} Debian packages", [*apt, "install", "--yes", "--no-install-recommends", *missing])


def _system() -> tuple[str, bool]:
    """The system's name, and whether it is the one that ./dev was tried on."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "an unknown Linux", False
    return release.get("PRETTY_NAME", release["ID"]), (release["ID"], release.get("VERSION_ID")) == ("debian", "12")


def packages(*groups: str) -> list[str]:
    """Of these groups, without those whose command is there."""
    wanted = []
    for line in LIST.read_text().splitlines():
        group, package, *command = line.split("#")[0].split() or ("", "")
        if group in groups and package not in wanted and not (command and shutil.which(command[0])):
            wanted.append(package)
    return wanted


def _installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return False
    status = subprocess.run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return status.stdout == "installed"
