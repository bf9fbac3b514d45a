"""Every page passes axe's checks of WCAG 2 A and AA, wide and on a phone, light and dark, folds open."""

import pytest

from page_checks import PHONE, WIDTH, access_violations, open_page
from rendered import page_names


@pytest.mark.parametrize(("width", "scheme"), [(WIDTH, "light"), (WIDTH, "dark"), (PHONE, "light")])
@pytest.mark.parametrize("name", page_names())
def test_page_is_accessible(name, width, scheme, site, browser):
    page = open_page(browser, site + name, width, scheme)
    shown = page.evaluate("document.documentElement.dataset.theme")
    violations = access_violations(page)
    page.close()
    assert shown == scheme
    assert violations == []
