// Moving like in a spreadsheet; Escape takes back what was typed, F1 or ? says how a cell is filled in, Ctrl + Enter
// goes to what comes after typing. Tab stops at cells; of the "?" of the rows it stops at one, arrows go on from there.
import { byId, columnOf, EDITABLE, form, help, seenText, snack } from "./page.js";
import { enqueue } from "./saving.js";

export const shownRows = () => [...form.querySelectorAll(".svcrow")].filter((tr) => !tr.hidden);
const inputsOf = (tr) => [...tr.querySelectorAll(EDITABLE)];

// To the same column of the next row that has one, else to the same place in it.
function moveDown(el, step) {
  const rows = shownRows(), row = el.closest("tr"), place = inputsOf(row).indexOf(el);
  for (let i = rows.indexOf(row) + step; rows[i]; i += step) {
    const there = inputsOf(rows[i]);
    const next = there.find((other) => columnOf(other) === columnOf(el)) ?? there[Math.min(place, there.length - 1)];
    if (next) return next.focus();
  }
}

function moveAlong(el, step) {
  const all = shownRows().flatMap(inputsOf);
  all[all.indexOf(el) + step]?.focus();
}

// To the button that marks a section as done, from the last of them to checking and sending.
function moveOn(el) {
  const stops = [...form.querySelectorAll("[name=branch]"), document.querySelector(".savebar .btn--main")];
  stops[(stops.indexOf(el) + 1) % stops.length].focus();
}

const helps = [...form.querySelectorAll(".def summary")];
function stopAt(el) {
  for (const other of helps) other.tabIndex = other === el ? 0 : -1;
}

function moveHelp(el, step) {
  const shown = helps.filter((other) => other.checkVisibility());
  const next = shown[shown.indexOf(el) + step];
  if (!next) return;
  stopAt(next);
  next.focus();
}

function takeBack(el) {
  if (el.readOnly || el.value === seenText(el.name)) return;
  el.value = seenText(el.name);
  enqueue(el);
}

function explain(el) {
  const column = byId(`cach-ghi-${columnOf(el)}`), row = el.closest("tr").querySelector(".def")?.cloneNode(true);
  row?.querySelector("summary")?.remove();
  help.querySelector("b").textContent = el.getAttribute("aria-label");
  const texts = [column?.textContent, row?.textContent.replace(/\s+/g, " ").trim()];
  help.querySelector("p").textContent = texts.filter(Boolean).join(" ");
  help.hidden = false;
}

form.addEventListener("focusin", (event) => { if (event.target.matches(".cell input")) event.target.select(); });

form.addEventListener("keydown", (event) => {
  const el = event.target;
  if (event.key === "Escape") help.hidden = snack.hidden = true;
  const act = actOf(event, el);
  if (!act) return;
  act();
  event.preventDefault();
});

function actOf(event, el) {
  if (event.key === "Enter" && event.ctrlKey) return () => moveOn(el);
  if (helps.includes(el)) return { ArrowDown: () => moveHelp(el, 1), ArrowUp: () => moveHelp(el, -1) }[event.key];
  if (!el.matches(".cell input") || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return null;
  const { selectionStart: start, selectionEnd: end } = el, last = el.value.length;
  const isWhole = start === 0 && end === last;
  const atStart = !event.shiftKey && (isWhole || (start === 0 && end === 0)); // there the arrows leave the cell
  const atEnd = !event.shiftKey && (isWhole || (start === last && end === last));
  return {
    Enter: () => moveDown(el, event.shiftKey ? -1 : 1),
    ArrowDown: () => moveDown(el, 1),
    ArrowUp: () => moveDown(el, -1),
    ArrowLeft: atStart && (() => moveAlong(el, -1)),
    ArrowRight: atEnd && (() => moveAlong(el, 1)),
    Escape: () => takeBack(el),
    F1: () => explain(el),
    "?": () => explain(el),
  }[event.key];
}

stopAt(helps[0]);
