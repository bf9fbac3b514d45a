"""The checks of the layers' arguments, which raise ValueError with what came and what was expected."""


def check_type(params, types):
    """Raise ValueError unless the parameters have one of the types."""
    if type(params) not in types:
        raise ValueError(
            f"params is a {type(params).__name__}, expected one of {[t.__name__ for t in types]}"
        )


def check_parameters(params, blocks=1):
    """Raise ValueError unless U, W, b have so many blocks of H rows, the rest has shape (H,), and all one dtype."""
    names, shapes = ", ".join(params._fields), [leaf.shape for leaf in params]
    H = params.b.size // blocks
    rows, others = blocks * H, len(params) - 3
    if shapes != [(rows, *params.U.shape[-1:]), (rows, H), (rows,)] + [(H,)] * others:
        n = "" if blocks == 1 else blocks
        expected = [f"({n}H, D)", f"({n}H, H)", f"({n}H,)"] + ["(H,)"] * others
        raise ValueError(
            f"{names} have shapes {', '.join(map(str, shapes))}, expected {', '.join(expected)}"
        )
    if len({leaf.dtype for leaf in params}) > 1:
        dtypes = ", ".join(str(leaf.dtype) for leaf in params)
        raise ValueError(f"{names} have dtypes {dtypes}, expected one")


def check_input(params, x):
    """Raise ValueError unless x is (T, B, D) with at least one step and sequence, and of the parameters' dtype."""
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}, expected (T, B, D)")
    if x.shape[2] != params.U.shape[1]:
        raise ValueError(f"x has {x.shape[2]} features, U expects {params.U.shape[1]}")
    if 0 in x.shape[:2]:
        raise ValueError(f"x has shape {x.shape}, expected at least one step and one sequence")
    if x.dtype != params.U.dtype:
        raise ValueError(f"x is {x.dtype}, the parameters are {params.U.dtype}")


def checked(name, array, shape, dtype):
    """`array`, which must have the shape and the dtype; raises ValueError otherwise."""
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}, expected {dtype} of shape {shape}"
        )
    return array
