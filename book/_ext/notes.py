"""Give each note the class of its kind: a block quote that begins with a bold word is `note-<that word>`."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class Notes(SphinxTransform):
    default_priority = 700

    def apply(self, **kwargs):
        for quote in self.document.findall(nodes.block_quote):
            first = quote[0][0] if len(quote) and len(quote[0]) else None
            if isinstance(first, nodes.strong):
                quote["classes"] += ["note", "note-" + nodes.make_id(first.astext())]


def setup(app):
    app.add_transform(Notes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
