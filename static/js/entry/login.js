// The session ended: log in again on this page, then everything waiting is sent.
import { cookie, form, login } from "./page.js";
import { showStatus } from "./shown.js";
import { keep } from "./box.js";
import { send } from "./saving.js";

const password = login.querySelector("input[type=password]");
const message = login.querySelector("[role=alert]");
const url = form.dataset.login;

function ask() {
  keep();
  if (!login.open) login.showModal();
  showStatus();
  password.focus();
}

function loggedIn() {
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((el) => { el.value = cookie("csrftoken"); });
  message.hidden = true;
  password.value = "";
  login.close();
  showStatus();
  send();
}

async function logIn(event) {
  event.preventDefault();
  try {
    const html = await (await fetch(url, { credentials: "same-origin" })).text();
    const blank = new DOMParser().parseFromString(html, "text/html");
    const token = blank.querySelector("form [name=csrfmiddlewaretoken]")?.value;
    if (!token) return loggedIn(); // already logged in, in another tab
    const body = new URLSearchParams(new FormData(event.target));
    body.set("csrfmiddlewaretoken", token);
    const response = await fetch(url, { method: "POST", redirect: "manual", credentials: "same-origin", body });
    if (response.type === "opaqueredirect") return loggedIn();
    message.textContent = "Mật khẩu chưa đúng. Số liệu đã nhập vẫn giữ trên máy này.";
  } catch {
    message.textContent = "Không nối được máy chủ. Số liệu đã nhập vẫn giữ trên máy này.";
  }
  message.hidden = false;
}

form.addEventListener("session-ended", ask);
login.addEventListener("submit", logIn);
login.addEventListener("close", showStatus);
login.querySelector("[data-retry]").addEventListener("click", loggedIn);
