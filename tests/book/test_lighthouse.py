"""Lighthouse finds nothing on the first page in the categories that don't depend on the machine."""

import pytest

import host
import lighthouse
from lighthouse import WHOLE, below, failures, report, scores
from rendered import HTML, page_names

PLANTED = "<!doctype html><html><head></head><body><img src='x.png'><script>throw 1</script></body></html>"


@pytest.fixture(scope="module")
def browser_path():
    return lighthouse.find_browser()


def test_first_page_is_whole(site, browser_path):
    with host.serve(HTML) as address:
        found = report(address + page_names()[0], browser_path, tuple(WHOLE))
    assert below(page_names()[0], scores(found), WHOLE) + failures(page_names()[0], found) == []


def test_a_bad_page_is_not(tmp_path, browser_path):
    (tmp_path / "page.html").write_text(PLANTED)
    with host.serve(tmp_path) as address:
        found = report(address + "page.html", browser_path, tuple(WHOLE))
    assert len(below("page.html", scores(found), WHOLE)) == len(WHOLE)
    assert any("image" in sentence.lower() for sentence in failures("page.html", found))


def test_low_scores_are_told():
    found = {"performance": 84.0, "seo": 100.0}
    assert below("a.html", found, {"performance": 85, "seo": 100}) == [
        "a.html: performance is 84, expected at least 85"
    ]


def test_a_machine_without_a_browser_is_told_so(site, monkeypatch, capsys):
    monkeypatch.setattr(lighthouse, "find_chromium", lambda: None)
    assert lighthouse.main(["book/intro.html"]) == 1
    assert "no Chromium or Chrome found" in capsys.readouterr().err


def test_a_page_that_is_not_there_is_named(capsys):
    assert lighthouse.main(["book/nowhere.html"]) == 1
    assert "book/nowhere.html is not in" in capsys.readouterr().err
