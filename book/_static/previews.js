"use strict";
// A link with the class has-preview shows in a card what it leads to: equation, code, work or term.
// Hover, focus or a tap opens it; it stays while either is in it; Escape or a press elsewhere ends it.

const OPEN_AFTER = 150, CLOSE_AFTER = 300; // ms: to pass by, to get there
const templates = new Map(Array.from(document.querySelectorAll("template[data-for]"), t => [t.dataset.for, t]));
const card = document.createElement("div");
let source = null, opening, closing, touch;

function linkOf(event) {
  const link = event.target.closest("a.has-preview");
  return card.contains(link) ? null : link;
}

function fill(address) {
  card.replaceChildren(templates.get(address).content.cloneNode(true));
  for (const place of card.querySelectorAll("[data-copy]")) {
    place.append(document.getElementById(place.dataset.copy).cloneNode(true));
    for (const named of place.querySelectorAll("[id]")) named.removeAttribute("id");
  }
}

function open(link) {
  if (link === source) return wait();
  close();
  source = link;
  fill(link.getAttribute("href"));
  (link.closest("pre") ?? link).after(card); // so that Tab leads into it
  card.showPopover();
  const at = link.getClientRects()[0], {offsetWidth, offsetHeight} = card;
  const x = Math.min(at.left, document.body.clientWidth - offsetWidth - 8);
  const above = at.top - offsetHeight - 6, below = at.bottom + 6;
  const y = above > 0 && below + offsetHeight > innerHeight ? above : below;
  card.style.translate = `${Math.max(8, x) + scrollX}px ${y + scrollY}px`;
}

function close() {
  wait();
  card.remove();
  source = null;
}

function wait() {
  clearTimeout(opening);
  closing = clearTimeout(closing);
}

function pointerover(event) {
  if (event.pointerType === "touch") return;
  const link = linkOf(event);
  clearTimeout(opening);
  if (link || card.contains(event.target)) wait();
  else if (!source?.matches(":focus-visible") && !card.matches(":focus-within"))
    closing ??= setTimeout(close, CLOSE_AFTER);
  if (link) opening = setTimeout(open, OPEN_AFTER, link);
}

function focusin({target, relatedTarget}) {
  if (card.contains(target) || target === source && card.contains(relatedTarget)) return;
  if (target.matches("a.has-preview:focus-visible")) open(target);
  else close();
}

function pointerdown(event) {
  touch = event.pointerType === "touch";
  if (!card.contains(event.target) && linkOf(event) !== source) close();
}

function click(event) {
  const link = linkOf(event);
  if (link && touch && event.detail && link !== source) { // a second tap goes there
    event.preventDefault();
    open(link);
  } else if (event.target.closest("a")) close();
}

function keydown({key}) {
  if (key !== "Escape") return;
  if (card.matches(":focus-within")) source.focus();
  close();
}

if (templates.size && card.showPopover) {
  Object.assign(card, {className: "preview", popover: "manual", role: "note", ariaLabel: "Preview"});
  const listen = {pointerover, focusin, pointerdown, click, keydown};
  for (const name in listen) addEventListener(name, listen[name]);
}
