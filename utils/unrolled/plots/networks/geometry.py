"""Outlines of nodes and the ways of arrows between them, in the units of the drawing."""

import functools

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

UNIT = 0.75  # inches a unit of length in a drawing of natural size
GAP = 0.035  # between a node's border and an arrow
CORNER = 0.14  # radius of an arrow's turn
_FINE = 1000.0  # matplotlib flattens curves to the pixel, so they are flattened enlarged


def outline(shape, at, size):
    """The Path around a node of this shape, centred at `at` (2,), `size` (2,) wide and high."""
    w, h = size[0] / 2, size[1] / 2
    if shape in ("circle", "operator"):
        path = Path.circle(radius=1.0)
        return path.transformed(Affine2D().scale(w, h).translate(*at))
    if shape in _ROUND:
        return _rounded(at, w, h, _ROUND[shape])
    corners = {
        "square": [(-w, -h), (w, -h), (w, h), (-w, h)],
        "grid": [(-w, -h), (w, -h), (w, h), (-w, h)],
        "diamond": [(0, -h), (w, 0), (0, h), (-w, 0)],
        "hexagon": [(-w, 0), (-w / 2, -h), (w / 2, -h), (w, 0), (w / 2, h), (-w / 2, h)],
        "cut": _cut(w, h, 0.45 * w),
    }[shape]
    points = np.asarray([*corners, corners[0]], float) + at
    return Path(points, closed=True)


_ROUND = {"box": 0.11, "module": 0.08, "gate": 0.08}


def rounded(low, high, radius):
    """The Path of a box with round corners."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    return _rounded((low + high) / 2, *(high - low) / 2, radius)


def lower_part(at, size, height):
    """The Path of the lower `height` of a box with round corners, `size` (2,), centred at `at` (2,)."""
    (x, y), (w, h), r = at, (size[0] / 2, size[1] / 2), _ROUND["gate"]
    top = y - h + height
    points = [
        (x - w, top), (x - w, y - h + r), (x - w, y - h), (x - w + r, y - h),
        (x + w - r, y - h), (x + w, y - h), (x + w, y - h + r), (x + w, top), (x - w, top),
    ]  # fmt: skip
    turn = [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path(points, [Path.MOVETO, *turn, *turn, Path.LINETO, Path.CLOSEPOLY])


@functools.lru_cache(maxsize=4096)
def polygon(shape, at, size):
    """The corners (n, 2) of a node's outline, its curves flattened."""
    (points,) = outline(shape, at, size).transformed(Affine2D().scale(_FINE)).to_polygons()
    points /= _FINE
    points.flags.writeable = False
    return points


def clip(points, start, end):
    """Cut a line (n, 2) to what lies between two outlines, `GAP` short of both.

    points begin inside the polygon `start` (k, 2) and end inside `end` (k, 2); either may be None.
    """
    points = np.asarray(points, float)
    if start is not None:
        points = _leave(points, start)
    if end is not None:
        points = _leave(points[::-1], end)[::-1]
    return points


def curve(start, end, bend, count=25):
    """Points (count, 2) of an arc from start to end; its middle lies `bend` / 2 of the distance to the left."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = end - start
    control = (start + end) / 2 + bend * np.array([-along[1], along[0]])
    s = np.linspace(0, 1, count)[:, None]
    return (1 - s) ** 2 * start + 2 * s * (1 - s) * control + s**2 * end


def loop(at, reach, count=25):
    """Points (count, 2) of a loop on the right of `at` (2,): out above, back below."""
    s = np.linspace(0, 1, count)[:, None]
    corners = np.asarray(at) + np.array([(0.0, 0.0), (reach, 0.75), (reach, -0.75), (0.0, 0.0)])
    weights = [(1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s**2 * (1 - s), s**3]
    return sum(weight * corner for weight, corner in zip(weights, corners))


def smooth(points, sharp=(), radius=CORNER):
    """The Path along `points` (n, 2) with round corners, but for those in `sharp`."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:]):
        if any(np.allclose(corner, other) for other in sharp):
            vertices.append(corner)
            codes.append(Path.LINETO)
            continue
        a, b = _towards(corner, before, radius), _towards(corner, after, radius)
        vertices += [a, corner, b]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*vertices, points[-1]], [*codes, Path.LINETO])


def beside(points, distance):
    """The line (n, 2) parallel to `points`, `distance` to the right of its direction."""
    directions = np.diff(points, axis=0)
    directions /= np.hypot(*directions.T)[:, None]
    right = np.column_stack([directions[:, 1], -directions[:, 0]])
    before, after = np.vstack([right[:1], right]), np.vstack([right, right[-1:]])
    middle = before + after
    return points + distance * 2 * middle / (middle**2).sum(axis=1, keepdims=True)


def last_stretch(points):
    """The last straight stretch of a line with corners; an arc, which has many points, whole."""
    return points if is_arc(points) else points[-2:]


def is_arc(points):
    """Whether a line (n, 2) is an arc, of many short pieces, and not one with corners."""
    return len(points) > 12


def passes(points, corner):
    """Whether a line (n, 2) runs through a point (2,) without turning there."""
    corner = np.asarray(corner, float)
    for a, b in zip(points[:-1], points[1:]):
        along, length = b - a, np.hypot(*(b - a))
        share = (corner - a) @ along / length**2
        off = np.hypot(*(a + share * along - corner))
        if off < 1e-9 and 0.01 < share * length < length - 0.01:
            return True
    return False


def box(points):
    """The box (left, bottom, right, top) around points (n, 2)."""
    return np.concatenate([np.min(points, axis=0), np.max(points, axis=0)])


def box_around(centre, size):
    """The box (left, bottom, right, top) of `size` (2,) around a centre (2,)."""
    half = np.asarray(size) / 2
    return np.concatenate([np.asarray(centre) - half, np.asarray(centre) + half])


def union(boxes):
    """The box around boxes."""
    boxes = np.asarray(boxes)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def at_fraction(points, fraction):
    """The point (2,) at a fraction of the length of a line (n, 2), and the direction (2,) there."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(*steps.T)
    target = fraction * lengths.sum()
    index = min(np.searchsorted(np.cumsum(lengths), target), len(lengths) - 1)
    along = steps[index] / lengths[index]
    return points[index] + (target - lengths[:index].sum()) * along, along


def length_in_box(starts, ends, box):
    """The length of segments from starts (n, 2) to ends (n, 2) within a box (left, bottom, right, top)."""
    way = ends - starts
    with np.errstate(divide="ignore", invalid="ignore"):
        at = (
            np.reshape(box, (2, 1, 2)) - starts
        ) / way  # where each segment meets the lines of the box
    still = way == 0
    outside = still & ((starts < box[:2]) | (starts > box[2:]))
    enter = np.where(still, 0.0, at.min(axis=0)).max(axis=1).clip(0, 1)
    leave = np.where(still, 1.0, at.max(axis=0)).min(axis=1).clip(0, 1)
    share = np.where(outside.any(axis=1), 0.0, (leave - enter).clip(0))
    return (share * np.hypot(*way.T)).sum()


def crossings(a, b, corners):
    """Fractions in [0, 1] at which the segment from a to b crosses the border of a polygon (k, 2), sorted."""
    p, q = corners, np.roll(corners, -1, axis=0)
    d, e = b - a, q - p
    det = d[0] * e[:, 1] - d[1] * e[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = ((p[:, 0] - a[0]) * e[:, 1] - (p[:, 1] - a[1]) * e[:, 0]) / det
        u = ((p[:, 0] - a[0]) * d[1] - (p[:, 1] - a[1]) * d[0]) / det
    return np.sort(s[(det != 0) & (s >= 0) & (s <= 1) & (u >= 0) & (u <= 1)])


def _leave(points, corners):
    """Drop what lies inside the polygon, from the line's beginning to where it first leaves."""
    for index, (a, b) in enumerate(zip(points[:-1], points[1:])):
        found = crossings(a, b, corners)
        if len(found):
            rest = np.vstack([a + found[-1] * (b - a), points[index + 1 :]])
            return _shorten(rest, GAP)
    return points


def _shorten(points, length):
    """Cut `length` off the beginning of a line (n, 2)."""
    start, _ = at_fraction(points, length / np.hypot(*np.diff(points, axis=0).T).sum())
    passed = np.cumsum(np.hypot(*np.diff(points, axis=0).T)) <= length
    return np.vstack([start, points[1:][~passed]])


def _towards(corner, other, radius):
    way = other - corner
    length = np.hypot(*way)
    return corner + way * min(radius, length / 2) / length


def _rounded(at, w, h, r):
    r = min(r, w, h)
    corners = np.array([(w, h), (-w, h), (-w, -h), (w, -h)])
    inner = corners - r * np.sign(corners)
    turns = np.array([[(1, 0), (0, 1)], [(0, 1), (-1, 0)], [(-1, 0), (0, -1)], [(0, -1), (1, 0)]])
    vertices, codes = [], []
    for middle, corner, (enter, leave) in zip(inner, corners, turns):
        vertices += [middle + r * enter, corner, middle + r * leave]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    codes[0] = Path.MOVETO
    return Path(np.array([*vertices, vertices[0]]) + at, [*codes, Path.CLOSEPOLY])


def _cut(w, h, c):
    return [
        (-w, -h + c), (-w + c, -h), (w - c, -h), (w, -h + c),
        (w, h - c), (w - c, h), (-w + c, h), (-w, h - c),
    ]  # fmt: skip
