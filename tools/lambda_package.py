"""What AWS Lambda runs: the program with the loader and the libraries that it loads, as a folder and as a zip of it.

    bootstrap                      static; what Lambda starts (src/program/bootstrap.c)
    lib/eider, lib/ld-linux-…      the program and the loader that runs it
    lib/lib….so…                   what the loader loads with it, under the names by which that is asked for
    lib/extensions/…               DuckDB's extensions, those that were asked for

The same inputs give the same bytes: names in order, one time, one mode for each kind of file. A package for arm64 can be
made on another machine: there an emulator runs its loader, and the libraries are those of a sysroot.
"""
import hashlib
import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import zipfile

import prelink
from step import Failure

# What runs in the runtime's own system, provided.al2023. A program built on Debian 12 does not.
RUNTIME_HAS = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29)}
UNZIPPED_BYTES = 250 << 20  # Lambda's own limit
# By the machine's number in ELF's header: what Lambda calls it, and Linux; what runs its programs on another; its strip.
MACHINES = {62: ("x86_64", "x86_64", "qemu-x86_64-static", "x86_64-linux-gnu-strip"),
            183: ("arm64", "aarch64", "qemu-aarch64-static", "aarch64-linux-gnu-strip")}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell
AUTHORITIES = pathlib.Path("/usr/share/ca-certificates/mozilla")  # Debian's own, without what was added to a machine


def make(eider: pathlib.Path, extensions: list[pathlib.Path], target: pathlib.Path,
         libraries: list[pathlib.Path] | None = None) -> pathlib.Path:
    """Writes target/package and, beside it, what only an image needs. `bootstrap` lies beside `eider`.

    `libraries`: the folders of the libraries of its machine, the loader among them, where that is another than this one.
    """
    package = target / "package"
    shutil.rmtree(target, ignore_errors=True)
    (package / "lib").mkdir(parents=True)
    _copy_stripped(eider.parent / "bootstrap", package / "bootstrap")
    _copy_stripped(eider, package / "lib" / "eider")
    for extension in extensions:  # as they came: they are signed
        (package / "lib" / "extensions").mkdir(exist_ok=True)
        shutil.copyfile(extension, package / "lib" / "extensions" / extension.name)
    for name, path in sorted(_loaded([eider, *extensions], libraries or []).items()):
        _copy_stripped(path, package / "lib" / name)
    library = package / "lib" / "libduckdb.so"
    prelink.bind(library, [path for path in files(package / "lib") if path != library])
    (target / "ca-certificates.crt").write_text("".join(path.read_text() for path in sorted(AUTHORITIES.glob("*.crt"))))
    for path in [*target.rglob("*"), target]:
        program = path.is_dir() or path.read_bytes()[:4] == b"\x7fELF"
        path.chmod(0o755 if program else 0o644)
        os.utime(path, (315532800, 315532800))  # EPOCH
    _check(package)
    return package


def zipped(package: pathlib.Path) -> pathlib.Path:
    """package.zip beside it."""
    archive = package.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files(package):
            entry = zipfile.ZipInfo(str(path.relative_to(package)), EPOCH)
            entry.create_system = 3  # Unix: the upper half of what follows is the file's mode
            entry.external_attr = path.stat().st_mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())
    return archive


def files(package: pathlib.Path) -> list[pathlib.Path]:
    return sorted(filter(pathlib.Path.is_file, package.rglob("*")))


def machine(program: pathlib.Path) -> str:
    """That it is for, as Lambda calls it."""
    return _machine(program)[0]


def emulator(program: pathlib.Path) -> list[str]:
    """What runs it here: nothing when it is for this machine."""
    _, name, emulated, _ = _machine(program)
    return [] if name == platform.machine() else [emulated]


def _machine(program: pathlib.Path) -> tuple[str, str, str, str]:
    with program.open("rb") as file:
        number, = struct.unpack_from("<H", file.read(20), 18)
    return MACHINES[number]


def describe(package: pathlib.Path, archive: pathlib.Path) -> str:
    unzipped = sum(path.stat().st_size for path in files(package))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    newer = " and ".join(f"{library} {_text(version)} (there: {_text(RUNTIME_HAS[library])})"
                         for library, version in sorted(_newest(package / "lib" / "eider").items())
                         if version > RUNTIME_HAS[library])
    why = f"it needs {newer}" if newer else "provided.al2023's own would do"
    return (f"{archive}: for {machine(package / 'bootstrap')}, {archive.stat().st_size / 1e6:.1f} MB, unzipped {unzipped / 1e6:.1f} MB, SHA-256 {digest}\n"
            f"loader and libraries are bundled: {why}")


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _copy_stripped(source: pathlib.Path, target: pathlib.Path) -> None:
    """A program keeps no symbols, a library those that others link by. The build's id is a hash of what goes."""
    _, name, _, strip = _machine(source)
    _run("strip" if name == platform.machine() else strip, "--strip-unneeded", "--remove-section=.note.gnu.build-id",
         "--remove-section=.comment", "-o", target, source.resolve())


def _loaded(programs: list[pathlib.Path], folders: list[pathlib.Path]) -> dict[str, pathlib.Path]:
    """The loader and the libraries that it loads with these, by the names that they are asked for by."""
    loader = pathlib.Path(re.search(r"interpreter: (\S+)\]", _run("readelf", "--wide", "--program-headers",
                                                                  programs[0]))[1])
    search: list[object] = []
    if folders:
        loader = next(folder / loader.name for folder in folders if (folder / loader.name).exists())
        search = ["--inhibit-cache", "--library-path", ":".join(map(str, folders))]
    libraries = {loader.name: loader}
    for program in programs:
        told = _run(*emulator(program), loader, *search, "--list", program)
        for name, path in re.findall(r"^\t(\S+) => (.+?)(?: \(0x\w+\))?$", told, re.MULTILINE):
            if "/" not in path:
                where = "the folder of its machine's libraries" if folders else "this machine"
                raise Failure(f"{program.name} wants {name}, which {where} does not have.")
            libraries.setdefault(pathlib.Path(name).name, pathlib.Path(path))
    return libraries


def _check(package: pathlib.Path) -> None:
    """The package's own loader finds each library and each symbol of each version, and nothing outside of the package."""
    size = sum(path.stat().st_size for path in files(package))
    if size > UNZIPPED_BYTES:
        raise Failure(f"The package has {size:,} bytes, Lambda takes {UNZIPPED_BYTES:,}: ask for fewer extensions.")
    lib = package / "lib"
    loader = next(lib.glob("ld-linux-*"))
    if "interpreter" in _run("readelf", "--wide", "--program-headers", package / "bootstrap"):
        raise Failure("bootstrap is not static: it needs a loader itself.")
    asked = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes", "LD_BIND_NOW": "yes"}  # as `ldd -r` does
    for program in [lib / "eider", *lib.glob("extensions/*")]:
        told = _run(*emulator(loader), loader, "--inhibit-cache", "--library-path", lib, program, env=asked)
        foreign = [line.strip() for line in told.splitlines() if not line.startswith("\tlinux-vdso.so")
                   and not re.fullmatch(rf"\t(\S+ => )?{re.escape(str(lib))}/\S+ \(0x\w+\)", line)]
        if foreign:
            raise Failure(f"{program.name} does not run from the package alone:\n  " + "\n  ".join(foreign))


def _newest(program: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """The newest versions of glibc's and libstdc++'s symbols that it needs."""
    found: dict[str, tuple[int, ...]] = {}
    for library, version in re.findall(r"Name: (GLIBC|GLIBCXX)_([0-9.]+)", _run("readelf", "--wide", "-V", program)):
        found[library] = max(found.get(library, ()), tuple(map(int, version.split("."))))
    return found


def _run(*command: object, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(word) for word in command], env=env or {"LC_ALL": "C", "PATH": os.environ["PATH"]},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout
