// Showing only the rows where something is missing or wrong, and how many they are, while they are typed in.
import { byId, EDITABLE, form } from "./page.js";

const links = [...document.querySelectorAll("[data-loc]")];
const types = Boolean(form.querySelector(EDITABLE)); // who types sees what is missing of theirs, others all
const isBlank = (el) => !el.value.trim();
const ROWS = {
  "": () => true,
  thieu: (tr) => (types ? [...tr.querySelectorAll(EDITABLE)].some(isBlank) : Boolean(tr.querySelector(".is-missing"))),
  loi: (tr) => tr.classList.contains("has-msg"),
};
let chosen = links.find((link) => link.getAttribute("aria-current"))?.dataset.loc ?? "";

const rows = () => [...form.querySelectorAll(".svcrow[id]")];

export function applyFilter() {
  count();
  if (!chosen) return;
  for (const tr of rows()) {
    const message = byId(`${tr.id}-tin`);
    tr.hidden = !ROWS[chosen](tr) && !tr.contains(document.activeElement);
    if (message) message.hidden = tr.hidden;
  }
}

function count() {
  const all = rows();
  for (const link of links) link.querySelector(".num").textContent = all.filter(ROWS[link.dataset.loc]).length;
}

function choose(event) {
  event.preventDefault();
  chosen = event.currentTarget.dataset.loc;
  for (const link of links) {
    if (link.dataset.loc === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (chosen) applyFilter();
  else form.querySelectorAll(".svcrow, .rowmsg").forEach((tr) => { tr.hidden = false; });
}

links.forEach((link) => link.addEventListener("click", choose));
form.addEventListener("input", count);
