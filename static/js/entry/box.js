// What has not reached the server stays in storage: a box for each tab, taken over by another tab once its own is gone.
import { form, isField, pending, refused, seenText, sending, unanswered } from "./page.js";

const shelf = `nhap:${form.dataset.report}:${form.dataset.user}:`; // this person's boxes of this report
const mine = shelf + Math.random().toString(36).slice(2);
const typedAt = {}; // cell: when

// A tab holds a lock of its box's name as long as it lives. Without HTTPS there are no locks: a new tab takes every box.
navigator.locks?.request(mine, () => new Promise(() => {}));

export const tabs = new BroadcastChannel(shelf);

// Keeps what was typed in `el` too, before the cell is left.
export function keep(el = document.activeElement) {
  const texts = new Map([...refused, ...sending, ...pending]);
  if (isField(el) && el.value !== seenText(el.name)) texts.set(el.name, el.value);
  const cells = [...texts].map(([name, text]) => [name, text, seenText(name), unanswered.get(name) ?? [], typedAt[name] ?? 0]);
  try {
    if (cells.length) localStorage.setItem(mine, JSON.stringify(cells));
    else localStorage.removeItem(mine);
  } catch { /* no storage: the cells still wait in this page */ }
}

export function noteTyping(el) {
  typedAt[el.name] = Date.now();
  keep(el);
}

// `take(cells)` gets what each tab that is gone left behind; a cell typed later in this tab stays as it is here.
export function takeOver(take) {
  for (const box of boxes()) {
    const open = (lock) => {
      if (!lock) return;
      take(cellsIn(box).filter(([name, , , , at]) => !(typedAt[name] > at)));
      localStorage.removeItem(box); // the cells are in this tab's box by now
    };
    if (navigator.locks) navigator.locks.request(box, { ifAvailable: true }, open);
    else open(box);
  }
}

function boxes() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(shelf) && name !== mine);
  } catch {
    return [];
  }
}

function cellsIn(box) {
  try {
    return JSON.parse(localStorage.getItem(box) || "[]");
  } catch {
    return []; // unreadable storage is ignored
  }
}
