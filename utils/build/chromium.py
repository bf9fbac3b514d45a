"""The machine's Chromium or Chrome, driven by playwright: for what is printed and pictured, and for the tests.

with chromium.started() as browser:
    page = browser.new_page()
    chromium.open_page(page, "file:///...")
"""

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
MISSING = (
    "no Chromium or Chrome found: install one (Debian: apt-get install chromium; anywhere: "
    ".venv/bin/playwright install chromium), or name yours in the environment variable CHROMIUM"
)

# What a page still does after it has loaded: formulas, fonts, pictures, widgets. Quiet is 0.3 s without a change.
# What it would lay out only near the screen is laid out as well.
SETTLED = """async () => {
  const style = document.createElement("style");
  style.textContent = "* { content-visibility: visible !important; }";
  document.head.append(style);
  await window.MathJax?.startup?.promise;
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map((picture) => picture.complete || new Promise((done) => {
    picture.onload = picture.onerror = done;
  })));
  await document.fonts.ready;
  let last = performance.now();
  const start = last, seen = new MutationObserver(() => { last = performance.now(); });
  seen.observe(document.documentElement, {attributes: true, childList: true, characterData: true, subtree: true});
  while (performance.now() - last < 300 && last - start < 20000) await new Promise((done) => setTimeout(done, 50));
  seen.disconnect();
  return last - start < 20000;
}"""


STYLE_SHEET = re.compile(r"^file:.*\.css(\?.*)?$")
OPTIONAL = re.compile(r"font-display:\s*optional")


def find(playwright) -> str | None:
    """Path of the browser: $CHROMIUM, the system's Chromium or Chrome, playwright's own; None if there is none."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), MACOS]
    candidates.append(playwright.chromium.executable_path)
    return next((path for path in candidates if path and Path(path).is_file()), None)


def launch(playwright, path: str) -> Browser:
    """The browser at `path`, headless."""
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A running headless browser; exits with a sentence if the machine has none."""
    with sync_playwright() as playwright:
        path = find(playwright)
        if path is None:
            sys.exit(f"error: {MISSING}")
        with contextlib.closing(launch(playwright, path)) as browser:
            yield browser


def open_page(page: Page, address: str) -> None:
    """Load the page of a file and wait until it is as its reader sees it; exits if it never comes to rest.

    The site's typefaces are optional on a slow connection; here they are waited for.
    """
    page.route(STYLE_SHEET, _wait_for_faces)
    page.goto(address, wait_until="load")
    if not page.evaluate(SETTLED):
        sys.exit(f"error: {address} goes on changing after it has loaded")


def _wait_for_faces(route) -> None:
    file = Path(url2pathname(urlsplit(route.request.url).path))
    if not file.is_file():
        route.abort()
        return
    rules = OPTIONAL.sub("font-display: block", file.read_text(encoding="utf-8"))
    route.fulfill(body=rules, content_type="text/css")


if __name__ == "__main__":  # `make test` asks before it starts
    with sync_playwright() as running:
        if find(running) is None:
            sys.exit(f"error: {MISSING}")
