// Showing only the rows where something is missing or wrong.
import { byId, form } from "./page.js";

const links = [...document.querySelectorAll("[data-loc]")];
let chosen = links.find((link) => link.getAttribute("aria-current"))?.dataset.loc ?? "";

export function applyFilter() {
  if (!chosen) return;
  const wanted = chosen === "thieu" ? ".is-missing" : ".is-problem, .is-warning";
  for (const tr of form.querySelectorAll(".svcrow")) {
    const message = byId(`${tr.id}-tin`);
    tr.hidden = !tr.querySelector(wanted) && !tr.contains(document.activeElement);
    if (message) message.hidden = tr.hidden;
  }
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
