// The entry page: every cell is saved as it is left. Without these files the page is one plain form.
import "./keys.js";
import "./paste.js";
import "./login.js";
import { restore } from "./saving.js";

document.querySelectorAll("[data-close]").forEach((button) => {
  button.addEventListener("click", () => { button.parentElement.hidden = true; });
});
restore();
document.querySelector(".errors[data-focus]")?.focus();
