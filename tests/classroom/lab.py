"""JupyterLab as a lecturer starts it, but apart from anybody's settings, on a free port, without a window."""

import json
import os
import secrets
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

START_TIMEOUT = 90  # seconds
# No question about news, no request for them; every cell of a notebook is laid out, not only those in sight.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


class Lab(NamedTuple):
    """A running server."""

    url: str  # with the slash at the end
    token: str

    def address(self, path: str) -> str:
        """The address of a page of the server, with the token."""
        return f"{self.url}{path}?token={self.token}"

    def ask(self, path: str):
        """What the server's REST interface answers, as Python objects."""
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=START_TIMEOUT) as answer:
            return json.load(answer)


def write_settings(folder: Path) -> None:
    for name, values in SETTINGS.items():
        path = folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def variables(folder: Path) -> dict[str, str]:
    """The environment of a server whose every file lies below `folder`."""
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {**os.environ, **{name: str(folder / place) for name, place in places.items()}}


@contextmanager
def serve(folder: Path, lectures: Path) -> Iterator[Lab]:
    """Serve the notebooks in `lectures`; settings, logs and running files go below `folder`.

    Raises RuntimeError with the server's last words if it does not start.
    """
    write_settings(folder / "settings")
    token = secrets.token_hex(16)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        "--port=0",
        "--allow-root",
    ]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={lectures}"]
    command += ["--expose-app-in-browser", "--LabApp.news_url=None"]
    with open(folder / "server.log", "w+") as log:
        server = subprocess.Popen(
            command,
            cwd=lectures,
            env=variables(folder),
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Lab(listen(server, log), token)
        finally:
            server.terminate()
            server.wait(timeout=START_TIMEOUT)


def listen(server: subprocess.Popen, log) -> str:
    """Return the address that the server says it serves; keep its words in `log`."""
    found = threading.Event()
    address = []

    def read():
        for line in server.stderr:
            log.write(line)
            if "http://127.0.0.1:" in line and not address:
                address.append(line[line.index("http://") :].split("lab?")[0].strip())
                found.set()
        found.set()  # it has ended

    threading.Thread(target=read, daemon=True).start()
    if not found.wait(START_TIMEOUT) or not address:
        log.seek(0)
        raise RuntimeError(f"JupyterLab did not start: {log.read().strip()[-1000:]}")
    return address[0]
