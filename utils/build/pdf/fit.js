// Shrink the formulas that are wider than the column; return a sentence for each thing that still is.
() => {
  const unseen = "svg svg, .katex svg, .katex-mathml"; // what a formula draws beyond its edge is clipped
  const column = document.querySelector(".bd-article").getBoundingClientRect();
  const wide = (element) => {
    const parts = [element, ...element.querySelectorAll("*")].filter((part) => !part.closest(unseen));
    return Math.max(...parts.map((part) => part.getBoundingClientRect().right)) - column.right;
  };
  for (const formula of document.querySelectorAll(".bd-article .math")) {
    const over = wide(formula), left = formula.getBoundingClientRect().left;
    if (over > 1) formula.style.fontSize = `${Math.floor(100 * (column.right - left) / (column.right - left + over))}%`;
  }
  return [...document.querySelectorAll(".bd-article :is(.math, pre, table, img, svg, p, li)")]
    .filter((element) => element.checkVisibility() && !element.closest(unseen) && wide(element) > 3)
    .map((element) => `${Math.round(wide(element))} px: ${element.outerHTML.slice(0, 120)}`);
}
