"""Each check of a page reports the page that has the problem, and is content with the page that has not."""

import pytest

import page_checks
import widget_demo as demo
from browser import Watch
from host import serve

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
<body><main><h1>A page</h1>%s</main></body></html>"""

WIDE = "<div style='width: 900px'>wide</div>"
FILM = demo.html("film")

# check, a page without the problem, pages with it
CASES = [
    (
        "math_errors",
        "<p>text</p>",
        ["<span class=katex-error title='Missing brace'>x</span>", "<mjx-merror>x</mjx-merror>"],
    ),
    (
        "untypeset",
        "<div class=math><span class=katex-html>x</span></div><p>It costs $5, or 6 $. <code>$x$</code></p>",
        [
            "<div class=math>x</div>",
            r"<p>where \(x\) is</p>",
            "<p>where $x_t$ is</p>",
            "<p>$$x$$</p>",
        ],
    ),
    (
        "alt_problems",
        "<img src='data:,' alt='The loss falls'><div role=img aria-label='The loss / step falls'></div>",
        [
            "<img src='data:,'>",
            "<img src='data:,' alt=' '>",
            "<img src='data:,' alt='../_images/1f.png'>",
            "<img src='data:,' alt='figure.svg'>",
            "<div role=img></div>",
        ],
    ),
    (
        "restless",
        "<p>text</p><script>setTimeout(() => { document.body.id = 'late'; }, 50);</script>",
        ["<p>text</p><script>setInterval(() => { document.body.id = Date.now(); }, 20);</script>"],
    ),
    ("sideways", f"<div style='overflow: auto'>{WIDE}</div>", [WIDE]),
    (
        "unfocusable",
        f"<pre style='overflow: auto' tabindex=0>{WIDE}</pre>",
        [
            f"<{tag} style='overflow: auto; display: block'>{WIDE}</{tag.split()[0]}>"
            for tag in ("pre", "div class=math")
        ],
    ),
    (
        "cut_off",
        f"<pre style='overflow: auto' tabindex=0>{WIDE}</pre>",
        [f"<div class=math style='overflow: hidden'>{WIDE}</div>"],
    ),
    (
        "access_violations",
        "<button>Go</button>",
        [
            "<button></button>",
            "<p style='color: #bbb; background: white'>pale</p>",
            "<input type=text>",
        ],
    ),
    ("still_widgets", FILM, [FILM.replace('"input"', '"change of heart"')]),
]


@pytest.fixture(scope="module")
def show(tmp_path_factory, browser):
    """A function that shows a body in the browser at a phone's width; gives (page, what was watched)."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "kept.js").write_text("")
    with serve(folder) as address:

        def show(body, **options):
            (folder / "page.html").write_text(PAGE % body)
            seen = []
            page = page_checks.open_page(
                browser,
                address + "page.html",
                page_checks.PHONE,
                watch=lambda page: seen.append(Watch(page, (address,))),
                **options,
            )
            return page, seen[0]

        yield show


@pytest.mark.parametrize(("check", "body"), [(check, good) for check, good, _ in CASES])
def test_check_accepts(check, body, show):
    page, _ = show(body)
    problems = getattr(page_checks, check)(page)
    page.close()
    assert problems == []


@pytest.mark.parametrize(
    ("check", "body"), [(check, body) for check, _, bad in CASES for body in bad]
)
def test_check_reports(check, body, show):
    page, _ = show(body)
    problems = getattr(page_checks, check)(page)
    page.close()
    assert problems


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<script>console.error('broken')</script>", "console error: broken"),
        ("<script>throw new Error('thrown')</script>", "exception: thrown"),
        ("<script src='lost.js'></script>", "HTTP status 404"),
        ("<img alt='A picture' src='https://example.org/picture.png'>", "foreign request"),
        ("<style>@import url('https://example.org/font.css');</style>", "foreign request"),
    ],
)
def test_watch_reports(body, problem, show):
    page, watched = show(body)
    page.close()
    assert any(problem in found for found in watched.problems)


def test_watch_is_content_with_a_clean_page(show):
    page, watched = show("<script src='kept.js'></script>")
    page.close()
    assert watched.problems == []


def test_folds_are_open_when_a_page_is_checked(show):
    page, _ = show("<details><summary>Answer</summary><input type=text></details>")
    problems = page_checks.access_violations(page)
    page.close()
    assert any("label" in problem for problem in problems)
