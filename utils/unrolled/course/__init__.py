"""What the course needs around its notebooks: packages a lecture asks for, releasing, grading, planted answers.

Importing `unrolled.course` needs the standard library alone. Most modules here need nbgrader and
nbclient, which only an instructor's environment has: import them by name.
"""

from unrolled.course.check import check
from unrolled.course.packages import require

__all__ = ["check", "require"]
