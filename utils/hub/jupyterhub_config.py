"""JupyterHub for a course on one machine, with nbgrader's exchange: an example to begin with.

It wants the packages jupyterhub, nbgrader and jupyterlab in one environment, configurable-http-proxy from npm, an
account on the machine for everybody, and this folder's nbgrader_config.py as /etc/jupyter/nbgrader_config.py. Start it
as root: `ROSTER=students.csv jupyterhub -f utils/hub/jupyterhub_config.py`.
"""

import csv
import os
from pathlib import Path

COURSE = "unrolled"
TEACHERS = set(os.environ.get("TEACHERS", "teacher").split(","))
EXCHANGE = Path(os.environ.get("EXCHANGE", "/srv/nbgrader/exchange"))  # as in nbgrader_config.py

with open(os.environ["ROSTER"], newline="", encoding="utf-8-sig") as file:
    STUDENTS = {row["id"] for row in csv.DictReader(file)}

c = get_config()  # noqa: F821

# Who may come in. "pam" asks for the account's password; the packages oauthenticator
# and jupyterhub-ltiauthenticator ask the university.
c.JupyterHub.authenticator_class = os.environ.get("AUTHENTICATOR", "pam")
c.Authenticator.allowed_users = STUDENTS | TEACHERS
c.JupyterHub.load_groups = {
    f"nbgrader-{COURSE}": {"users": sorted(STUDENTS)},
    f"formgrade-{COURSE}": {"users": sorted(TEACHERS)},
}

# What everybody gets: JupyterLab in their home, one thread for a kernel, an end after
# an hour without use.
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = "~"
c.Spawner.environment = {
    "EXCHANGE": str(EXCHANGE),
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")},
}
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--ServerApp.shutdown_no_activity_timeout=3600",
]

# The default spawner limits neither; jupyterhub-systemdspawner does.
c.Spawner.mem_limit = "2G"
c.Spawner.cpu_limit = 1.0

# The folder through which notebooks go out and come back: everybody may write, and
# only the teacher may list what was handed in.
EXCHANGE.mkdir(parents=True, exist_ok=True)
EXCHANGE.chmod(0o777)
