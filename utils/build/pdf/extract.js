// One page of the site as a part of the printed book. Run in the loaded page; returns
// {html, title, headings: [{id, level, html, text}], sheets, styles}. Identifiers become "document/identifier", and links to a page
// of the book become links inside it.
({root, document: name, documents, level}) => {
  const article = document.querySelector("article.bd-article");
  const styles = [...document.querySelectorAll("style")].filter((style) => !article.contains(style) && !style.closest("noscript"))
    .map((style) => [...style.sheet.cssRules].map((rule) => rule.cssText).join("\n"));
  const sheets = [...document.querySelectorAll("link[rel=stylesheet]")].map((link) => link.href);

  const copy = article.cloneNode(true);
  copy.querySelectorAll("script, .headerlink, .page-links, .copybtn, #jb-print-docs-body, .toctree-wrapper").forEach((part) => part.remove());
  const ours = (element) => !element.parentElement?.closest("svg"); // a drawing's identifiers are its own

  for (const element of copy.querySelectorAll("[id]")) if (ours(element)) element.id = `${name}/${element.id}`;
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers"])
    for (const element of copy.querySelectorAll(`[${attribute}]`)) if (ours(element))
      element.setAttribute(attribute, element.getAttribute(attribute).split(/\s+/).map((id) => `${name}/${id}`).join(" "));

  function insideTheBook(href) {
    const address = new URL(href, document.baseURI);
    const anchor = decodeURIComponent(address.hash.slice(1));
    address.hash = address.search = "";
    if (!address.href.startsWith(root)) return href;
    const page = address.href.slice(root.length).replace(/\.html$/, "");
    return documents.includes(page) ? `#${page}${anchor ? "/" + anchor : ""}` : null;
  }
  for (const link of copy.querySelectorAll("a[href]")) {
    const href = insideTheBook(link.getAttribute("href"));
    if (href === null) link.removeAttribute("href"); // a file of the site, which is not in the book
    else link.setAttribute("href", href);
  }
  for (const picture of copy.querySelectorAll("[src]")) picture.setAttribute("src", new URL(picture.getAttribute("src"), document.baseURI));
  for (const picture of copy.querySelectorAll("[loading]")) picture.removeAttribute("loading");

  // A formula's plain text is that of its MathML, in which the TeX it was made from is only a note.
  function plain(heading) {
    const text = heading.cloneNode(true);
    text.querySelectorAll("annotation").forEach((note) => note.remove());
    text.querySelectorAll(".math").forEach((formula) => formula.replaceWith((formula.querySelector("math") ?? formula).textContent));
    return text.textContent.replace(/\s+/g, " ").trim();
  }
  const headings = [...copy.querySelectorAll("section[id] > :is(h1, h2, h3)")].map((heading) => {
    const depth = level + Number(heading.tagName[1]) - 1, section = heading.parentElement;
    heading.id = section.id; // a section may begin on the page before the one to which its heading is pushed
    section.removeAttribute("id");
    heading.setAttribute("aria-level", Math.min(6, depth));
    return {id: heading.tagName === "H1" ? name : heading.id, level: depth, html: heading.innerHTML, text: plain(heading)};
  });
  return {html: copy.innerHTML, headings, sheets, styles};
}
