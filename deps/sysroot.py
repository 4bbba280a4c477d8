"""Debian's libraries for arm64 on a machine of another kind: a folder laid out as a system is, for compiler and loader.

It holds what the group build of `debian` has for linking with, and all that this needs. An apt fetches it that has lists, a
cache and a view of what is installed of its own, so it needs no root, and the system's packages stay as they are and for
one machine. The sources are the system's, and apt verifies what comes by their signatures.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

import install
import system
from step import Failure, run

MACHINE = "arm64"  # as Debian calls it, too
TRIPLET = "aarch64-linux-gnu"
TOOLCHAIN = pathlib.Path(__file__).resolve().parent.parent / "cmake" / f"{MACHINE}.cmake"


def folder() -> pathlib.Path:
    return install.CACHE / f"sysroot-{MACHINE}"


def libraries() -> list[pathlib.Path]:
    """Where the loader would look for them on a machine of that kind."""
    return [folder() / "lib" / TRIPLET, folder() / "usr" / "lib" / TRIPLET]


def make() -> pathlib.Path:
    """Answers the CMake toolchain that builds with it.

    It is made anew when the system's own packages of the same names have changed, as by a security update.
    """
    wanted = [package for package in system.packages("build") if package.startswith(("lib", "zlib"))]
    key = "".join(_version(package) for package in [*wanted, "libc6", "libstdc++6"]) + TOOLCHAIN.read_text()
    return install.place(folder(), key, lambda root: _fill(root, wanted)) / TOOLCHAIN.name


def _version(package: str) -> str:
    told = subprocess.run(["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", package], stdout=subprocess.PIPE,
                          text=True)
    if told.returncode:
        raise Failure(f"{package} is not installed as a Debian package here, and so not known for {MACHINE} either.")
    return told.stdout


def _fill(root: pathlib.Path, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory(dir=install.CACHE) as name:
        own = {"APT::Architecture": MACHINE, "APT::Architectures": MACHINE, "Dir::State": f"{name}/state",
               "Dir::State::status": "/dev/null", "Dir::Cache": f"{name}/cache",
               "Acquire::Languages": "none",    # descriptions, which nobody reads
               "APT::Sandbox::User": "root"}    # as root, too, the cache is a place that apt's user may not read
        for needed in ("state/lists/partial", "cache/archives/partial"):
            pathlib.Path(name, needed).mkdir(parents=True)
        apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in own.items())]
        run(f"list of Debian packages for {MACHINE}", [*apt, "update"])
        run(f"Debian packages for {MACHINE}", [*apt, "install", "--yes", "--no-install-recommends", "--download-only", *wanted])
        files = sorted(pathlib.Path(name, "cache", "archives").glob("*.deb"))
        run(f"unpack {len(files)} Debian packages", ["sh", "-ec", 'for file; do dpkg-deb --extract "$file" "$0"; done', root,
                                                     *files])
    for link in filter(pathlib.Path.is_symlink, root.rglob("*")):
        if (target := os.readlink(link)).startswith("/"):  # which would lead out of the folder
            link.unlink()
            link.symlink_to(os.path.relpath(root / target.lstrip("/"), link.parent))
    shutil.copyfile(TOOLCHAIN, root / TOOLCHAIN.name)
