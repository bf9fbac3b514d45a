"""For everybody on the hub: /etc/jupyter/nbgrader_config.py, beside jupyterhub_config.py."""

import os

c = get_config()  # noqa: F821
c.Exchange.root = os.environ.get("EXCHANGE", "/srv/nbgrader/exchange")
c.CourseDirectory.course_id = "unrolled"
c.CourseDirectory.release_directory = "exercises"  # in the teacher's clone of the book
c.CourseDirectory.submitted_directory = "grading/collected"
c.CourseDirectory.db_url = "sqlite:///grading/collect.db"  # what nbgrader notes for itself
