"""Print the built site as one book: _build/unrolled.pdf.

Every page of _toc.yml is opened in Chromium and its article taken over as it stands there. The articles, behind a title
page and a table of contents, become one document, which Chromium prints: so links, tags and page numbers are the
document's own. It prints twice, for the contents name pages. pikepdf then adds bookmarks and the book's data.
"""

import io
import json
import sys
from pathlib import Path

import jinja2
import pikepdf

import chromium
import edition
import toc

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
OUTPUT = ROOT / "_build" / "unrolled.pdf"
PARTS = Path(__file__).resolve().parent / "pdf"
OLDEST = 131  # Chromium that prints page numbers by CSS
COLUMN = 658  # pixels: the 174 mm that A4 leaves between the margins of book.css


def main():
    if not (HTML / "index.html").is_file():
        sys.exit("error: there is no site to print: run `make book` first")
    data = build(toc.entries())
    OUTPUT.write_bytes(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        print(f"The book is printed: {OUTPUT}, {len(pdf.pages)} pages, {len(data) / 1e6:.1f} MB")


def build(entries, site=HTML):
    """Return the book of these entries of the contents as a PDF file, in bytes; the same bytes for the same commit.

    Exits if Chromium is missing or too old, or if something is wider than the column.
    """
    book = edition.describe()
    with chromium.started() as browser:
        check_version(browser.version)
        pages = list(read(browser, entries, site))
        draft = print_document(browser, compose(book, pages, {}), site)
        numbers = page_numbers(draft)
        data = print_document(browser, compose(book, pages, numbers), site, tagged=True)
    if page_numbers(data) != numbers:
        sys.exit("error: with the page numbers in the contents, headings moved to other pages")
    return finish(data, book, pages)


def check_version(version):
    """Exit if the browser is older than page margins that can hold text."""
    if int(version.split(".")[0]) < OLDEST:
        sys.exit(f"error: this Chromium is version {version}; the book needs {OLDEST} or later")


# --- from the site's pages to one document ------------------------------------------------------


def read(browser, entries, site):
    """Yield for each page of `entries` what extract.js returns, with its place in the book."""
    documents = [entry.document for entry in entries if entry.document]
    extract = (PARTS / "extract.js").read_text()
    view = browser.new_page(viewport={"width": COLUMN, "height": 900}, color_scheme="light")
    view.emulate_media(media="print", reduced_motion="reduce")
    part, starts_part = "", False
    for entry in entries:
        if entry.document is None:
            part, starts_part = entry.title, True
            continue
        chromium.open_page(view, (site / f"{entry.document}.html").as_uri())
        place = {"root": site.as_uri() + "/", "documents": documents}
        place |= {"document": entry.document, "level": entry.level}
        page = view.evaluate(extract, place)
        yield page | {
            "document": entry.document,
            "level": entry.level,
            "part": part,
            "starts_part": starts_part,
        }
        starts_part = False
    view.close()


def compose(book, pages, numbers):
    """The HTML of the whole book; numbers: the page of each heading, by its identifier, for the contents."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(PARTS), autoescape=True)
    environment.filters["css"] = lambda text: jinja2.utils.markupsafe.Markup(css_string(text))
    return environment.get_template("book.html.j2").render(
        book=book,
        pages=pages,
        numbers=numbers,
        sheets=unique(sheet for page in pages for sheet in page["sheets"]),
        styles=unique(style for page in pages for style in page["styles"]),
        css=(PARTS / "book.css").read_text(),
        drawing=drawing(),
    )


def css_string(text):
    """`text` as a string of CSS inside a style element."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")


def unique(items):
    return list(dict.fromkeys(items))


def drawing():
    """The title page's picture as SVG: a recurrent network, folded and unfolded over four steps."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    from unrolled.plots import networks

    with plt.rc_context({"svg.hashsalt": "unrolled"}):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9, 3.4), width_ratios=[1, 2.4], layout="constrained"
        )
        networks.folded(left, loss=False)
        networks.unfolded(right, 4, loss=False)
        svg = io.StringIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return svg.getvalue()[svg.getvalue().index("<svg") :]


# --- from the document to the file --------------------------------------------------------------


def print_document(browser, html, site, tagged=False):
    """Print the document, and return the file; exits if something does not fit the column."""
    file = (
        site / ".book.html"
    )  # in the site, so that nothing stands between it and the site's fonts
    file.write_text(html, encoding="utf-8")
    view = browser.new_page(viewport={"width": COLUMN, "height": 900}, color_scheme="light")
    view.emulate_media(media="print")
    try:
        chromium.open_page(view, file.as_uri())
    finally:
        file.unlink()
    too_wide = view.evaluate((PARTS / "fit.js").read_text())
    if too_wide:
        sys.exit("error: wider than the printed column:\n" + "\n".join(too_wide))
    data = view.pdf(prefer_css_page_size=True, print_background=True, tagged=tagged)
    view.close()
    return data


def page_numbers(data):
    """The page, from 1, of each identifier that a link of the document leads to."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        number = {page.objgen: index for index, page in enumerate(pdf.pages, start=1)}
        places = pdf.Root.Dests
        return {name[1:]: number[place[0].objgen] for name, place in places.items()}


def finish(data, book, pages):
    """Add bookmarks and the book's data; the file says nothing of when or where it was made."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        add_bookmarks(pdf, pages)
        date = f"D:{book.made:%Y%m%d%H%M%S}Z"
        pdf.docinfo = pdf.make_indirect(
            pikepdf.Dictionary(
                Title=book.title, Author=book.author, CreationDate=date, ModDate=date
            )
        )
        pdf.Root.Lang = "en"
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        file = io.BytesIO()
        packed = pikepdf.ObjectStreamMode.generate
        pdf.save(file, object_stream_mode=packed, linearize=True, deterministic_id=True)
    return file.getvalue()


def add_bookmarks(pdf, pages):
    """One bookmark for each part, page and heading, nested as the contents are."""
    with pdf.open_outline() as outline:
        above = [outline.root]  # by level: where a bookmark of that level goes

        def add(text, level, name):
            item = pikepdf.OutlineItem(text, destination=pdf.Root.Dests["/" + name])
            item.is_closed = level > 1
            del above[level:]
            above[-1].append(item)
            above.append(item.children)

        add("Contents", 1, "contents")
        for page in pages:
            if page["starts_part"]:
                add(page["part"], 1, page["document"])
            for heading in page["headings"]:
                add(heading["text"], heading["level"], heading["id"])


if __name__ == "__main__":
    main()
