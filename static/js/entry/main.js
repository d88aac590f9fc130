// The entry page: every cell is saved as it is left. Without these files the page is one plain form.
import "./keys.js";
import "./paste.js";
import "./login.js";
import { restore } from "./saving.js";

document.querySelectorAll("[data-close]").forEach((button) => {
  button.addEventListener("click", () => { button.parentElement.hidden = true; });
});
restore();
// Marked in the save bar: the page comes back where it was left, with the focus in the bar.
const left = sessionStorage.getItem("cho-cuon");
sessionStorage.removeItem("cho-cuon");
if (left && location.hash === "#buoc-tiep") addEventListener("load", () => scrollTo(0, left));
document.querySelector(".errors[data-focus]")?.focus();
