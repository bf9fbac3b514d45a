"""What the book says of itself where it is carried: name, author, version, date, address."""

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Edition(NamedTuple):
    """One state of the book; made is the time that it bears, in UTC."""

    name: str
    subtitle: str
    author: str
    version: str
    address: str
    made: datetime

    @property
    def title(self):
        return f"{self.name}: {self.subtitle}"

    @property
    def date(self):
        return f"{self.made.day} {self.made:%B %Y}"


def describe(root=ROOT):
    """The edition, from CITATION.cff, pyproject.toml, and the date of the last commit (or SOURCE_DATE_EPOCH)."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    name, subtitle = citation["title"].split(": ", 1)
    return Edition(
        name,
        subtitle[0].upper() + subtitle[1:],
        ", ".join(author["name"] for author in citation["authors"]),
        tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"],
        citation["repository-code"],
        made_at(root),
    )


def made_at(root):
    """The time that the book bears: SOURCE_DATE_EPOCH, else that of the last commit; exits if neither is known."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if seconds is None:
        command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = done.stdout.strip()
        if done.returncode or not seconds:
            sys.exit(
                "error: the book bears the date of the last commit, and git knows none here "
                f"({done.stderr.strip() or 'no commit'}); set SOURCE_DATE_EPOCH to the seconds since 1970"
            )
    return datetime.fromtimestamp(int(seconds), UTC)
