"""What is looked at in packages for Lambda of any machine."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import duckdb

DOCKERFILE = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "lambda" / "Dockerfile"


def put_lake(folder):
    folder.mkdir()
    duckdb.sql("SELECT range AS id, range % 97 AS delay FROM range(5000)").write_parquet(str(folder / "flights.parquet"))
    return folder


def root_of_the_image(context, folder):
    """Makes what the Dockerfile makes of its context, with a /tmp and random bytes, which Lambda adds; answers what it starts.

    Only root may do this.
    """
    dockerfile = DOCKERFILE.read_text()
    assert re.findall(r"(?m)^FROM (.+)$", dockerfile) == ["scratch"]
    for source, target in re.findall(r"(?m)^COPY (\S+) (\S+)$", dockerfile):
        target = folder / target.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (context / source).is_dir() else shutil.copy)(context / source, target)
    for name in ("tmp", "dev"):
        (folder / name).mkdir()
    os.mknod(folder / "dev" / "urandom", 0o444 | stat.S_IFCHR, os.makedev(1, 9))
    assert sorted(path.name for path in folder.iterdir()) == ["dev", "etc", "tmp", "var"]
    return json.loads(re.search(r"(?m)^ENTRYPOINT (.+)$", dockerfile)[1])


def bindings(*command):
    """What the loader finds DuckDB's references in when it looks all of them up: (library, name)."""
    told = subprocess.run([*map(str, command), "--version"], env={"LD_DEBUG": "bindings", "LD_BIND_NOW": "1"},
                          capture_output=True, timeout=60).stderr.decode()
    found = re.findall(r"binding file \S*/libduckdb\.so \[0\] to (\S+) \[0\]: \S+ symbol `(\S+)'", told)
    return {(path.rpartition("/")[2], name) for path, name in found}


def assert_only_its_own_is_bound_ahead(before, after):
    own = {(library, name) for library, name in before if library == "libduckdb.so"}
    assert len(own - after) > 20_000  # a slot of a call is looked up all the same when it is asked for
    assert before - own == after - own
