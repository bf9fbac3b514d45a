"""Finding the Chromium or Chrome that prints the book and looks at its pages."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find_chromium(playwright=None):
    """Path of the browser: $CHROMIUM, the system's Chromium or Chrome, playwright's own; None if there is none.

    playwright: a running `sync_playwright`; without it one is started where it is installed and needed.
    """
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), MACOS]
    found = next((path for path in candidates if path and Path(path).is_file()), None)
    return found or _playwrights_own(playwright)


def _playwrights_own(playwright):
    if playwright is not None:
        path = playwright.chromium.executable_path
        return path if Path(path).is_file() else None
    if find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        return _playwrights_own(running)
