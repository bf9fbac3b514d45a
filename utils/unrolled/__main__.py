"""`python -m unrolled`: what this machine has of what the book needs, and the command that cures what is missing."""

import sys

# An older Python can't read the modules of the report.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "error: Python {}.{} at {} is not supported; Unrolled needs 3.11, 3.12 or 3.13".format(
            *sys.version_info[:2], sys.executable
        )
    )

from unrolled.course import environment

if __name__ == "__main__":
    sys.exit(environment.main())
