"""Write exercises/ from solutions/: `make exercises`. The same input gives the same bytes.

python utils/build/exercises.py           write what changed, remove what has no source any more
python utils/build/exercises.py --check   write nothing; fail if something would be written

With --overlay FOLDER --seed N the graded sets of a private folder are made instead, in FOLDER/seed-N: see
`unrolled.course.overlay`. --example FOLDER writes such a folder, to begin with.
"""

import argparse
import sys
from pathlib import Path

import nbformat

import overlay_example
from unrolled.course import overlay
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


def private(path):
    """A folder for graded sets. Raises ValueError for one that would be published with the repository."""
    folder = Path(path).expanduser().resolve()
    if folder.is_relative_to(ROOT) and not folder.is_relative_to(ROOT / "grading"):
        raise ValueError(f"{folder} lies in this repository: graded sets need a place of their own")
    return folder


def graded(folder, seed, tries):
    """Build the graded sets of a private folder; try their planted answers on `tries` seeds from `seed` on."""
    if seed is None:
        raise ValueError("say SEED=n: a number that no student knows")
    built = overlay.build(folder, seed)
    update(built / "solutions", built / "exercises")
    print(f"{built}/exercises is for the students; grade with SOLUTIONS={built}/solutions")
    for tried in range(seed, seed + tries):
        for name in overlay.names(folder):
            if surprises := overlay.surprises(folder, name, tried):
                raise ValueError("\n".join(surprises))
            print(f"{name}, seed {tried}: every planted answer is judged rightly")


def update(solutions, exercises):
    """Write what changed and remove what has no source any more."""
    write, remove = differences(solutions, exercises)
    for path, text in write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    for path in remove:
        path.unlink()
        print(f"removed {path}")


def main(arguments=None):
    options = _parser().parse_args(arguments)
    if options.check:
        paths = [
            path for some in differences(options.solutions, options.exercises) for path in some
        ]
        for path in paths:
            print(f"{path} is not what `make exercises` makes of solutions/", file=sys.stderr)
        return 1 if paths else 0
    try:
        if options.example:
            overlay_example.write(private(options.example))
        elif options.overlay:
            graded(private(options.overlay), options.seed, options.tries)
        else:
            update(options.solutions, options.exercises)
    except ValueError as error:
        return str(error)
    return 0


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if something would be written"
    )
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    parser.add_argument("--exercises", type=Path, default=ROOT / "exercises")
    parser.add_argument("--overlay", help="a private folder of graded sets")
    parser.add_argument("--seed", type=int, help="what their values are drawn from")
    parser.add_argument(
        "--tries", type=int, default=0, help="try the planted answers on so many seeds"
    )
    parser.add_argument("--example", help="write a worked example of a private folder here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
