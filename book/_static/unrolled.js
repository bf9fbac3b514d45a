"use strict";
// What a page needs besides the theme: keyboard access to what scrolls sideways.

const SCROLLING = {
  "div.math": "Equation, scrolls sideways",
  "span.math.wide": "Formula, scrolls sideways",
  "pre": "Code, scrolls sideways",
  ".pst-scrollable-table-container": "Table, scrolls sideways",
  "div.cell_output > .output": "Output, scrolls sideways",
};

// A formula in a line of text can't be broken: where it is wider than its column it gets a scroll bar of its own.
function markWideFormulas() {
  for (const formula of document.querySelectorAll(".bd-article span.math:not(td span, th span)")) {
    const block = formula.closest("p, li, dd, blockquote, section");
    const drawn = formula.querySelector("mjx-math"); // as wide as its content, whatever its surroundings
    if (drawn) formula.classList.toggle("wide", drawn.getBoundingClientRect().width > block.clientWidth + 1);
  }
}

function makeScrollersFocusable() {
  for (const [selector, name] of Object.entries(SCROLLING)) {
    for (const element of document.querySelectorAll(`.bd-article ${selector}`)) {
      if (element.scrollWidth > element.clientWidth + 1) {
        if (element.getAttribute("aria-label") === name) continue;
        element.tabIndex = 0;
        element.setAttribute("role", "group");
        element.setAttribute("aria-label", name);
      } else if (element.getAttribute("aria-label") === name) {
        for (const attribute of ["tabindex", "role", "aria-label"]) element.removeAttribute(attribute);
      }
    }
  }
}

// The theme's side bar folds its sections with summaries that show an icon alone.
function nameSideBarSections() {
  for (const summary of document.querySelectorAll(".bd-sidebar summary:not([aria-label])")) {
    const chapter = summary.closest("li")?.querySelector("a")?.textContent.trim();
    if (chapter) summary.setAttribute("aria-label", `Pages of ${chapter}`);
  }
}

function soon(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; work(); });
  };
}

function start() {
  const scrollers = soon(() => { markWideFormulas(); makeScrollersFocusable(); });
  const article = document.querySelector(".bd-article") ?? document.body;
  const watched = {childList: true, subtree: true, characterData: true};
  new MutationObserver(scrollers).observe(article, watched);
  let width = 0;
  new ResizeObserver(([entry]) => { // its height changes with what is done here
    if (entry.contentRect.width !== width) scrollers();
    width = entry.contentRect.width;
  }).observe(article);
  article.addEventListener("toggle", scrollers, true); // an opened answer may hold something wide
  scrollers();
  nameSideBarSections();
}

start();
