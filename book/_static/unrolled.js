"use strict";
// What a page needs besides the theme: keyboard access to what scrolls sideways.

const SCROLLING = {
  "div.math": "Equation, scrolls sideways",
  "span.math.wide": "Formula, scrolls sideways",
  "pre": "Code, scrolls sideways",
  ".pst-scrollable-table-container": "Table, scrolls sideways",
  "div.cell_output > .output": "Output, scrolls sideways",
};

const SCROLLER = Object.keys(SCROLLING).map(selector => `.bd-article ${selector}`).join(", ");
const LINE_FORMULA = "span.math:not(td span, th span)";
const BLOCK = "p, li, dd, dt, summary, h1, h2, h3, h4";

// A formula in a line of text breaks between its parts. Where a part is wider than the column it scrolls in itself.
function markIfWide(formula) {
  const width = (formula.closest(BLOCK) ?? formula.closest(".bd-article")).clientWidth;
  const parts = formula.querySelectorAll(".katex-base");
  const wide = [...parts].some(part => part.getBoundingClientRect().width > width + 1);
  if (formula.classList.toggle("wide", wide)) makeFocusableIfScrolling(formula);
}

function makeFocusableIfScrolling(element) {
  const [, name] = Object.entries(SCROLLING).find(([selector]) => element.matches(selector));
  const named = element.getAttribute("aria-label") === name;
  if (element.scrollWidth > element.clientWidth) {
    if (named) return;
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", name);
  } else if (named) {
    for (const attribute of ["tabindex", "role", "aria-label"]) element.removeAttribute(attribute);
  }
}

function nameCopyButtons() {
  for (const button of document.querySelectorAll(".copybtn")) button.setAttribute("aria-label", "Copy the code");
}

// The theme's side bar folds its sections with summaries that show an icon alone.
function nameSideBarSections() {
  for (const summary of document.querySelectorAll(".bd-sidebar summary:not([aria-label])")) {
    const chapter = summary.closest("li")?.querySelector("a")?.textContent.trim();
    if (chapter) summary.setAttribute("aria-label", `Pages of ${chapter}`);
  }
}

// What is far from the screen has no layout yet (page.css), and asking for it would make the browser do all of it.
function isLaidOut(element) {
  return element.checkVisibility?.({contentVisibilityAuto: true}) ?? true;
}

function look(block) {
  if (!isLaidOut(block.firstElementChild ?? block)) return;
  if (block.matches(SCROLLER)) makeFocusableIfScrolling(block);
  else block.querySelectorAll(LINE_FORMULA).forEach(markIfWide);
}

// Looks at what may be too wide when it is laid out, when its size changes, and when its contents do.
function watchWidths(article) {
  const sizes = new ResizeObserver(entries => entries.forEach(({target}) => look(target)));
  for (const scroller of article.querySelectorAll(SCROLLER)) sizes.observe(scroller);
  for (const formula of article.querySelectorAll(LINE_FORMULA)) sizes.observe(formula.closest(BLOCK) ?? article);
  return records => {
    for (const {target} of records) {
      const element = target instanceof Element ? target : target.parentElement;
      for (const scroller of element?.querySelectorAll(SCROLLER) ?? []) sizes.observe(scroller);
      const around = element?.closest(SCROLLER);
      if (around) look(around); // what it holds can be wider, and it as wide as before
    }
  };
}

function start() {
  const article = document.querySelector(".bd-article") ?? document.body;
  const watched = {childList: true, subtree: true, characterData: true};
  new MutationObserver(watchWidths(article)).observe(article, watched);
  nameSideBarSections();
  document.fonts.ready.then(() => article.querySelectorAll(SCROLLER).forEach(look)); // a face changes widths
  window.addEventListener("load", nameCopyButtons); // another script has made them by then
}

start();
