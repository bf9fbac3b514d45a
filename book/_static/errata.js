"use strict";
// The filter of the errata page. Without this script the form stays hidden and every row is shown.

const filter = document.querySelector(".errata-filter");
const rows = [...document.querySelectorAll(".erratum")];
const decks = [...document.querySelectorAll("section:has(> .erratum)")];

function apply() {
  const wanted = [...new FormData(filter).values()].filter(value => value);
  for (const row of rows) row.hidden = !wanted.every(name => row.classList.contains(name));
  for (const deck of decks) deck.hidden = !deck.querySelector(".erratum:not([hidden])");
  const shown = rows.filter(row => !row.hidden).length;
  filter.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
}

// A link may lead to a row or a deck that the filter hides.
function showTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target || !target.closest(".erratum[hidden], section[hidden]")) return;
  filter.reset();
  apply();
  target.scrollIntoView();
}

filter.hidden = false;
filter.addEventListener("change", apply);
filter.addEventListener("submit", event => event.preventDefault());
filter.addEventListener("reset", () => setTimeout(apply)); // the fields are empty only after the event
addEventListener("hashchange", showTarget);
apply(); // a browser may have kept the fields of an earlier visit
showTarget();
