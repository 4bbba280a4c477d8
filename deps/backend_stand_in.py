"""Stands in for the build backend of a source package that is fetched and not built.

pip hands a source package over only after it has asked the package's backend for the metadata. The real backends want
a dozen packages of their own for that, which nobody pins, and one compiles everything first, which takes minutes. The
answer stands in the package: PKG-INFO.
"""
import email
import pathlib
import shutil

NAMES = ["mesonpy", "scikit_build_core.build", "setuptools.build_meta"]


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    fields = email.message_from_string(pathlib.Path("PKG-INFO").read_text(encoding="utf-8"))
    folder = pathlib.Path(metadata_directory, f"{fields['Name']}-{fields['Version']}.dist-info")
    folder.mkdir()
    shutil.copyfile("PKG-INFO", folder / "METADATA")
    return folder.name


def build_wheel(*_, **__):
    raise NotImplementedError("Only the metadata is to be had here.")


# DuckDB's own backend imports these by name.
build_editable = build_sdist = prepare_metadata_for_build_editable = build_wheel
get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel = build_wheel
