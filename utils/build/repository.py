"""Move the course to another repository: `make repository URL=https://github.com/OWNER/NAME REF=main`.

`_config.yml` says where the book is published: the repository's address and the branch or tag that
the notebooks install. This rewrites every copy of both: set-up cells, badges, README, citation, pages.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

from notebooks import ROOT, code_hash, read, staleness, store

ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9-]+)/([\w-]+(?:\.[\w-]+)*?)(?:\.git)?/?")
REF = re.compile(r"[\w][\w./-]*")
HIDDEN = {".ci", ".github"}  # the hidden folders that are the repository's
BUILT = {"_build", "grading", "node_modules"}  # made at the root by make, npm and an instructor
LARGEST = 5_000_000  # bytes; what is larger holds no text of ours


class Place(NamedTuple):
    """Where the book is published."""

    owner: str
    name: str
    ref: str

    @property
    def url(self):
        return f"https://github.com/{self.owner}/{self.name}"


class Mention(NamedTuple):
    """A copy of the address in a file; ref is None where the copy names none."""

    file: str  # relative to the root
    owner: str
    name: str
    ref: str | None
    start: int
    end: int


def parse(url, ref):
    """Return the Place of an address. Raises ValueError if it is none on GitHub, or no ref."""
    match = ADDRESS.fullmatch(url)
    if not match:
        raise ValueError(f"the address must be https://github.com/OWNER/NAME, got {url!r}")
    if not REF.fullmatch(ref):
        raise ValueError(f"the ref must be a branch or a tag, got {ref!r}")
    return Place(match.group(1), match.group(2), ref)


def current(root=ROOT):
    """Return the Place that `_config.yml` names."""
    config = yaml.safe_load((Path(root) / "_config.yml").read_text(encoding="utf-8"))
    return parse(config["repository"]["url"], config["repository"]["branch"])


# --- where the address stands -------------------------------------------------------------------


def _patterns(owner, name):
    """Return regexes with the groups owner, name and, where there is one, ref."""
    slug = rf"(?P<owner>{owner})/(?P<name>{name})"
    ref = r"(?P<ref>[\w-]+(?:[.][\w-]+)*)"
    end = r"(?![\w-])"
    return [
        re.compile(rf"github\.com/{slug}(?:\.git)?@{ref}"),
        re.compile(rf"github\.com/{slug}/(?:blob|tree|edit|raw|archive|zipball)/{ref}"),
        re.compile(rf"colab\.research\.google\.com/github/{slug}/blob/{ref}"),
        re.compile(rf"raw\.githubusercontent\.com/{slug}/{ref}"),
        re.compile(
            rf"github\.com/{slug}{end}(?!(?:\.git)?@|/(?:blob|tree|edit|raw|archive|zipball)/)"
        ),
        re.compile(rf"(?P<owner>{owner})\.github\.io/(?P<name>{name}){end}"),
    ]


def mentions(file, text, owner, name):
    """Return the Mentions in a text of the repositories whose owner and name match the two regexes."""
    return [
        Mention(file, hit["owner"], hit["name"], hit.groupdict().get("ref"), hit.start(), hit.end())
        for pattern in _patterns(owner, name)
        for hit in pattern.finditer(text)
    ]


def texts(root):
    """Yield (path, text) for every text file of the repository, built and installed ones left out."""
    for folder, folders, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = sorted(d for d in folders if _is_ours((inside / d).as_posix(), d))
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_symlink() or path.stat().st_size > LARGEST:
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture, an array: no text of ours
            if "\0" not in text:
                yield path, text


def _is_ours(path, name):
    if name.startswith("."):
        return name in HIDDEN
    return path not in BUILT and name != "__pycache__" and not name.endswith(".egg-info")


def copies(root):
    """Return every Mention of a repository that has our owner or our name: all should be ours."""
    place, word = current(root), r"[\w-]+"
    found = []
    for path, text in texts(root):
        file = path.relative_to(root).as_posix()
        of_owner = mentions(file, text, re.escape(place.owner), word)
        of_name = mentions(file, text, word, re.escape(place.name))
        found += dict.fromkeys([*of_owner, *of_name])
    return found


def differing(root):
    """Return one sentence for each copy that is not the address and ref of `_config.yml`."""
    place = current(root)
    return [
        f"{m.file} names {m.owner}/{m.name}{f' at {m.ref}' if m.ref else ''}, "
        f"_config.yml {place.owner}/{place.name} at {place.ref}"
        for m in copies(root)
        if (m.owner, m.name) != (place.owner, place.name) or m.ref not in (None, place.ref)
    ]


# --- moving -------------------------------------------------------------------------------------


def rewritten(text, old, new):
    """Return the text with every copy of the old place made one of the new."""
    for pattern in _patterns(re.escape(old.owner), re.escape(old.name)):
        text = pattern.sub(lambda hit: _rewritten_hit(hit, old, new), text)
    return text


def _rewritten_hit(hit, old, new):
    text, offset = hit.group(), hit.start()
    values = {"owner": new.owner, "name": new.name}
    if hit.groupdict().get("ref") == old.ref:
        values["ref"] = new.ref
    for group in sorted(values, key=lambda group: -hit.start(group)):
        start, end = hit.start(group) - offset, hit.end(group) - offset
        text = text[:start] + values[group] + text[end:]
    return text


def _with_branch(text, old, new):
    """Return `_config.yml` with its branch changed."""
    line = re.compile(rf"^(\s+branch:\s*)[\"']?{re.escape(old.ref)}[\"']?[ \t]*$", re.MULTILINE)
    text, count = line.subn(lambda hit: hit.group(1) + new.ref, text)
    if count != 1:
        raise ValueError(f"_config.yml must have one line `branch: {old.ref}`, it has {count}")
    return text


def _move_notebook(path, text):
    """Write a notebook whose text changed; its stored outputs stay as current as they were."""
    current_before = staleness(read(path)) is None
    path.write_text(text, encoding="utf-8")
    if current_before:
        notebook = read(path)
        notebook.metadata.unrolled.executed = code_hash(notebook)
        store(path, notebook)


def move(root, url, ref):
    """Rewrite every copy under `root`; return the files that changed.

    Raises ValueError if the address or the ref is none, before anything is written.
    """
    root = Path(root)
    old, new = current(root), parse(url, ref)
    changed = []
    for path, text in list(texts(root)):
        result = rewritten(text, old, new)
        if path == root / "_config.yml":
            result = _with_branch(result, old, new)
        if result == text:
            continue
        changed.append(path.relative_to(root).as_posix())
        if path.suffix == ".ipynb":
            _move_notebook(path, result)
        else:
            path.write_text(result, encoding="utf-8")
    return changed


def main(arguments=None):
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="https://github.com/OWNER/NAME")
    parser.add_argument("ref", nargs="?", help="branch or tag to install from (default: as it is)")
    options = parser.parse_args(arguments)
    try:
        changed = move(ROOT, options.url, options.ref or current(ROOT).ref)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(changed) or "nothing to change")
    return 0


if __name__ == "__main__":
    sys.exit(main())
