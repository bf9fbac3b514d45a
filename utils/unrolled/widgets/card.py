"""The card on which every widget stands: one piece of HTML that brings its own style and script."""

import json
from functools import cache
from html import escape
from pathlib import Path


class Card:
    """A widget as Jupyter shows it: HTML on a page, a short text elsewhere."""

    def __init__(self, title, page):
        self._title, self._html = title, page

    def __repr__(self):
        return self._title

    def _repr_html_(self):
        return self._html


def page(form, name, pieces, size, script):
    """The HTML of a widget.

    form    film, plane, player or inspector
    name    its id on the page
    pieces  HTML from top to bottom
    size    width and height of the picture in CSS pixels
    script  file name of the script that moves it
    """
    body = "\n".join(pieces)
    width, height = size
    return (
        f'<div class="unrolled-widget" data-form="{form}" id="{name}" data-prevent-swipe '  # of slides, by reveal.js
        f'style="--uw-width:{width:.0f}px;--uw-ratio:{width / height:.4f}">\n'
        f"<style>\n{_asset('widget.css')}</style>\n{body}\n<script>\n{_asset(script)}</script>\n</div>"
    )


def stage(picture, alt, over=""):
    """The picture with its text alternative, and what lies over it."""
    return (
        '<div class="uw-screen"><div class="uw-stage">'
        f'<div class="uw-picture" role="img" aria-label="{escape(alt)}">{picture}</div>{over}</div></div>'
    )


def bar(controls, still):
    """The controls; until the script runs, the sentence `still` stands in their place."""
    return (
        f'<div class="uw-bar"><p class="uw-still">{still}</p>'
        f'<div class="uw-controls">{controls}</div></div>'
    )


def choices(pieces, chosen):
    """Pieces of HTML in one place, of which one is seen; the place is as high as the highest."""
    shown = (
        f"<div{' class=on' if number == chosen else ''}>{piece}</div>"
        for number, piece in enumerate(pieces)
    )
    return f'<div class="uw-choices">{"".join(shown)}</div>'


def said(text):
    """What a screen reader hears after a change; where scripts and styles are cut out it is text to read."""
    return f'<p class="uw-said" aria-live="polite">{escape(text)}</p>'


def note(text):
    """A remark below the picture."""
    return f'<p class="uw-note">{escape(text)}</p>'


def data(content):
    """Content for the script, as inert text."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f'<script type="application/json">{text}</script>'


def plain(text, what):
    """The text, which must say something and hold no TeX, which nothing would typeset. Raises ValueError."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{what}: expected a text that says what is seen, got {text!r}")
    if "$" in text:
        raise ValueError(f"{what} is not typeset: write Unicode instead of TeX, got {text!r}")
    return text


@cache
def _asset(name):
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return "".join(line.strip() + "\n" for line in lines if line.strip())
