"""Give each note the class of its kind: a block quote that begins with a bold word is `note-<that word>`."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class Notes(SphinxTransform):
    default_priority = 700

    def apply(self, **kwargs):
        for quote in self.document.findall(nodes.block_quote):
            words = (node for node in quote.findall(nodes.Text) if node.strip())
            first = next(words, None)
            if first is not None and isinstance(first.parent, nodes.strong):
                quote["classes"].append("note-" + nodes.make_id(first.astext()))


def setup(app):
    app.add_transform(Notes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
