"""Matplotlib figures as frames of one drawing: what several of them draw is stored once.

A frame is a list of numbers of parts; a part is a piece of SVG, such as a line or a label. Letters, markers and
clip paths that more than one frame uses are defined once, outside the frames.
"""

import hashlib
import io
import re
from collections import Counter
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt

from unrolled.plots.style import STYLE, SVG_METADATA

DECIMALS = 2  # of a coordinate in points: a hundredth of a pixel is more than a screen shows
PIXELS = 96 / 72  # CSS pixels in a point

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_INHERITED = (
    'stroke-linejoin="round" stroke-linecap="butt"'  # what matplotlib says in a style sheet
)
_COORDINATES = {"d", "x", "y", "width", "height", "points"}
_LONG_NUMBER = re.compile(r"-?\d+\.\d{%d,}" % (DECIMALS + 1))
_TRANSLATION = re.compile(r"translate\([^)]*\)")
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+")


class Frames(NamedTuple):
    """The frames of one drawing.

    name    an id that other frames don't have; ids inside begin with it
    size    width and height in CSS pixels
    shared  SVG of what more than one frame refers to
    parts   pieces of SVG
    frames  for each frame the numbers of its parts, in the order in which they are painted
    """

    name: str
    size: tuple[float, float]
    shared: str
    parts: list[str]
    frames: list[list[int]]

    def svg(self, index):
        """The drawing as it stands on the page, with frame `index` in its group."""
        width, height = (side / PIXELS for side in self.size)
        content = "".join(self.parts[number] for number in self.frames[index])
        return (
            f'<svg viewBox="0 0 {width:g} {height:g}" {_INHERITED} aria-hidden="true">'
            f"<defs>{self.shared}</defs><g>{content}</g></svg>"
        )


def svg_text(figure):
    """The figure, which is closed, as matplotlib writes it in SVG. Raises TypeError if it is no Figure."""
    if not hasattr(figure, "savefig"):
        raise TypeError(f"got {type(figure).__name__}, expected a matplotlib Figure")
    buffer = io.StringIO()
    with mpl.rc_context({key: STYLE[key] for key in ("svg.hashsalt", "svg.fonttype")}):
        figure.savefig(buffer, format="svg", metadata=SVG_METADATA)
    plt.close(figure)
    return buffer.getvalue()


def together(texts):
    """The Frames of several SVG texts by matplotlib. Raises ValueError if they differ in size."""
    trees = [_bare(ElementTree.fromstring(text)) for text in texts]
    size, *others = dict.fromkeys(_size(tree) for tree in trees)
    if others:
        raise ValueError(
            f"the figures must have one size, got {size[0]:g} x {size[1]:g} and "
            f"{others[0][0]:g} x {others[0][1]:g} pixels"
        )
    name = "uw-" + hashlib.sha256("".join(texts).encode()).hexdigest()[:10]
    defined = [_take_definitions(tree) for tree in trees]
    uses = Counter(c for definitions in defined for c in dict.fromkeys(definitions.values()))
    names = {content: f"{name}-{number}" for number, content in enumerate(uses)}
    numbers, frames = {}, []
    for tree, definitions in zip(trees, defined):
        _rename(tree, {old: names[content] for old, content in definitions.items()})
        own = [_named(c, names[c]) for c in dict.fromkeys(definitions.values()) if uses[c] == 1]
        pieces = [f"<defs>{''.join(own)}</defs>"] if own else []
        pieces += [_text(child) for child in _flat(tree)]
        frames.append([numbers.setdefault(piece, len(numbers)) for piece in pieces])
    shared = "".join(_named(content, names[content]) for content in uses if uses[content] > 1)
    return Frames(name, size, shared, list(numbers), frames)


def _bare(tree):
    """The tree without namespaces, metadata, idle ids and digits that nobody sees."""
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag in (_SVG + "metadata", _SVG + "style"):
                parent.remove(child)
    for element in tree.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.text = element.tail = None
        if _LINK in element.attrib:
            element.set("href", element.attrib.pop(_LINK))
        for name, value in element.attrib.items():
            element.set(name, _short(name, value))
    wanted = _references(tree)
    for element in tree.iter():
        if element.get("id") not in wanted:
            element.attrib.pop("id", None)
    return tree


def _short(name, value):
    if name == "style":
        return re.sub(r"\s*([:;])\s*", r"\1", value).strip(";")
    if name == "transform":
        return _TRANSLATION.sub(lambda found: _rounded(found[0]), value).strip()
    if name in _COORDINATES:
        return re.sub(r"\s*([A-Za-z]|\s)\s*", r"\1", _rounded(value)).strip()
    return value


def _rounded(text):
    return _LONG_NUMBER.sub(lambda number: f"{round(float(number[0]), DECIMALS) + 0.0:g}", text)


def _size(tree):
    _, _, width, height = map(float, tree.get("viewBox").split())
    return round(width * PIXELS, 2), round(height * PIXELS, 2)


def _references(tree):
    found = {element.get("href", "").removeprefix("#") for element in tree.iter()}
    values = (value for element in tree.iter() for value in element.attrib.values())
    return found.union(*map(_REFERENCE.findall, values))


def _take_definitions(tree):
    """Take the definitions out of the tree; return {id: content without the id}."""
    taken = {}
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag == "defs":
                parent.remove(child)
                for element in child:
                    name = element.attrib.pop("id", None)
                    if name is not None:
                        taken[name] = _text(element)
    return taken


def _rename(tree, names):
    for element in tree.iter():
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):  # others are images
                element.set(key, "#" + names[value[1:]])
            else:
                element.set(key, _REFERENCE.sub(lambda found: names[found[0]], value))


def _flat(group):
    """The children of a group, those of groups without attributes in their place."""
    for child in group:
        if child.tag == "g" and not child.attrib:
            yield from _flat(child)
        else:
            children = list(_flat(child))
            child[:] = children
            if child.tag != "g" or children:
                yield child


def _text(element):
    """The element as text; single quotes, because JSON and a notebook would escape double ones."""
    text = ElementTree.tostring(element, encoding="unicode").replace(" />", "/>")
    return re.sub(r"=\"([^\"']*)\"", r"='\1'", text)


def _named(content, name):
    return re.sub(r"^<\w+", rf"\g<0> id='{name}'", content)
