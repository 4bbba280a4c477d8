"""The page in a real browser: typing, rows, chart, errors, cancelling, downloads, links, keyboard, accessibility."""
import csv
import re

import pyarrow.parquet
import pytest
from playwright.sync_api import expect

from support import table_folders
from support.browser_page import PHONE, BrowserPage, chromium
from support.eider_server import EiderServer, extension_folder
from support.flights import write_lake

BY_MONTH = "SELECT month(date) AS month, count(*) AS flights FROM flights GROUP BY 1 ORDER BY 1"
TWO = "SELECT origin, count(*) AS n FROM flights WHERE origin IN ('JFK', 'LAX') GROUP BY 1 ORDER BY 1"
# Its last line is empty, so that nothing is offered to complete, which Escape would put away first.
ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    lake = write_lake(tmp_path_factory.mktemp("lake"))
    (lake / "order.csv").write_text("select\n7\n")
    with EiderServer(lake) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def window(browser, server):
    with BrowserPage(browser, server) as window:
        yield window


def test_a_dataset_is_found_shown_and_linked(window, server):
    window.open()
    window.page.get_by_role("searchbox", name="Find a dataset").fill("fli")
    window.page.get_by_role("main").get_by_role("link", name="flights").click()
    expect(window.page.get_by_role("heading", name="flights")).to_be_visible()
    rows = window.page.get_by_role("region", name="First rows").locator("tbody tr")
    expect(rows).to_have_count(20)
    window.page.get_by_role("button", name="Filter by origin").click()
    window.page.get_by_role("textbox", name="Value").fill("JFK")
    link = window.page.get_by_role("link", name="Download: Parquet")
    expect(link).to_have_attribute("href", f"{server.url}flights.parquet?origin=JFK")
    assert server.get("/flights.parquet?origin=JFK").status_code == 200
    window.page.get_by_role("button", name="Copy link: CSV").click()
    expect(window.page.get_by_role("status").filter(has_text="Copy link: CSV: done")).to_be_attached()
    assert window.page.evaluate("navigator.clipboard.readText()") == f"{server.url}flights.csv?origin=JFK"


def test_a_wrong_filter_is_told_beside_it(window):
    window.open("#/flights?delay__gte=soon")
    expect(window.page.get_by_role("alert").filter(has_text="soon")).to_be_visible()
    expect(window.page.get_by_role("textbox", name="Value")).to_have_attribute("aria-invalid", "true")


def test_typing_changes_rows_and_chart(window):
    window.open_query(TWO)
    count = window.server.get("/flights.json?origin=JFK&_count=1").json()[0]["count"]
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    assert window.cells()[0] == ["JFK", str(count)]
    expect(window.chart).to_have_accessible_name(re.compile("Bar chart of n by origin, 2 bars"))
    window.page.keyboard.press("Control+End")
    window.page.keyboard.type(" DESC")  # letter by letter
    expect(window.answer.locator("tbody tr:not(.gap)").first).to_contain_text("LAX")
    window.type_sql("SELECT date, id FROM flights ORDER BY id LIMIT 300")
    expect(window.chart).to_have_accessible_name(re.compile("Line chart of id by date, 300 points"))
    expect(window.answer.get_by_role("table")).to_have_attribute("aria-rowcount", "301")


def test_a_dataset_leads_to_its_query_and_back(window):
    window.open("#/lines")
    window.page.get_by_role("main").get_by_role("link", name="Ask in SQL").click()
    expect(window.editor).to_contain_text("FROM lines")
    expect(window.answer.get_by_role("table")).to_have_attribute("aria-rowcount", "101")
    window.type_sql(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    window.page.get_by_role("link", name="SQL", exact=True).click()  # it is here already, and nothing is lost
    expect(window.editor).to_contain_text("origin IN")
    window.until("() => location.hash.includes('origin')")
    window.page.get_by_role("link", name="Datasets", exact=True).click()
    expect(window.page.get_by_role("searchbox", name="Find a dataset")).to_be_visible()
    window.page.go_back()
    expect(window.editor).to_contain_text("origin IN")


def test_a_dataset_may_bear_a_word_of_sql(window):
    window.open("#/order")
    window.page.get_by_role("main").get_by_role("link", name="Ask in SQL").click()
    expect(window.editor).to_contain_text('FROM "order"')
    window.expect_cells([["7"]])
    window.page.get_by_role("button", name="Insert select").click()
    expect(window.editor).to_contain_text('"select"')


def test_tables_of_catalogs_are_shown_and_completed(browser, tmp_path):
    table_folders.sqlite(tmp_path / "app.db")
    (tmp_path / "eider.yaml").write_text("catalogs: {app: {type: sqlite, path: app.db}, gone: {type: sqlite, path: no.db}}\n")
    with EiderServer(tmp_path, EIDER_EXTENSIONS=extension_folder()) as server, BrowserPage(browser, server) as window:
        window.open_query("SELECT 1\n")
        window.page.get_by_text("gone", exact=True).click()
        expect(window.page.get_by_text("catalog 'gone' cannot be attached")).to_be_visible()
        window.page.get_by_text("app", exact=True).click()
        expect(window.page.get_by_role("button", name="Insert main.birds")).to_be_visible()
        window.expect_accessible()
        window.type_sql("SELECT max(name) AS last FROM app.main.bi")
        window.page.get_by_role("option", name="birds").click()
        window.expect_cells([["bird 2"]])
        assert all("503" in complaint for complaint in window.complaints), window.complaints
        window.complaints.clear()


def test_nothing_moves_while_nothing_runs(window):
    """An animation costs a browser CPU at each frame, seen or not."""
    moving = "() => [document, document.querySelector('.editor').shadowRoot].flatMap((root) => root.getAnimations()).length"
    window.open_query(ENDLESS)
    window.until(f"() => ({moving})() > 0")
    window.type_sql(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    expect(window.editor).to_be_focused()
    window.until(f"() => ({moving})() === 0")


def test_what_a_run_takes_is_shown(window):
    window.open_query(f"SELECT max(id) AS m FROM flights -- {id(window)}")
    window.expect_cells([["7999"]])
    facts = window.page.locator(".took")
    expect(facts).to_contain_text("cold")
    expect(facts).to_contain_text(re.compile(r"Round trip[\d.]+ ms"))
    expect(facts).to_contain_text(re.compile(r"Execution[\d.]+ ms"))
    expect(facts).to_contain_text(re.compile(r"Read from the lake[\d.]+ \w+ in \d+ request"))
    expect(window.page.locator(".cost")).to_contain_text(re.compile(r"Reads at most [\d.]+ \w+ in \d+ request"))
    window.page.get_by_role("button", name="Run").click()
    expect(facts).to_contain_text("warm")


def estimate_much(window):
    """From now on every dry run says that the query costs much."""
    cost = {"objects": 9000, "row_groups": 9000, "row_groups_kept": 9000, "requests": 9000, "bytes": 9e11, "usd": 0.0036}
    window.page.route("**/query", lambda route: route.fulfill(json=cost)
                      if route.request.post_data_json.get("dry_run") else route.continue_())


def test_what_costs_much_runs_only_when_it_is_wanted(window):
    estimate_much(window)
    window.open_query(TWO)
    expect(window.page.locator(".cost")).to_contain_text("900 GB in 9,000 requests")
    expect(window.page.get_by_role("status").filter(has_text="Press Run")).to_be_attached()
    assert not window.queries()
    window.page.get_by_role("button", name="Run").click()
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)


def test_what_turns_out_to_cost_much_is_stopped(window):
    window.open_query(TWO)  # is near: the next is asked for beside its estimate
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    estimate_much(window)
    window.type_sql(ENDLESS)
    expect(window.page.get_by_role("status").filter(has_text="Press Run")).to_be_attached()
    expect(window.page.get_by_role("button", name="Cancel", exact=True)).to_have_attribute("aria-disabled", "true")
    wait_until_running(window, 0)


def test_an_error_is_shown_at_its_place(window):
    window.open_query("SELECT 'São 😀' AS place,\n  'Ω😀', delya FROM flights")
    marked = window.page.locator(".cm-lintRange-error")
    expect(marked).to_have_text("delya")
    expect(window.page.get_by_role("alert").filter(has_text="Line 2")).to_contain_text("delay")
    window.type_sql(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    expect(marked).to_have_count(0)
    window.type_sql("SELECT * FROM flihgts")
    expect(marked).to_have_text("flihgts")
    expect(window.page.get_by_role("alert").filter(has_text="Did you mean 'flights'")).to_be_visible()
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)  # the last good rows stay
    window.type_sql("SELECT origin FROM flights WHERE")
    expect(window.page.get_by_role("alert").filter(has_text="Line 1")).to_be_visible()


def wait_until_running(window, count):
    """Asks the server's metrics from the page, again and again until they say so."""
    window.until(
        """async (count) => (await (await fetch("metrics")).text()).includes(`\\neider_queries_running ${count}\\n`)""", count)


@pytest.mark.parametrize("by", ["button", "key", "typing on", "leaving"])
def test_a_query_is_cancelled(window, by):
    window.open_query(ENDLESS)
    expect(window.page.get_by_role("button", name="Cancel", exact=True)).to_have_attribute("aria-disabled", "false")
    wait_until_running(window, 1)
    if by == "button":
        window.page.get_by_role("button", name="Cancel", exact=True).click()
    elif by == "key":
        window.page.keyboard.press("Escape")
    elif by == "typing on":
        window.type_sql(TWO)
        expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    else:
        window.page.get_by_role("link", name="Datasets", exact=True).click()
        expect(window.page.get_by_role("searchbox", name="Find a dataset")).to_be_visible()
    if by in ("button", "key"):
        expect(window.page.get_by_role("status").filter(has_text="Cancelled.")).to_be_attached()
    wait_until_running(window, 0)


def test_escape_cancels_what_runs_after_a_pause(window):
    def later(route):
        window.page.wait_for_timeout(500)  # so that the next pause is the longest
        route.continue_()
    window.page.route("**/query", later)
    window.open_query(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    window.page.unroute("**/query")
    window.type_sql(ENDLESS)
    window.page.keyboard.press("Escape")
    expect(window.page.get_by_role("status").filter(has_text="Cancelled.")).to_be_attached()
    wait_until_running(window, 0)


def test_escape_cancels_while_the_editor_looks_for_names_to_complete(window):
    window.open_query(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    window.type_sql(ENDLESS)
    window.until("""() => document.querySelector("[data-slot=cancel]").ariaDisabled === "false" """)
    window.page.keyboard.press("Escape")
    expect(window.page.get_by_role("status").filter(has_text="Cancelled.")).to_be_attached()
    wait_until_running(window, 0)


@pytest.mark.parametrize("name, ending", [("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"), ("NDJSON", "ndjson"),
                                          ("Parquet", "parquet"), ("Arrow", "arrow"), ("Excel", "xlsx")])
def test_the_whole_answer_is_downloaded(window, tmp_path, name, ending):
    window.open_query("SELECT id, origin FROM flights ORDER BY id")
    expect(window.answer.get_by_role("table")).to_have_attribute("aria-rowcount", "8001")
    window.page.get_by_text("Download", exact=True).click()
    with window.page.expect_download() as download:
        window.page.get_by_role("button", name=re.compile(rf"^{name} ")).click()
    assert download.value.suggested_filename == f"query.{ending}"
    path = tmp_path / "file"
    download.value.save_as(path)
    order = {"sql": "SELECT id, origin FROM flights ORDER BY id", "format": ending}
    if ending not in ("parquet", "xlsx"):  # these may hold times of writing
        assert path.read_bytes() == window.server.post("/query", order).content
    if ending == "csv":
        assert len(list(csv.reader(path.open(encoding="utf-8")))) == 8001
    if ending == "parquet":
        assert pyarrow.parquet.read_table(path).num_rows == 8000


def test_a_query_is_shared_by_its_address(browser, window):
    window.open_query(BY_MONTH)
    window.page.get_by_role("combobox", name="Chart").select_option("scatter")
    expect(window.chart).to_have_accessible_name(re.compile("Scatter chart of flights by month"))
    window.page.get_by_role("button", name="Copy link").click()
    expect(window.page.get_by_role("button", name="Copied")).to_be_visible()
    link = window.page.evaluate("navigator.clipboard.readText()")
    with BrowserPage(browser, window.server) as other:
        other.page.goto(link)
        expect(other.editor).to_contain_text("GROUP BY 1")
        expect(other.answer.locator("tbody tr:not(.gap)")).to_have_count(5)
        expect(other.chart).to_have_accessible_name(re.compile("Scatter chart of flights by month"))


@pytest.mark.parametrize("chart, name", [("bar", "Bar"), ("line", "Line"), ("scatter", "Scatter"),
                                         ("histogram", "Histogram")])
def test_each_chart_is_drawn(window, chart, name):
    window.open_query("SELECT id % 50 AS a, avg(delay) AS b FROM flights GROUP BY 1 ORDER BY 1")
    window.page.get_by_role("combobox", name="Chart").select_option(chart)
    expect(window.chart).to_have_accessible_name(re.compile(f"{name} chart of"))
    painted = """() => {
        const canvas = document.querySelector(".uplot canvas");
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const [r, g, b] = [0x23, 0x89, 0x7c];
        let found = 0;
        for (let i = 0; i < pixels.length; i += 4)
          found += pixels[i + 3] > 200 && pixels[i + 1] > pixels[i] + 40 && pixels[i + 1] > 60;
        return found > 100;
    }"""
    window.until(painted)  # pixels of the accent's green


def test_many_rows_are_few_elements(window):
    window.open_query("SELECT range AS n FROM range(100000)")
    table = window.answer.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", "10001")
    expect(window.page.locator(".took")).to_contain_text("first 10,000")
    window.answer.focus()
    window.page.keyboard.press("End")
    expect(window.answer.get_by_role("cell", name="9999", exact=True)).to_be_visible()
    assert window.answer.locator("tr").count() < 100


def test_values_are_exact(window):
    window.open_query("""SELECT 9007199254740993 AS big, 170141183460469231731687303715884105727 AS huge,
        -0.05::DECIMAL(5, 2) AS d, 0.1::FLOAT AS f, NULL AS n, '' AS e, DATE '1969-12-31' AS day, TIME '01:02:03.5' AS t,
        TIMESTAMP '2024-02-29 12:34:56.789012' AS s, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS z, TRUE AS b,
        [1, NULL] AS l, {'a': 'x', 'c': 0.5} AS o, 'a"b' AS q, INTERVAL 3 MONTH AS i, '\\x00A'::BLOB AS x""")
    window.expect_cells([["9007199254740993", "170141183460469231731687303715884105727", "-0.05", "0.1", "NULL", '""',
                          "1969-12-31", "01:02:03.5", "2024-02-29 12:34:56.789012", "2024-01-01 00:00:00+00", "true",
                          "[1, null]", '{"a": "x", "c": 0.5}', 'a"b', "3 months", "\\x00A"]])


def test_completion_offers_datasets_and_their_columns(window):
    window.open_query("SELECT canc FROM flights")
    for _ in range(len(" FROM flights")):
        window.page.keyboard.press("ArrowLeft")
    window.until("() => document.querySelector('.tables details[open] li')")  # the columns are known
    window.page.keyboard.press("Control+Space")
    window.page.get_by_role("option", name=re.compile("^cancelled")).click()
    expect(window.editor).to_contain_text("SELECT cancelled FROM flights")
    window.type_sql("SELECT * FROM fligh")
    window.page.keyboard.press("Control+Space")
    expect(window.page.get_by_role("option", name="flights", exact=True)).to_be_visible()


def test_by_keyboard_alone(window):
    window.open()

    def tab():
        window.page.keyboard.press("Tab")

    def focused():
        return window.page.evaluate("document.activeElement.textContent.trim()")

    def tab_to(text):
        for _ in range(60):
            if focused().startswith(text):
                return
            tab()
        raise AssertionError(f"Tab does not reach {text}")
    window.page.get_by_role("searchbox", name="Find a dataset").wait_for()
    tab_to("SQL")
    window.page.keyboard.press("Enter")
    window.editor.wait_for()
    expect(window.editor).to_be_focused()  # the view that was asked for has the focus
    window.page.keyboard.press("Control+a")
    window.page.keyboard.insert_text(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    window.page.keyboard.press("Control+Enter")
    tab()  # leaves the editor
    assert focused() == "Run"
    tab_to("Download")
    window.page.keyboard.press("Enter")
    tab_to("CSV")
    with window.page.expect_download() as download:
        window.page.keyboard.press("Enter")
    assert download.value.suggested_filename == "query.csv"
    for _ in range(60):
        if window.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Rows of the answer":
            break
        tab()
    else:
        raise AssertionError("Tab does not reach the rows")


VIEWS = {"home": "", "dataset": "#/flights", "query": "#sql=" + TWO.replace(" ", "%20"), "error": "#sql=SELEC"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_window(browser, server, view, size, scheme):
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if size == "phone" else {}
    with BrowserPage(browser, server, color_scheme=scheme, **phone) as window:
        window.open(VIEWS[view])
        ready = {"home": ".finder li", "dataset": "[data-slot=frame] tbody tr", "query": ".uplot canvas", "error": ".problem"}
        window.page.locator(ready[view]).first.wait_for()
        window.expect_accessible()


def test_it_is_light_and_compressed(window):
    """All that the page has loaded once SQL was asked, as it was sent."""
    window.open_query(TWO)
    expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    own = [request for request in window.requests if request.url == window.server.url or "/-/" in request.url]
    assert len(own) >= 4
    assert all(request.response().header_value("content-encoding") in ("br", "gzip") for request in own)
    assert sum(request.sizes()["responseBodySize"] for request in own) < 900_000


def test_below_a_prefix_addresses_are_relative(window):
    html = window.server.get("/").text
    assert not re.search(r'(?:src|href)="/', html)


def test_without_a_server_the_page_says_so(browser, tmp_path):
    with EiderServer(write_lake(tmp_path)) as server:
        window = BrowserPage(browser, server)
        window.open_query(TWO)
        expect(window.answer.locator("tbody tr:not(.gap)")).to_have_count(2)
    window.type_sql(BY_MONTH)
    expect(window.page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_visible()
    window.context.close()
