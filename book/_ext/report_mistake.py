"""Below every page a link that opens an issue with the page's title and address filled in."""

from urllib.parse import urlencode, urljoin

BODY = "Page: {}\n\nIt says:\n\nRight is:\n"


def add_address(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: give the template the address of the new issue."""
    context["report_mistake"] = issue_address(
        app.config.html_theme_options["repository_url"],
        title_of(app.env, pagename),
        page_address(app, pagename),
    )


def issue_address(repository, title, address):
    query = urlencode({"title": f"Mistake on the page “{title}”", "body": BODY.format(address)})
    return f"{repository}/issues/new?{query}"


def title_of(env, pagename):
    """The page's title as text; a page that Sphinx makes itself, as the search, has only a name."""
    return env.titles[pagename].astext() if pagename in env.titles else pagename.capitalize()


def page_address(app, pagename):
    """Where the page is published, or its source where `_config.yml` names no address of the site."""
    if app.config.html_baseurl:
        return urljoin(app.config.html_baseurl, app.builder.get_target_uri(pagename))
    options = app.config.html_theme_options
    tree = f"{options['repository_url']}/blob/{options['repository_branch']}"
    if pagename not in app.env.all_docs:
        return pagename
    return f"{tree}/{app.env.doc2path(pagename, base=False)}"


def setup(app):
    app.connect("html-page-context", add_address)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
