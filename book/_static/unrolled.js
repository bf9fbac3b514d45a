"use strict";
// What a page needs besides the theme: keyboard access to what scrolls sideways, and names for the widgets' sliders.

const SCROLLING = {
  "div.math": "Equation, scrolls sideways",
  "span.math": "Formula, scrolls sideways",
  "pre": "Code, scrolls sideways",
  ".pst-scrollable-table-container": "Table, scrolls sideways",
  "div.cell_output > .output": "Output, scrolls sideways",
};

function makeScrollersFocusable() {
  for (const [selector, name] of Object.entries(SCROLLING)) {
    for (const element of document.querySelectorAll(`.bd-article ${selector}`)) {
      if (element.scrollWidth > element.clientWidth + 1) {
        element.tabIndex = 0;
        element.setAttribute("role", "group");
        element.setAttribute("aria-label", name);
      } else if (element.getAttribute("aria-label") === name) {
        for (const attribute of ["tabindex", "role", "aria-label"]) element.removeAttribute(attribute);
      }
    }
  }
}

function nameSliders() {
  for (const slider of document.querySelectorAll(".jupyter-widgets.widget-inline-hbox")) {
    const handle = slider.querySelector(".noUi-handle");
    if (!handle) continue;
    const label = slider.querySelector(".widget-label")?.textContent.trim();
    const readout = slider.querySelector(".widget-readout")?.textContent.trim();
    if (label && handle.getAttribute("aria-label") !== label) handle.setAttribute("aria-label", label);
    if (readout && handle.getAttribute("aria-valuetext") !== readout) handle.setAttribute("aria-valuetext", readout);
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
  const scrollers = soon(makeScrollersFocusable);
  const sliders = soon(nameSliders);
  const article = document.querySelector(".bd-article") ?? document.body;
  const watched = {childList: true, subtree: true, characterData: true};
  new MutationObserver(() => { scrollers(); sliders(); }).observe(article, watched);
  new ResizeObserver(scrollers).observe(article);
  article.addEventListener("toggle", scrollers, true); // an opened answer may hold something wide
  scrollers();
  sliders();
}

start();
