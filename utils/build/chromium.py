"""The machine's Chromium or Chrome, driven by playwright: for what is printed and pictured, and for the tests.

with chromium.started() as browser:
    page = browser.new_page()
    chromium.open_page(page, "file:///...")
"""

import contextlib
import sys
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright

from unrolled.course.browser import find_chromium

MISSING = (
    "no Chromium or Chrome found: install one (Debian: apt-get install chromium; anywhere: "
    ".venv/bin/playwright install chromium), or name yours in the environment variable CHROMIUM"
)

# What a page still does after it has loaded: fonts, pictures, widgets. Quiet is 0.3 s without a change.
# What it would lay out only near the screen is laid out as well.
SETTLED = """async () => {
  const style = document.createElement("style");
  style.textContent = "* { content-visibility: visible !important; }";
  document.head.append(style);
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


def launch(playwright, path: str) -> Browser:
    """The browser at `path`, headless."""
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A running headless browser; exits with a sentence if the machine has none."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            sys.exit(f"error: {MISSING}")
        with contextlib.closing(launch(playwright, path)) as browser:
            yield browser


def open_page(page: Page, address: str) -> None:
    """Load the page and wait until it is as its reader sees it; exits if it never comes to rest."""
    page.goto(address, wait_until="load")
    if not page.evaluate(SETTLED):
        sys.exit(f"error: {address} goes on changing after it has loaded")


if __name__ == "__main__":  # `make test` asks before it starts
    with sync_playwright() as running:
        if find_chromium(running) is None:
            sys.exit(f"error: {MISSING}")
