"""The page where keys are needed: a key is asked for, tried, kept in its tab, sent, refused kindly, and signed out."""
import json
import re

import pytest
import requests
from playwright.sync_api import expect

from support.browser_page import PHONE, BrowserPage, chromium
from support.eider_server import run

COUNT = "SELECT count(*) AS n FROM ships"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "birds.csv").write_text("id,name\n1,eider\n2,smew\n3,scoter\n")
    (folder / "ships.csv").write_text("id\n7\n8\n")
    (folder / "fleet.csv").write_text("id,name\n" + "".join(f"{n},ship number {n}\n" for n in range(200_000)))
    (folder / "eider.yaml").write_text("datasets: {ships: {access: key}, fleet: {access: key}}\nviews: {flock: FROM birds}\n")
    return folder


class Keys:
    def __init__(self, file):
        self.file = file

    def add(self, name, *options):
        done = run("keys", "add", name, "--keys", self.file, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def revoke(self, name):
        assert run("keys", "revoke", name, "--keys", self.file).returncode == 0


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys.json")


@pytest.fixture
def alice(keys):
    return keys.add("alice")


@pytest.fixture
def window(browser, serve, lake, keys, alice):
    with BrowserPage(browser, serve(lake, "--keys", keys.file)) as window:
        yield window


def field(within):
    return within.get_by_role("textbox", name="API key")


def enter(window, key, within=None):
    within = within or window.page.get_by_role("main")
    field(within).fill(key)
    within.get_by_role("button", name=re.compile("^Use this key")).click()


def sign_in(window, key):
    window.open()
    window.page.get_by_role("button", name="API key").click()
    enter(window, key, window.page.get_by_role("dialog"))
    expect(window.page.get_by_role("dialog")).to_be_hidden()
    expect(window.page.get_by_role("button", name=f"Key …{key[-4:]}")).to_be_focused()


def kept(page):
    """All that the browser keeps for this tab."""
    return page.evaluate("[JSON.stringify({...sessionStorage}), JSON.stringify({...localStorage}), document.cookie]")


@pytest.fixture
def strict(browser, serve, lake, keys, alice):
    """A window on a server that answers nobody without a key."""
    (lake / "eider.yaml").write_text("auth: {anonymous: false}\n")
    with BrowserPage(browser, serve(lake, "--keys", keys.file)) as window:
        yield window


def test_a_server_for_holders_of_keys_asks_for_one(strict, alice):
    window = strict
    window.open()
    expect(window.page.get_by_role("alert")).to_contain_text("An API key is needed")
    enter(window, "")
    expect(field(window.page)).to_have_attribute("aria-invalid", "true")
    enter(window, "curl -H 'Authorization: Bearer x'")
    expect(window.page.get_by_role("alert").filter(has_text="one word")).to_be_visible()
    enter(window, alice[:-1] + "?")
    expect(window.page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()
    expect(field(window.page)).to_be_focused()
    assert kept(window.page) == ["{}", "{}", ""], "a key that is not accepted is not kept"
    enter(window, f" {alice}\n")
    expect(window.page.get_by_role("main").get_by_role("link", name="ships")).to_be_visible()
    expect(window.page.get_by_role("heading", level=1)).to_be_focused()


def test_a_key_lives_in_its_tab_and_nowhere_else(window, alice):
    sign_in(window, alice)
    session, *rest = kept(window.page)
    assert alice in session and rest == ["{}", ""]
    window.page.reload()
    window.open_query(COUNT)
    window.expect_cells([["2"]])
    sent = {request.headers.get("authorization") for request in window.requests if request.url.endswith("/query")}
    assert sent == {f"Bearer {alice}"}
    window.page.get_by_role("button", name="Copy link").click()
    expect(window.page.get_by_role("button", name="Copied")).to_be_visible()
    assert alice not in window.page.evaluate("navigator.clipboard.readText()")
    assert not [request.url for request in window.requests if alice in request.url]
    other = window.context.new_page()
    other.goto(window.page.url)
    expect(other.get_by_role("alert").filter(has_text="An API key is needed")).to_be_visible()
    assert kept(other) == ["{}", "{}", ""]
    window.page.get_by_role("button", name="Key …").click()
    window.page.get_by_role("button", name="Sign out").click()
    expect(window.page.get_by_role("alert").filter(has_text="An API key is needed")).to_be_visible()
    assert kept(window.page) == ["{}", "{}", ""]
    expect(window.editor).to_contain_text("FROM ships")


def test_a_dataset_for_holders_of_keys_opens_in_its_place(window, alice):
    window.open("#/ships?id=7")
    enter(window, alice)
    rows = window.page.get_by_role("region", name="First rows").locator("tbody tr")
    expect(rows).to_have_count(1)
    command = window.page.locator(".command code")
    expect(command).to_contain_text('-H "Authorization: Bearer $EIDER_API_KEY"')
    assert alice not in window.page.content()


def test_an_expired_key_is_told_as_one(window, keys):
    bob = keys.add("bob", "--expires", "90d")
    listed = json.loads(keys.file.read_text())
    next(key for key in listed["keys"] if key["name"] == "bob")["expires"] = "2001-02-03T04:05:06Z"
    keys.file.write_text(json.dumps(listed))
    window.open("#/ships")
    enter(window, bob)
    expect(window.page.get_by_role("alert").filter(has_text="expired at 2001-02-03")).to_be_visible()


def test_a_key_that_is_revoked_while_it_is_used(window, keys, alice):
    sign_in(window, alice)
    window.page.get_by_role("main").get_by_role("link", name="ships").wait_for()
    keys.revoke("alice")
    window.page.get_by_role("main").get_by_role("link", name="ships").click()
    expect(window.page.get_by_role("alert").filter(has_text="Your key is not accepted")).to_be_visible()
    enter(window, keys.add("carol"))
    expect(window.page.get_by_role("region", name="First rows").locator("tbody tr")).to_have_count(2)
    keys.revoke("carol")
    window.open("#/birds")
    window.page.reload()
    window.page.get_by_role("button", name="Go on without a key").click()
    expect(window.page.get_by_role("region", name="First rows").locator("tbody tr")).to_have_count(3)


def test_a_key_of_one_dataset_says_what_it_opens(window, keys, alice):
    sign_in(window, keys.add("dora", "--dataset", "birds"))
    window.open("#/ships")
    refused = window.page.get_by_role("alert").filter(has_text="Your key does not open this")
    expect(refused).to_contain_text("it opens: birds")
    enter(window, alice)
    expect(window.page.get_by_role("region", name="First rows").locator("tbody tr")).to_have_count(2)


def refuse_once(window, path, wanted=lambda request: True, **headers):
    """The next request of `path` that is wanted is one too many."""
    refused = []

    def answer(route):
        if refused or not wanted(route.request):
            return route.continue_()
        refused.append(route)
        problem = {"title": "Too Many Requests", "detail": "too many requests; wait as Retry-After says", "status": 429}
        return route.fulfill(status=429, headers=headers, json=problem)
    window.page.route(path, answer)


def test_what_was_too_much_is_asked_again_in_time(window):
    refuse_once(window, "**/birds.csv*", **{"Retry-After": "2"})
    window.open("#/birds")
    button = window.page.get_by_role("button", name=re.compile("Try again in [12] s"))
    expect(button).to_be_disabled()
    expect(window.page.get_by_role("region", name="First rows").locator("tbody tr")).to_have_count(3)


def test_what_was_too_much_for_long_waits_for_a_press(window):
    refuse_once(window, "**/datasets", **{"Retry-After": "86400"})
    window.open()
    expect(window.page.get_by_role("button", name=re.compile("Try again in 8"))).to_be_disabled()


def test_typing_on_waits_too(window):
    window.open_query("SELECT 1 AS a")
    window.expect_cells([["1"]])
    # Not an estimate, which the page asks for beside a run or, where the first one took long, before it.
    refuse_once(window, "**/query", lambda request: "dry_run" not in request.post_data_json, **{"Retry-After": "1"})
    window.type_sql("SELECT 2 AS a")
    expect(window.page.get_by_role("alert").filter(has_text="too much at once")).to_be_visible()
    window.type_sql("SELECT 3 AS a")
    window.expect_cells([["3"]])
    asked = [order["sql"] for order in window.queries()]
    assert asked.count("SELECT 2 AS a") == asked.count("SELECT 3 AS a") == 1


@pytest.mark.parametrize("name", ["csv", "parquet", "xlsx"])
def test_downloads_have_the_key(window, tmp_path, alice, name):
    sign_in(window, alice)
    window.open("#/ships?id=7")
    label = {"csv": "CSV", "parquet": "Parquet", "xlsx": "Excel"}[name]
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name=f"Download: {label}").click()
    assert download.value.suggested_filename == f"ships.{name}"
    download.value.save_as(tmp_path / "file")
    expect(window.page.get_by_role("complementary", name="Downloads")).to_contain_text(f"ships.{name} Saved, ")
    expected = requests.get(f"{window.server.url}ships.{name}?id=7", headers={"X-Api-Key": alice}, timeout=60)
    if name == "csv":
        assert (tmp_path / "file").read_bytes() == expected.content
    else:
        assert (tmp_path / "file").stat().st_size == len(expected.content)


def test_what_programs_read_has_the_key(window, tmp_path, alice):
    sign_in(window, alice)
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="OpenAPI").click()
    assert download.value.suggested_filename == "openapi.json"
    download.value.save_as(tmp_path / "file")
    assert "/ships" in json.loads((tmp_path / "file").read_text())["paths"]


# A file of the origin's own instead of one that a dialog would ask for, which no test can answer.
PLACE = """async () => {
  const root = await navigator.storage.getDirectory();
  window.showSaveFilePicker = ({ suggestedName }) => root.getFileHandle(suggestedName, { create: true });
}"""
READ = """async (name) => {
  const root = await navigator.storage.getDirectory();
  const file = await (await root.getFileHandle(name)).getFile();
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())), file.size].join();
}"""


def say_large(window, name):
    """The page is told that this dataset has many bytes."""
    def answer(route):
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "bytes": 10**9})
    window.page.route(f"**/{name}", answer)


def test_a_large_download_is_written_as_it_comes(window, alice):
    sign_in(window, alice)
    say_large(window, "fleet")
    window.open("#/fleet")
    window.page.evaluate(PLACE)
    window.page.get_by_role("link", name="Download: CSV").click()
    expect(window.page.get_by_role("complementary", name="Downloads")).to_contain_text("fleet.csv Saved, ")
    content = requests.get(f"{window.server.url}fleet.csv", headers={"X-Api-Key": alice}, timeout=60).content
    digest = window.page.evaluate("""async (text) =>
        [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))].join()""", content.decode())
    assert window.page.evaluate(READ, "fleet.csv") == f"{digest},{len(content)}"


@pytest.mark.parametrize("large", [False, True])
def test_a_download_that_is_cut_leaves_no_file(window, keys, large):
    sign_in(window, keys.add("small", "--bytes", "1MB"))
    if large:
        say_large(window, "fleet")
    window.open("#/fleet")
    downloads = []
    window.page.on("download", lambda download: downloads.append(download))
    window.page.evaluate(PLACE)
    window.page.get_by_role("link", name="Download: CSV").click()
    failed = window.page.get_by_role("alert").filter(has_text="The answer is cut")
    expect(failed).to_be_visible()
    assert not downloads
    assert window.page.evaluate(READ, "fleet.csv").endswith(",0") if large else True
    window.complaints.clear()  # Chromium tells of the connection that was reset
    window.page.get_by_role("button", name="Dismiss fleet.csv").click()
    expect(failed).to_have_count(0)


VIEWS = ["wanted", "dialog", "refused", "saved"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_window(browser, window, alice, view, size, scheme):
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if size == "phone" else {}
    with BrowserPage(browser, window.server, color_scheme=scheme, **phone) as shown:
        if view in ("wanted", "refused"):
            shown.open("#/ships")
            field(shown.page).wait_for()
        if view == "refused":
            enter(shown, "eider_wrong")
            shown.page.get_by_role("alert").filter(has_text="not known here").wait_for()
        if view in ("dialog", "saved"):
            sign_in(shown, alice)
        if view == "dialog":
            shown.page.get_by_role("button", name="Key …").click()
        if view == "saved":
            shown.page.get_by_role("link", name="OpenAPI").click()
            shown.page.get_by_text("Saved, ").wait_for()
        shown.expect_accessible()
