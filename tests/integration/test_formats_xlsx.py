"""Downloads as .xlsx, read back by openpyxl."""
import datetime

import duckdb
import pytest

from support import spreadsheet
from support.eider_server import EiderServer
from support.relations import write
from support.type_samples import TEXTS

@pytest.fixture
def sheet(serve, tmp_path):
    """sheet(SELECT) answers the rows that come back, the header first, and what Excel would not like."""
    def download(sql, parameters=""):
        write(sql, tmp_path / "data.parquet")
        answer = serve(tmp_path).get("/data.xlsx" + parameters)
        assert answer.status_code == 200, answer.text
        return spreadsheet.rows(answer.content), spreadsheet.complaints(answer.content)
    return download


def test_plain_values(sheet):
    rows, complaints = sheet(
        """SELECT 1::TINYINT AS i, -2::BIGINT AS b, 1.5::DOUBLE AS d, 12.34::DECIMAL(9, 2) AS m, true AS t,
        'text' AS s, DATE '2024-02-29' AS day, TIME '12:34:56' AS hour, TIMESTAMP '2024-02-29 12:34:56.789' AS moment,
        TIMESTAMPTZ '2024-02-29 12:34:56+02' AS zoned, NULL::INTEGER AS nothing, [1, 2] AS list, 'x'::BLOB AS blob""")
    assert rows[0] == ["i", "b", "d", "m", "t", "s", "day", "hour", "moment", "zoned", "nothing", "list", "blob"]
    assert rows[1] == [1, -2, 1.5, 12.34, True, "text", datetime.datetime(2024, 2, 29), datetime.time(12, 34, 56),
                       datetime.datetime(2024, 2, 29, 12, 34, 56, 789000), "2024-02-29 10:34:56+00",
                       None, "[1, 2]", "x"]
    assert complaints == []


def test_texts(sheet):
    rows, complaints = sheet(
        f"SELECT * FROM ({TEXTS}) WHERE NOT contains(text, chr(13)) AND trim(text, ' ' || chr(9) || chr(10)) = text "
        f"AND text <> '' ORDER BY id")
    texts = {row[0]: row[1] for row in rows[1:]}
    assert texts[4] == "NULL" and texts[8] == 'a "quoted" word' and texts[12] == "two\nlines" and texts[20] == "👩‍🚀🦆"
    assert texts[28] == "=1+1" and texts[30] == '<a href="x">&amp;</a>' and texts[25] == "001"
    assert len(texts) == len(rows) - 1 and None not in texts.values()
    assert complaints == []


def test_null_and_empty_text(sheet):
    rows, _ = sheet("SELECT * FROM (VALUES (1, NULL), (2, ''), (3, 'x')) AS t(id, text)")
    assert [row[0] for row in rows[1:]] == [1, 2, 3]
    assert rows[3] == [3, "x"] and not rows[1][1] and not rows[2][1]


def test_integers_beyond_a_double_keep_their_digits(sheet):
    """As text: Excel's numbers are doubles."""
    rows, _ = sheet(
        "SELECT 9223372036854775807 AS big, 18446744073709551615::UBIGINT AS bigger, -9007199254740993 AS odd")
    assert rows[1] == ["9223372036854775807", "18446744073709551615", "-9007199254740993"]


def test_empty_and_projected(sheet):
    rows, _ = sheet("SELECT 1 AS a, 'x' AS b LIMIT 0")
    assert rows == [["a", "b"]]


def test_columns_and_filters(sheet):
    rows, _ = sheet("SELECT i AS a, i * 2 AS b FROM range(10) AS t(i)", "?a__gte=8&_columns=b,a&_sort=-a")
    assert rows == [["b", "a"], [18, 9], [16, 8]]


@pytest.mark.parametrize("sql", [
    "SELECT 'NaN'::DOUBLE AS x", "SELECT 'Infinity'::DOUBLE AS x", "SELECT '-Infinity'::FLOAT AS x",
    "SELECT ' spaces ' AS x", "SELECT chr(9) || 'tab' AS x"
],
                         ids=["nan", "infinity", "minus-infinity", "spaces", "tab"])
def test_excel_takes_the_cell(sheet, sql):
    _, complaints = sheet(sql)
    assert complaints == []


@pytest.mark.parametrize("text", [
    "'a' || chr(13) || chr(10) || 'b'", "'a' || chr(13) || 'b'", "'a' || chr(1) || 'b'", "'a' || chr(0) || 'b'",
    "'a' || chr(65535) || 'b'", "'_x0041_'"], ids=["crlf", "cr", "control", "nul", "u+ffff", "escape"])
def test_characters_that_xml_cannot_hold(sheet, text):
    rows, _ = sheet(f"SELECT {text} AS x")
    assert spreadsheet.unescape(rows[1][0]) == duckdb.execute(f"SELECT {text}").fetchone()[0]


@pytest.mark.parametrize("date", ["1900-03-01", "2024-02-29", "9999-12-31"])
def test_dates_that_excel_knows(sheet, date):
    rows, _ = sheet(f"SELECT DATE '{date}' AS day")
    assert rows[1][0] == datetime.datetime.fromisoformat(date)


@pytest.mark.parametrize("date", ["0044-03-15", "1850-01-02", "1900-01-01", "12000-01-01"])
def test_dates_beyond_excel_are_text(sheet, date):
    """Excel counts from 1900 and holds 1900 for a leap year, so that only dates from March on are what they say."""
    rows, _ = sheet(f"SELECT DATE '{date}' AS day")
    assert rows[1][0] == date


def test_a_time_beyond_excel_is_text(sheet):
    rows, _ = sheet("SELECT TIMESTAMPTZ '294247-01-10 04:00:54+00' AS moment")
    assert rows[1][0] == "294247-01-10 04:00:54+00"


def test_text_longer_than_a_cell_is_refused(serve, tmp_path):
    write("SELECT repeat('x', 32768) AS x", tmp_path / "data.parquet")
    answer = serve(tmp_path).get("/data.xlsx")
    assert answer.status_code in (400, 406, 413) and "32767" in answer.json()["detail"].replace(",", "")


def test_more_rows_than_a_sheet_are_refused(serve, tmp_path):
    write("SELECT 1 AS x FROM range(1048576)", tmp_path / "data.parquet")
    answer = serve(tmp_path).get("/data.xlsx")
    assert answer.status_code in (400, 406, 413) and "1048575" in answer.json()["detail"].replace(",", "")
