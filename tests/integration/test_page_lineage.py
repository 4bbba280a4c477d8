"""Lineage on the page: drawn from left to right, by keyboard, on a phone, and not there where nothing is made."""
import pytest
from playwright.sync_api import expect

from support.browser_page import PHONE, BrowserPage, chromium
from support.eider_server import EiderServer

VIEWS = """views:
  late: SELECT id, delay FROM flights WHERE delay > 60
  late_by_origin: SELECT origin, count(*) AS n FROM flights JOIN late USING (id) GROUP BY 1
"""
MODELS = {
    "by_day": "{{ config(materialized='table') }} SELECT day, count(*) AS n FROM {{ source('lake', 'flights') }} GROUP BY 1",
    "origins_of_flights_with_their_names": "SELECT DISTINCT f.origin, a.name FROM flights AS f JOIN airports AS a USING (origin)",
    "report": "{{ config(materialized='external', location='out/report.parquet') }} SELECT * FROM {{ ref('by_day') }}, "
              "{{ ref('origins_of_flights_with_their_names') }}, {{ ref('late_by_origin') }}",
    "wrong": "SELECT 1 AS",
}
# (node, what it reads), as the SQL above says.
READS = {"late": ["flights"], "late_by_origin": ["flights", "late"], "by_day": ["flights"],
         "origins_of_flights_with_their_names": ["airports", "flights"],
         "report": ["by_day", "late_by_origin", "origins_of_flights_with_their_names"]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    (folder / "flights.csv").write_text("id,day,origin,delay\n1,2024-01-01,JFK,90\n2,2024-01-02,LAX,5\n")
    (folder / "airports.csv").write_text("origin,name\nJFK,Kennedy\nLAX,Los Angeles\n")
    (folder / "alone.csv").write_text("id\n1\n")
    (folder / "eider.yaml").write_text(VIEWS)
    (folder / "models").mkdir()
    for name, sql in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    return folder


@pytest.fixture(scope="module")
def server(lake):
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


def open_lineage(window):
    window.open()
    window.page.get_by_role("link", name="Lineage", exact=True).click()
    window.picture = window.page.get_by_role("region", name="What is made from what")
    window.picture.locator("svg").wait_for()
    expect(window.page.get_by_role("heading", name="Lineage")).to_be_focused()
    return window.picture


def boxes(picture):
    """The rectangle of each node, by its name."""
    return dict(picture.locator(".node").evaluate_all("""nodes => nodes.map((node) => {
        const { left, right, top, bottom } = node.querySelector(".box").getBoundingClientRect();
        return [node.querySelector("a").getAttribute("href").slice(2), { left, right, top, bottom }]; })"""))


def test_each_stands_right_of_what_it_reads_and_none_on_another(window):
    drawn = boxes(open_lineage(window))
    assert sorted(drawn) == sorted([*READS, "flights", "airports", "wrong"])
    for name, reads in READS.items():
        assert all(drawn[read]["right"] < drawn[name]["left"] for read in reads), name
    rectangles = list(drawn.values())
    for i, one in enumerate(rectangles):
        for other in rectangles[:i]:
            assert (one["right"] < other["left"] or other["right"] < one["left"] or one["bottom"] < other["top"]
                    or other["bottom"] < one["top"])


def test_edges_run_from_what_is_read_to_who_reads_it_and_through_no_other(window):
    picture = open_lineage(window)
    drawn = boxes(picture)
    lines = picture.locator(".edge").evaluate_all("""lines => lines.map((line) => {
        const length = line.getTotalLength(), matrix = line.getScreenCTM();
        return Array.from({ length: 101 }, (_, i) => {
          const { x, y } = line.getPointAtLength(length * i / 100).matrixTransform(matrix);
          return [x, y]; }); })""")
    found = set()
    for points in lines:
        def touching(point, slack):
            return [name for name, box in drawn.items() if box["left"] - slack <= point[0] <= box["right"] + slack
                    and box["top"] - slack <= point[1] <= box["bottom"] + slack]
        found.add((touching(points[0], 1)[0], touching(points[-1], 1)[0]))
        assert not [name for point in points[2:-2] for name in touching(point, -2)]
    assert found == {(read, name) for name, reads in READS.items() for read in reads}


def test_a_node_says_what_it_is_and_leads_to_its_dataset(window):
    picture = open_lineage(window)
    expect(picture.get_by_role("link", name="by_day, table, made from flights")).to_be_visible()
    expect(picture.get_by_role("link", name="wrong, cannot be read")).to_be_visible()
    expect(picture.get_by_role("link", name="report, Parquet object")).to_be_visible()
    picture.get_by_role("link", name="late, view, made from flights").click()
    expect(window.page.get_by_role("heading", name="late")).to_be_visible()
    expect(window.page.get_by_role("region", name="First rows").locator("tbody tr")).to_have_count(1)


def test_a_node_leads_to_sql_by_keyboard(window):
    picture = open_lineage(window)
    for _ in range(40):
        window.page.keyboard.press("Tab")
        if window.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Ask late in SQL":
            break
    else:
        raise AssertionError("Tab does not reach the node")
    traced = picture.locator(".node.traced a:first-of-type")
    assert {link.get_attribute("href") for link in traced.all()} == {"#/flights", "#/late", "#/late_by_origin", "#/report"}
    window.page.keyboard.press("Enter")
    expect(window.editor).to_contain_text("FROM late")
    window.expect_cells([["1", "90"]])


def test_where_nothing_is_made_there_is_no_tab(browser, tmp_path):
    (tmp_path / "alone.csv").write_text("id\n1\n")
    with EiderServer(tmp_path) as server, BrowserPage(browser, server) as window:
        with window.page.expect_response("**/lineage.json"):
            window.open()
        window.page.get_by_role("link", name="alone").wait_for()
        expect(window.page.get_by_role("link", name="Lineage")).to_have_count(0)
        window.open("#lineage")
        window.page.reload()
        expect(window.page.get_by_role("main")).to_contain_text("Nothing here is made from anything else")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_accessible_and_within_the_window(browser, server, size, scheme):
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if size == "phone" else {}
    with BrowserPage(browser, server, color_scheme=scheme, **phone) as window:
        open_lineage(window)
        window.expect_accessible()
