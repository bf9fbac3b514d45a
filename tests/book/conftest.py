"""Fixtures for the tests that look at the built site."""

from browser import browser  # noqa: F401
from rendered import site  # noqa: F401
