r"""Hand display equations to MathJax as they stand.

Sphinx wraps an equation that has a line break in a `split` environment, in which MathJax refuses `\tag`.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class DisplayMath(SphinxPostTransform):
    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs):
        for block in self.document.findall(nodes.math_block):
            if not block.get("nowrap"):
                block["nowrap"] = True
                block.children = [nodes.Text(rf"\[{block.astext()}\]")]


def setup(app):
    app.add_post_transform(DisplayMath)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
