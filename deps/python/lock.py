#!/usr/bin/env python3
"""Writes NAME.txt (every package with its version and SHA-256) from NAME.in, for the Python and the system it runs on.

    lock.py [NAME...]    of these, or of all; run it on Debian 12 after changing a NAME.in
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent


def locked_lines(pip: pathlib.Path, requirements: pathlib.Path) -> list[str]:
    report = subprocess.run(
        [pip, "install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary", ":all:",
         "--report", "-", "-r", requirements],
        check=True, stdout=subprocess.PIPE).stdout
    lines = []
    for item in json.loads(report)["install"]:
        algorithm, digest = item["download_info"]["archive_info"]["hash"].split("=")
        if algorithm != "sha256":
            sys.exit(f"{item['metadata']['name']}: the index gives no SHA-256")
        lines.append(f"{item['metadata']['name'].lower()}=={item['metadata']['version']} --hash=sha256:{digest}\n")
    return sorted(lines)


with tempfile.TemporaryDirectory() as folder:
    venv.create(folder, with_pip=True)
    for requirements in [HERE / f"{name}.in" for name in sys.argv[1:]] or sorted(HERE.glob("*.in")):
        lines = locked_lines(pathlib.Path(folder, "bin", "pip"), requirements)
        header = f"# Written by lock.py from {requirements.name}, for Python {sys.version_info[0]}.{sys.version_info[1]}.\n"
        requirements.with_suffix(".txt").write_text(header + "".join(lines))
        print(f"{requirements.with_suffix('.txt').name}: {len(lines)} packages")
