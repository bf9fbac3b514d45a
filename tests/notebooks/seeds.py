"""Check that nothing seeds a global generator: randomness is an argument."""

import ast

from topics import python_source

NUMPY = {"np.random.seed", "numpy.random.seed", "random.seed"}
TORCH = {"torch.manual_seed", "torch.random.manual_seed", "torch.cuda.manual_seed_all"}
FORK = {"torch.random.fork_rng", "random.fork_rng", "fork_rng"}


def _called(node):
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _calls(tree, names):
    return [node for node in ast.walk(tree) if _called(node) in names]


def _forked(tree):
    """Return the calls inside `with torch.random.fork_rng():`, which leave the global state alone."""
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and any(_called(i.context_expr) in FORK for i in node.items)
    ]
    return {call for block in blocks for call in _calls(block, TORCH)}


def problems(name, source, *, package):
    """Return one sentence for each global seed in a piece of code.

    package: in the package torch may be seeded inside `fork_rng` only; in a notebook's cell
    `torch.manual_seed` may stand beside the module it initialises.
    """
    tree = ast.parse(python_source(source))
    found = [(call, "takes an rng instead") for call in _calls(tree, NUMPY)]
    if package:
        inside = _forked(tree)
        outside = [call for call in _calls(tree, TORCH) if call not in inside]
        found += [(call, "belongs into torch.random.fork_rng()") for call in outside]
    return [f"{name} line {call.lineno}: {_called(call)} {reason}" for call, reason in found]
