// What the book changes about Sphinx's search; Sphinx copies it into the search page's language_data.js.

// Where a word is found in several pages, the lecture comes before its exercises and worked answers.
var Scorer = {
  ...Scorer,
  score: ([page, , , , score]) => score + (page.startsWith("lectures/") ? 1 : 0) - (page.startsWith("solutions/") ? 1 : 0),
};

// A work is found by the beginning of a word, not by letters in the midst of one; a single letter is a symbol.
const anywhere = Search.performObjectSearch;
Search.performObjectSearch = (term, terms) => {
  if (term.length < 2) return [];
  return anywhere(term, terms).filter(([, name]) => splitQuery(name.toLowerCase()).some(word => word.startsWith(term)));
};

// What a result quotes: the text and not what stands around it, a formula once, as it is drawn, and of a glossary's
// term also its definition.
const NOT_QUOTED = "#jb-print-docs-body, .bd-header-article, .bd-sidebar-secondary, footer, .katex-mathml";
const quoted = Search.htmlToText;
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const other of page.querySelectorAll(NOT_QUOTED)) other.remove();
  for (const term of page.querySelectorAll("dt[id]")) {
    let definition = term.nextElementSibling;
    while (definition?.tagName === "DT") definition = definition.nextElementSibling;
    if (definition) term.append(`: ${definition.textContent.trim()}`);
  }
  return quoted(page.documentElement.outerHTML, anchor);
};

// A page that was opened as a file may not read other pages to quote from them.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
