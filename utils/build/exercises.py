"""Write exercises/ from solutions/: `make exercises`. The same input gives the same bytes.

python utils/build/exercises.py           write what changed, remove what has no source any more
python utils/build/exercises.py --check   write nothing; fail if something would be written
"""

import argparse
import sys
from pathlib import Path

import nbformat

from unrolled.course.release import read, release

ROOT = Path(__file__).resolve().parents[2]


def sources(folder):
    """The instructor notebooks NN-name/NN-name.ipynb in `folder`. Raises ValueError for anything else in there."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if ".ipynb_checkpoints" in path.parts or path.name == ".DS_Store":
            continue
        if path != folder / path.stem / f"{path.stem}.ipynb":
            raise ValueError(
                f"{path}: a set is solutions/NN-name/NN-name.ipynb alone; nbgrader hands out whatever else is there"
            )
        found.append(path)
    return found


def student_text(path):
    """The text of the student's notebook that the instructor notebook at `path` gives."""
    notebook = read(path)
    if notebook.metadata["unrolled"]["assignment"] != path.stem:
        raise ValueError(f"{path} calls itself {notebook.metadata['unrolled']['assignment']}")
    notebook = release(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def wanted(solutions, exercises):
    """What exercises/ should hold: path to text."""
    return {
        exercises / path.relative_to(solutions): student_text(path) for path in sources(solutions)
    }


def differences(solutions, exercises):
    """What has to be done: the texts to write by path, and the notebooks to remove."""
    texts = wanted(solutions, exercises)
    write = {
        path: text
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    remove = [
        path
        for path in sorted(exercises.rglob("*.ipynb"))
        if path not in texts and ".ipynb_checkpoints" not in path.parts
    ]
    return write, remove


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if something would be written"
    )
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    parser.add_argument("--exercises", type=Path, default=ROOT / "exercises")
    options = parser.parse_args(arguments)
    write, remove = differences(options.solutions, options.exercises)
    if options.check:
        for path in [*write, *remove]:
            print(f"{path} is not what `make exercises` makes of solutions/", file=sys.stderr)
        return 1 if write or remove else 0
    for path, text in write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    for path in remove:
        path.unlink()
        print(f"removed {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
