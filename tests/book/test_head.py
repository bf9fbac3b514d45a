"""Each page says what it is, once, and the sitemap lists what is there."""

import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
import yaml
from docutils import nodes
from page_head import LENGTH, first_sentences
from PIL import Image

import repository
from rendered import HTML, page_names

PAGES = [name for name in page_names() if name != "search.html"]
ONE_EACH = [
    "title", "canonical", "viewport", "description", "twitter:card", "og:title", "og:description", "og:type",
    "og:url", "og:image", "og:image:alt", "og:site_name",
]  # fmt: skip


class Head(HTMLParser):
    """What the head of a page says: texts by name."""

    def __init__(self, page):
        super().__init__()
        self.said, self._title, self.language, self.icons = [], None, None, []
        self.feed(page[: page.index("<body")])
        self.count = Counter(name for name, _ in self.said)
        self.text = dict(self.said)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "html":
            self.language = given.get("lang")
        elif tag == "title":
            self._title = ""
        elif tag == "meta" and (given.get("name") or given.get("property")):
            self.said.append((given.get("name") or given["property"], given.get("content", "")))
        elif tag == "link" and given.get("rel") == "canonical":
            self.said.append(("canonical", given["href"]))
        elif tag == "link" and given.get("rel") in ("icon", "apple-touch-icon"):
            self.icons.append(given["href"])

    def handle_data(self, data):
        if self._title is not None:
            self._title += data

    def handle_endtag(self, tag):
        if tag == "title":
            self.said.append(("title", self._title))
            self._title = None


@pytest.fixture(scope="module")
def heads(site):
    return {
        name: Head((HTML / name).read_text(encoding="utf-8")) for name in [*PAGES, "index.html"]
    }


@pytest.fixture(scope="module")
def base(root):
    """The address of the published site, from _config.yml."""
    return yaml.safe_load((root / "_config.yml").read_text())["html"]["baseurl"]


def test_address_of_the_site_is_that_of_the_repository(base):
    place = repository.current()
    assert base == f"https://{place.owner}.github" + f".io/{place.name}/"


@pytest.mark.parametrize("name", PAGES)
def test_head_says_everything_once(name, heads, base):
    head = heads[name]
    assert {what: head.count[what] for what in ONE_EACH} == dict.fromkeys(ONE_EACH, 1)
    assert [what for what in ONE_EACH if not head.text[what].strip()] == []
    assert head.language == "en"
    assert head.text["canonical"] == head.text["og:url"] == urljoin(base, name)
    assert len(head.text["description"]) <= LENGTH + 5
    assert not re.search(r"[<>$\\]", head.text["description"])


def test_titles_and_descriptions_tell_the_pages_apart(heads):
    for what in ("title", "description"):
        texts = Counter(heads[name].text[what] for name in PAGES)
        assert [text for text, count in texts.items() if count > 1] == []


def test_the_first_address_says_what_the_first_page_says(heads):
    first, entrance = heads[PAGES[0]], heads["index.html"]
    for what in ONE_EACH:
        assert entrance.text[what].split(",")[0] == first.text[what].split(",")[0]
    assert [HTML / icon for icon in entrance.icons] == [
        HTML / "book" / icon for icon in first.icons
    ] or all((HTML / icon).is_file() for icon in entrance.icons)


@pytest.mark.parametrize("name", PAGES)
def test_icons_and_picture_exist(name, heads, base):
    head = heads[name]
    assert len(head.icons) == 3
    assert all((HTML / name).parent.joinpath(icon).resolve().is_file() for icon in head.icons)
    with Image.open(HTML / head.text["og:image"].removeprefix(base)) as picture:
        assert picture.size == (1200, 630)


def test_sitemap_lists_the_pages(site, base):
    tree = ElementTree.parse(HTML / "sitemap.xml")
    listed = [each.text for each in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(listed) == sorted(urljoin(base, name) for name in PAGES)


def test_robots_may_read_everything_and_find_the_sitemap(site, base):
    robots = RobotFileParser()
    robots.parse((HTML / "robots.txt").read_text().splitlines())
    assert robots.site_maps() == [urljoin(base, "sitemap.xml")]
    assert all(robots.can_fetch("*", urljoin(base, name)) for name in PAGES)


def test_a_head_that_says_something_twice_is_noticed():
    head = Head(
        "<html><head><title>A</title><meta name=description content=a><title>B</title></head><body>"
    )
    assert head.count["title"] == 2
    assert head.count["canonical"] == 0


LONG = "This sentence goes on and on, " * 8 + "and ends."


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("A first sentence that says a lot. " + LONG, "A first sentence that says a lot. This sentence"),
        ("One sentence that is long enough to stand for the whole of a page, as it says. " + LONG,
         "One sentence that is long enough to stand for the whole of a page, as it says."),
        ("Too short.", ""),
        ("A line that leads to a list, and thus ends with a colon, as long as it is:", ""),
    ],
)  # fmt: skip
def test_description_is_of_whole_sentences_where_they_suffice(text, described):
    section = nodes.section()
    paragraph = nodes.paragraph(text, text)
    section += paragraph
    found = first_sentences(paragraph, LENGTH)
    assert found.startswith(described) if described else found == ""
    assert len(found) <= LENGTH


def test_a_paragraph_with_a_formula_describes_nothing():
    section, text = nodes.section(), "A sentence that is long enough, and has a formula in it: "
    paragraph = nodes.paragraph(text, text, nodes.math("x", "x"), nodes.Text("."))
    section += paragraph
    assert first_sentences(paragraph, LENGTH) == ""
