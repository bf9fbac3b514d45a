"""A headless Chromium for the tests that look at pages, and a record of what goes wrong in it.

Import the fixture where it is used: `from browser import Watch, browser`. It lives for one module,
because playwright keeps an event loop running in its thread, and other tests start their own.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import chromium
from unrolled.course.browser import find_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running headless Chromium."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            pytest.fail(chromium.MISSING, pytrace=False)
        started = chromium.launch(playwright, path)
        yield started
        started.close()


class Watch:
    """What a page reports while it is used: console errors, exceptions, failed and foreign requests.

    allowed: the beginnings of addresses that the page may ask for. Requests to anything else are
    recorded and aborted, so that a page can't depend on another host even where there is a network.
    """

    def __init__(self, page: Page, allowed: tuple[str, ...]):
        self.problems: list[str] = []
        self._allowed = (*allowed, "data:", "blob:", "about:")
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)
        page.route("**/*", self._route)

    def _console(self, message) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.problems.append(f"console error: {message.text} [{where}]")

    def _failed(self, request) -> None:
        self.problems.append(f"failed request: {request.url}: {request.failure}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.problems.append(f"failed request: {response.url}: HTTP status {response.status}")

    def _route(self, route) -> None:
        if route.request.url.startswith(self._allowed):
            route.continue_()
        else:
            self.problems.append(f"foreign request: {route.request.url}")
            route.abort()
