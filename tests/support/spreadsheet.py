"""Reads .xlsx as Excel would: through openpyxl, with the rules that openpyxl does not enforce."""
import io
import re
import zipfile

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
LONGEST_TEXT = 32_767  # UTF-16 units in a cell, from Excel's specifications
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def rows(content):
    """The first sheet's cells."""
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]


def complaints(content):
    """What makes Excel refuse the file or change its values."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.testzip() is None
        sheet = book.read(SHEET).decode()
    found = [f"no number: {value}" for value in re.findall(r"<v>([^<]*)</v>", sheet) if not NUMBER.fullmatch(value)]
    found += [f"trimmed: {text!r}" for text in re.findall(r"<t>([^<]*)</t>", sheet) if text != text.strip(" \t\r\n")]
    found += [
        f"too long: {len(text)}" for text in re.findall(r"<t[^>]*>([^<]*)</t>", sheet) if len(text) > LONGEST_TEXT
    ]
    return found


def unescape(text):
    """What Excel does and openpyxl does not: _xHHHH_ stands for a character (ECMA-376 part 1, 22.9.2.19)."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)
