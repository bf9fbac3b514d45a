"""Check that no file names a download mirror or a folder of the machine on which it was written."""

import re
import subprocess

OFFICIAL = {
    "pypi.org",
    "files.pythonhosted.org",
    "download.pytorch.org",
    "registry.npmjs.org",
    "www.npmjs.com",
}
HOST = re.compile(r"https?://(?:[^\s/@\"']+@)?([A-Za-z0-9.-]+)(:\d+)?(/[^\s\"'<>)]*)?")
INDEX_OPTION = re.compile(
    r"(--(?:extra-)?index-url|--find-links|--registry|PIP_INDEX_URL|UV_INDEX_URL|UV_DEFAULT_INDEX)"
    r"[ =:]+[\"']?(https?://|/)",
)
INDEX_PATH = re.compile(r"/(simple|artifactory|nexus|devpi)(/|$)")
INDEX_NAME = re.compile(r"mirror|artifactory|nexus|devpi|pypi|npmjs")
PRIVATE = re.compile(r"(10|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d+)+")
HOME = re.compile(
    r"(?<![\w./-])/(?:root|home/(?!runner)\w+|Users/\w+|work|tmp/w|tmp/ipykernel_\d+)/[\w.]"
)


def files(root):
    """Return the files that are, or would be, tracked."""
    command = ["git", "-C", str(root), "ls-files", "-coz", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    paths = [root / name for name in names.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def problems(name, text):
    """Return one sentence for each trace in a text."""
    found = [f"{name} sets a package index: {hit.group()}" for hit in INDEX_OPTION.finditer(text)]
    for hit in HOST.finditer(text):
        host, path = hit.group(1), hit.group(3) or ""
        if host in OFFICIAL:
            continue
        if PRIVATE.fullmatch(host) or INDEX_NAME.search(host) or INDEX_PATH.search(path):
            found.append(f"{name} names a mirror or a private address: {hit.group()}")
    return found + [
        f"{name} names a folder of one machine: {hit.group()}" for hit in HOME.finditer(text)
    ]
