"""Build the online book into _build/html, self-contained; with `--serve PORT`, serve it on localhost.

Executes no notebook: the pages show the outputs that the notebooks store.
"""

import argparse
import functools
import hashlib
import http.server
import re
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

import decks
import toc
import vendor

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
HEAD = re.compile(  # what a page says of itself
    r'<title>.*?</title>|<meta (?:name="(?:description|twitter:card)"|property)[^>]*>'
    r'|<link rel="(?:canonical|icon|apple-touch-icon)"[^>]*>'
)
STAMP = ROOT / "_build" / ".site-settings"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--serve", type=int, metavar="PORT", help="serve what is built instead of building"
    )
    port = parser.parse_args(arguments).serve
    if port is not None:
        serve(port)
    else:
        build()
        print(f"The book is built: open {(HTML / 'index.html').as_uri()}, or run `make serve`.")


def build():
    """Build what changed, pages and decks; everything when a setting, an extension or a version changed.

    Exits on any warning.
    """
    vendor.for_site()
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", str(ROOT), "--path-output", str(ROOT)]
    command += ["-W", "-n", "--keep-going", "--quiet"]
    settings = _settings()
    if not (STAMP.is_file() and STAMP.read_text() == settings):
        STAMP.unlink(missing_ok=True)
        shutil.rmtree(HTML, ignore_errors=True)  # nothing of an earlier site stays
        command.append("--all")
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        STAMP.unlink(missing_ok=True)  # the next build looks at every page again
        sys.exit(
            f"{done.stdout}\nerror: the book was not built without warnings; they are listed above"
        )
    write_entrance()
    STAMP.write_text(settings)
    decks.update()


def write_entrance():
    """Write index.html: it leads to the first page, and says of itself what that page says in its head."""
    first = toc.documents()[0] + ".html"
    head = "\n".join(HEAD.findall((HTML / first).read_text(encoding="utf-8")))
    head = head.replace('href="../', 'href="')
    (HTML / "index.html").write_text(
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={first}" />
{head}
</head>
<body><p><a href="{first}">To the first page</a></p></body>
</html>
""",
        encoding="utf-8",
    )


def serve(port):
    """Serve _build/html on localhost until interrupted, and open it in the reader's browser."""
    if not (HTML / "index.html").is_file():
        sys.exit("error: nothing is built yet: run `make book` first")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=HTML)
    try:
        server = http.server.ThreadingHTTPServer(("localhost", port), handler)
    except OSError as error:
        sys.exit(
            f"error: port {port} can't be used ({error.strerror}); choose another: make serve PORT=8001"
        )
    with server:
        address = f"http://localhost:{server.server_port}/"
        print(f"Serving the book on {address}; stop with Ctrl-C.", flush=True)
        webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _settings():
    """A digest of what every page depends on, besides its own source."""
    files = [
        ROOT / "_config.yml",
        ROOT / "_toc.yml",
        ROOT / "requirements.txt",
        ROOT / "package-lock.json",
    ]
    for folder in ("_ext", "_static", "_templates"):
        files += sorted(path for path in (ROOT / "book" / folder).rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    main()
