"""Pack the built site, with its slide decks, into _build/unrolled-site.zip: a book to carry where there is no network.

It opens from its files, without a server. The same commit gives the same bytes.
"""

import sys
import zipfile
from pathlib import Path

import edition

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
OUTPUT = ROOT / "_build" / "unrolled-site.zip"
FOLDER = "unrolled-site"  # what unpacking leaves behind
LEFT_OUT = {"objects.inv"}  # for other books that link to this one; and what begins with a dot


def main():
    if not (HTML / "index.html").is_file():
        sys.exit("error: there is no site to pack: run `make book` first")
    OUTPUT.unlink(missing_ok=True)
    pack(HTML, OUTPUT, edition.describe())
    print(f"The site is packed: {OUTPUT}, {OUTPUT.stat().st_size / 1e6:.1f} MB")


def pack(site, output, book):
    """Write the folder `site` and a README.txt to the zip file `output`; book: an Edition."""
    contents = {"README.txt": readme(book).encode()}
    for file in site.rglob("*"):
        name = file.relative_to(site).as_posix()
        if file.is_file() and not file.name.startswith(".") and name not in LEFT_OUT:
            contents[name] = file.read_bytes()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", book.made.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose rights stand in the next line
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, contents[name])


def readme(book):
    return (
        f"{book.title}. Version {book.version}, {book.date}.\n"
        "Open index.html with a double click: pages, search and the decks in the folder slides need no network.\n"
        f"Text CC BY 4.0, code MIT licence. {book.address}\n"
    )


if __name__ == "__main__":
    main()
