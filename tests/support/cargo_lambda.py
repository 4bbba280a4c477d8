"""cargo-lambda's emulator on a free port of 127.0.0.1: function URLs that really stream, and a runtime API at an address
with a path, for as many processes of a function as ask it.

`./dev test` installs it and says in EIDER_CARGO_LAMBDA where it is.
"""
import contextlib
import json
import os
import pathlib
import socket
import tempfile

from support.eider_server import clean_environment
from support.s3_servers import free_port, program, running

FUNCTION = "eider"


def _make_package(folder):
    """It answers for the programs of a Rust package, builds none when told so, and asks cargo for nothing but what that
    package is: so no Rust is needed."""
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{FUNCTION}"\nversion = "0.1.0"\nedition = "2021"\n')
    target = {"kind": ["bin"], "crate_types": ["bin"], "name": FUNCTION, "src_path": f"{folder}/main.rs", "edition": "2021",
              "doc": True, "doctest": False, "test": True}
    package = {"name": FUNCTION, "version": "0.1.0", "id": FUNCTION, "source": None, "dependencies": [], "targets": [target],
               "features": {}, "manifest_path": f"{folder}/Cargo.toml", "edition": "2021", "authors": []}
    (folder / "metadata.json").write_text(json.dumps({
        "packages": [package], "workspace_members": [FUNCTION], "workspace_default_members": [FUNCTION], "resolve": None,
        "target_directory": f"{folder}/target", "version": 1, "workspace_root": str(folder), "metadata": None}))
    cargo = folder / "cargo"
    cargo.write_text(f'#!/bin/sh\n[ "$1" = metadata ] && exec cat "{folder}/metadata.json"\nexit 1\n')
    cargo.chmod(0o755)
    return cargo


class Emulator:
    def __init__(self, port):
        self.port = port
        self.address = f"127.0.0.1:{port}"   # of the runtime API,
        self.path = f"/.rt/{FUNCTION}"       # with this path: what a LambdaFunction wants to know
        self.url_path = f"/lambda-url/{FUNCTION}"


@contextlib.contextmanager
def started():
    """Runs it until the block ends."""
    with tempfile.TemporaryDirectory(prefix="eider-cargo-lambda-") as name:
        folder, port = pathlib.Path(name), free_port()
        cargo = _make_package(folder)
        command = [program("cargo_lambda"), "lambda", "watch", "--only-lambda-apis", "--ignore-changes", "-A", "127.0.0.1",
                   "-P", str(port)]
        environment = clean_environment(HOME=folder, CARGO=cargo, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
        with running(command, folder, environment, lambda: _listens(port)):
            yield Emulator(port)


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
