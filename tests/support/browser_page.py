"""Eider's page in Debian's Chromium, watched: what it asks of which host, and what it complains about."""
import contextlib
import json
import shutil

from playwright.sync_api import expect, sync_playwright

from support.raw_http import PATIENCE_SECONDS

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextlib.contextmanager
def chromium():
    program = shutil.which("chromium")
    assert program, "the page's tests need Debian's chromium: ./dev test installs it"
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox; nothing but the server under test is opened.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class BrowserPage:
    """One window on a server's page. Leaving the context judges it: its own host only, and nothing on the console."""

    def __init__(self, browser, server, viewport=None, **context):
        self.server = server
        self.context = browser.new_context(viewport=viewport or DESK, accept_downloads=True, **context)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.requests = []
        self.complaints = []
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if failed is None:
            strangers = [request.url for request in self.requests
                         if not request.url.startswith((self.server.url, "data:", "blob:" + self.server.url))]
            assert not strangers and not self.complaints, (strangers, self.complaints)
        self.context.close()

    def _hear(self, message):
        # Chromium reports an answer of 4xx as an error; these are asked for. And where letters replace coloured ones, it
        # writes their style into what is edited, by no script of the page; the policy refuses that, and nothing needs it.
        asked_for = "the server responded with a status of 4" in message.text
        its_own = message.text.startswith("Applying inline style") and "/-/" not in message.location["url"]
        if message.type in ("error", "warning") and not asked_for and not its_own:
            self.complaints.append(message.text)

    def open(self, fragment=""):
        self.page.goto(self.server.url + fragment)
        return self

    def open_query(self, sql=""):
        self.open("#sql=")
        self.editor.wait_for()
        if sql:
            self.type_sql(sql)
        return self

    @property
    def editor(self):
        return self.page.get_by_role("textbox", name="SQL")

    def type_sql(self, sql):
        """Instead of what is there, all at once, as pasting does."""
        self.editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(sql)

    @property
    def answer(self):
        return self.page.get_by_role("region", name="Rows of the answer")

    def cells(self):
        """The rows in sight, as texts."""
        return [row.locator("td").all_text_contents() for row in self.answer.locator("tbody tr:not(.gap)").all()]

    def expect_cells(self, expected):
        rows = self.answer.locator("tbody tr:not(.gap)")
        expect(rows).to_have_count(len(expected))
        for row, texts in zip(rows.all(), expected):
            expect(row.locator("td")).to_have_text(texts)

    def until(self, met, argument=None):
        """Waits until a function of JavaScript says so; Playwright's own wait would need an eval, which the page forbids."""
        self.page.evaluate("async (argument) => { const met = " + met + """;
            while (!(await met(argument))) await new Promise((next) => setTimeout(next, 5)); }""", argument)

    @property
    def chart(self):
        return self.page.get_by_role("img")

    def queries(self):
        """What was asked of POST /query, dry runs apart."""
        posts = [request.post_data_json for request in self.requests if request.method == "POST"]
        return [order for order in posts if not order.get("dry_run")]

    def expect_accessible(self):
        """Nothing that axe would have otherwise, and nothing beside the window."""
        from axe_playwright_python.sync_playwright import Axe  # the benches have none
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not found, json.dumps([(one["id"], [node["html"] for node in one["nodes"]]) for one in found], indent=1)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} px wider than the window"
