// Saving: one request at a time, what is typed meanwhile goes with the next, what is not confirmed stays in storage.
import {
  byId, cookie, field, form, isField, login, pending, refused, seen, seenText, sending, state, unsent,
} from "./page.js";
import { mark, showRow, showStatus } from "./shown.js";

const page = form.dataset;
const box = `nhap:${page.report}:${page.user}`; // in storage: this person's unconfirmed cells of this report
const FIRST_WAIT = 2000, LONGEST_WAIT = 60000; // milliseconds between attempts while the line is down
const theirs = {}; // cells somebody else changed: their value
let via = "page", wait = FIRST_WAIT, retry = 0, batch = 0, leaving = false, afterwards = null;

export function keep() {
  const cells = [...refused, ...sending, ...pending].map(([name, text]) => [name, [text, seenText(name)]]);
  try {
    if (cells.length) localStorage.setItem(box, JSON.stringify(Object.fromEntries(cells)));
    else localStorage.removeItem(box);
  } catch { /* no storage: the cells still wait in this page */ }
}

// What was typed before and never reached the server comes back and is sent.
export function restore() {
  for (const el of form.querySelectorAll("[aria-invalid=true]")) {
    if (el.name && !("conflict" in el.dataset) && el.value !== seenText(el.name)) refused.set(el.name, el.value);
  }
  try {
    for (const [name, [text, was]] of Object.entries(JSON.parse(localStorage.getItem(box) || "{}"))) {
      const el = field(name);
      if (!isField(el) || el.value === text) continue;
      seen[name] = was; // so that a value somebody else saved meanwhile is a conflict, not overwritten
      el.value = text;
      enqueue(el);
    }
  } catch { /* unreadable storage is ignored */ }
  keep();
  showStatus();
}

export function enqueue(el, how = "page") {
  const { name, value } = el;
  const known = sending.get(name) ?? seenText(name);
  if (!name || (!pending.has(name) && !refused.has(name) && known === value)) return;
  if (how === "paste") via = "paste";
  refused.delete(name);
  pending.set(name, value);
  mark(el, state.offline ? "is-waiting" : "is-saving");
  keep();
  showStatus();
  clearTimeout(batch);
  batch = setTimeout(send, 60);
}

// The cell being typed in is saved without being left.
function commit() {
  const el = document.activeElement;
  if (isField(el) && el.value !== seenText(el.name)) enqueue(el);
}

function whenSaved(act) {
  afterwards = act;
  clearTimeout(batch);
  send();
}

export async function send() {
  if (sending.size || !pending.size || state.stopped || login.open) return;
  // refused ones go along so that their row's message stays
  for (const [name, text] of [...refused, ...pending]) sending.set(name, text);
  const body = { user: page.user, via, fields: Object.fromEntries(sending), seen: {} };
  for (const name of sending.keys()) body.seen[name] = seenText(name);
  pending.clear();
  via = "page";
  showStatus();
  await answer(() => post(page.save, JSON.stringify(body)));
  if (pending.size && !state.offline && !login.open) send();
  else if (!unsent()) {
    const act = afterwards;
    afterwards = null;
    act?.();
  }
}

function post(url, body) {
  const headers = { "X-CSRFToken": cookie("csrftoken"), Accept: "application/json" };
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  const signal = AbortSignal.timeout(30000);
  return fetch(url, { method: "POST", redirect: "manual", credentials: "same-origin", body, signal, headers });
}

const isJson = (response) => (response.headers.get("Content-Type") || "").startsWith("application/json");
const asksForLogin = (response) =>
  response.type === "opaqueredirect" || response.status === 401 || (response.status === 403 && !isJson(response));

async function answer(request) {
  let response, data;
  state.why = "";
  try {
    response = await request();
    if (asksForLogin(response)) {
      putBack();
      form.dispatchEvent(new Event("session-ended"));
      return;
    }
    if (response.status < 400 && !isJson(response)) throw new Error("not an answer of this portal");
    if (response.status === 503 && isJson(response)) state.why = (await response.json()).message;
    if (response.status >= 500) throw new Error(String(response.status));
    data = isJson(response) ? await response.json() : {
      message: `Máy chủ không nhận (mã ${response.status}). Số liệu vẫn giữ trên máy này; tải lại trang.`,
    };
  } catch {
    putBack();
    state.offline = true;
    clearTimeout(retry);
    retry = setTimeout(send, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
    showStatus();
    return;
  }
  state.offline = false;
  wait = FIRST_WAIT;
  if (response.ok) receive(data);
  else {
    putBack();
    state.stopped = data.message;
    afterwards = null;
  }
  keep();
  showStatus();
}

function putBack() {
  for (const [name, text] of sending) {
    if (!pending.has(name)) pending.set(name, text);
    mark(field(name), "is-waiting");
  }
  sending.clear();
}

function receive(data) {
  for (const [name, text] of Object.entries(data.saved)) {
    const el = field(name), typed = sending.get(name);
    seen[name] = text;
    refused.delete(name);
    delete theirs[name];
    if (!el || pending.has(name)) continue;
    if (typed === undefined || el.value === typed) el.value = text;
    mark(el, typed === undefined ? "" : "is-saved");
  }
  for (const name of Object.keys(data.refused)) refused.set(name, sending.get(name));
  for (const [name, conflict] of Object.entries(data.conflicts)) {
    refused.set(name, sending.get(name));
    theirs[name] = conflict.theirs;
  }
  sending.clear();
  state.savedAt = data.saved_at || state.savedAt;
  for (const [code, row] of Object.entries(data.rows)) showRow(code, row);
  for (const [id, html] of Object.entries(data.parts)) {
    const part = byId(id);
    if (part && !part.contains(document.activeElement)) part.innerHTML = html;
  }
}

async function zeroFill(button) {
  const body = new FormData();
  body.set("service", button.value);
  await answer(() => post(button.formAction, body));
  byId(button.value)?.querySelector("input:not([readonly])")?.focus();
}

// Somebody else changed the cell: their number or mine.
function settleConflict(event) {
  const choice = event.target.closest("[data-keep]");
  if (!choice) return;
  event.preventDefault();
  const name = choice.dataset.cell, el = field(name);
  seen[name] = theirs[name] ?? choice.dataset.theirs;
  refused.delete(name);
  if (choice.dataset.keep === "theirs") el.value = seen[name];
  pending.set(name, el.value);
  delete theirs[name];
  el.focus();
  keep();
  send();
}

function submit(event) {
  const button = event.submitter;
  commit();
  if (button?.name === "service") {
    event.preventDefault();
    if (unsent()) whenSaved(() => zeroFill(button));
    else zeroFill(button);
  } else if (unsent()) {
    event.preventDefault();
    whenSaved(() => form.requestSubmit(button));
  } else {
    field("seen").value = JSON.stringify(seen);
    leaving = true;
  }
}

form.addEventListener("change", (event) => { if (isField(event.target)) enqueue(event.target); });
form.addEventListener("click", settleConflict);
form.addEventListener("submit", submit);
addEventListener("online", () => { clearTimeout(retry); send(); });
addEventListener("offline", () => { if (unsent()) { state.offline = true; showStatus(); } });
document.addEventListener("visibilitychange", () => { if (document.hidden) commit(); });
addEventListener("beforeunload", (event) => { commit(); if (!leaving && unsent()) event.preventDefault(); });
