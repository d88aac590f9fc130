// Saving: one request at a time, what is typed meanwhile goes with the next, what is not confirmed stays in storage.
import {
  byId, cookie, EDITABLE, field, form, isField, login, pending, refused, seen, seenText, sending, state, unanswered, unsent,
} from "./page.js";
import { keep, noteTyping, takeOver, tabs } from "./box.js";
import { mark, showRow, showStatus } from "./shown.js";

const page = form.dataset;
const FIRST_WAIT = 2000, LONGEST_WAIT = 60000; // milliseconds between attempts while the line is down
const LOOK_AGAIN = 1000, LOOK_OFTEN = 15000; // milliseconds until the boxes of other tabs are looked at
const theirs = {}; // cells somebody else changed: their value
const acts = []; // buttons pressed that wait until everything typed is saved
const again = byId("thu-lai");
let via = "page", wait = FIRST_WAIT, retry = null, batch = 0, busy = false, leaving = false;

// What was typed before and never reached the server, here or in a tab that is gone, comes back and is sent.
export function restore() {
  for (const el of form.querySelectorAll("[aria-invalid=true]")) {
    if (el.name && !("conflict" in el.dataset) && el.value !== seenText(el.name)) refused.set(el.name, el.value);
  }
  keep();
  showStatus();
  if (!navigator.locks) return takeOver(bringBack);
  const look = () => {
    takeOver(bringBack);
    setTimeout(() => takeOver(bringBack), LOOK_AGAIN); // a tab that closes lets go of its lock a little later
  };
  look();
  addEventListener("focus", look);
  setInterval(look, LOOK_OFTEN);
}

function bringBack(cells) {
  for (const [name, text, was, sent] of cells) {
    const el = field(name);
    if (!isField(el) || el.value === text) continue;
    seen[name] = was; // so that a value somebody else saved meanwhile is a conflict, not overwritten
    if (sent.length) unanswered.set(name, sent);
    el.value = text;
    refused.delete(name);
    pending.set(name, text);
    mark(el, state.offline ? "is-waiting" : "is-saving");
  }
  keep();
  showStatus();
  soon();
}

export function enqueue(el, how = "page") {
  const { name, value } = el;
  const known = sending.get(name) ?? seenText(name);
  if (!name || (!pending.has(name) && !refused.has(name) && known === value)) return keep();
  if (how === "paste") via = "paste";
  refused.delete(name);
  pending.set(name, value);
  mark(el, state.offline ? "is-waiting" : "is-saving");
  noteTyping(el);
  showStatus();
  soon();
}

function soon() {
  clearTimeout(batch);
  batch = setTimeout(send, 60);
}

// The cell being typed in is saved without being left.
function commit() {
  const el = document.activeElement;
  if (isField(el) && el.value !== seenText(el.name)) enqueue(el);
}

function whenSaved(act) {
  acts.push(act);
  clearTimeout(batch);
  send();
}

export async function send() {
  if (busy || state.stopped || login.open) return;
  if (pending.size) await sendCells();
  if (state.offline && unsent()) return;
  if (pending.size) return send();
  acts.shift()?.();
}

async function sendCells() {
  // refused ones go along so that their row's message stays
  for (const [name, text] of [...refused, ...pending]) sending.set(name, text);
  const body = { user: page.user, via, fields: Object.fromEntries(sending), seen: {}, unanswered: {} };
  for (const [name, text] of sending) {
    const before = unanswered.get(name) ?? [];
    body.seen[name] = seenText(name);
    if (before.length) body.unanswered[name] = before;
    if (!before.includes(text)) unanswered.set(name, [...before, text]);
  }
  pending.clear();
  via = "page";
  keep();
  showStatus();
  if (!(await answer(() => post(page.save, JSON.stringify(body))))) via = body.via;
}

// Another attempt after a while, longer each time; what is typed meanwhile tries by itself and delays nothing.
function tryLater() {
  state.offline = true;
  retry ??= setTimeout(() => {
    retry = null;
    wait = Math.min(wait * 2, LONGEST_WAIT);
    send();
  }, wait);
}

function tryNow() {
  resetWait();
  if (!unsent() && !acts.length) state.offline = false;
  showStatus();
  send();
}

function resetWait() {
  clearTimeout(retry);
  retry = null;
  wait = FIRST_WAIT;
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
  busy = true;
  try {
    response = await request();
    if (asksForLogin(response)) {
      putBack();
      form.dispatchEvent(new Event("session-ended"));
      return false;
    }
    if (response.status < 400 && !isJson(response)) throw new Error("not an answer of this portal");
    if (response.status === 503 && isJson(response)) state.why = (await response.json()).message;
    if (response.status >= 500) throw new Error(String(response.status));
    data = isJson(response) ? await response.json() : {
      message: `Máy chủ không nhận (mã ${response.status}). Số liệu vẫn giữ trên máy này; tải lại trang.`,
    };
  } catch {
    putBack();
    tryLater();
    showStatus();
    return false;
  } finally {
    busy = false;
  }
  state.offline = false;
  resetWait();
  if (response.ok) receive(data);
  else {
    putBack();
    state.stopped = data.message;
    acts.length = 0;
  }
  keep();
  showStatus();
  return true;
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
  for (const name of [...Object.keys(data.saved), ...sending.keys()]) unanswered.delete(name);
  sending.clear();
  state.savedAt = data.saved_at || state.savedAt;
  draw(data);
  if (!refused.size) tabs.postMessage(data);
  form.dispatchEvent(new Event("answered"));
}

function draw({ rows, parts }) {
  for (const [code, row] of Object.entries(rows)) showRow(code, row);
  for (const [id, html] of Object.entries(parts)) {
    const part = byId(id);
    if (part && !part.contains(document.activeElement)) part.innerHTML = html;
  }
}

// The same person saved in another tab: this one shows it too, except where something else is being typed here.
function hear(data) {
  for (const [name, text] of Object.entries(data.saved)) {
    const el = field(name), isUntouched = el?.value === seenText(name);
    seen[name] = text;
    if (isUntouched && !pending.has(name) && !sending.has(name)) el.value = text;
  }
  const hasRefused = (code) => [...refused.keys()].some((name) => name.startsWith(`${code}.`));
  draw({ parts: data.parts, rows: Object.fromEntries(Object.entries(data.rows).filter(([code]) => !hasRefused(code))) });
  keep();
}

async function zeroFill(button) {
  const body = new FormData();
  body.set("service", button.value);
  for (const el of byId(button.value).querySelectorAll(EDITABLE)) {
    if (!el.value) unanswered.set(el.name, [...(unanswered.get(el.name) ?? []), "0"]);
  }
  const isAnswered = await answer(() => post(button.formAction, body));
  byId(button.value)?.querySelector(EDITABLE)?.focus();
  if (isAnswered) send();
  else acts.unshift(() => zeroFill(button));
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
    whenSaved(() => zeroFill(button));
  } else if (unsent() || busy) {
    event.preventDefault();
    whenSaved(() => form.requestSubmit(button));
  } else if (!navigator.onLine) {
    event.preventDefault(); // the browser would put its own page in place of this one
    acts.push(() => form.requestSubmit(button));
    state.offline = true;
    showStatus();
  } else {
    field("seen").value = JSON.stringify(seen);
    if (byId("buoc-tiep").contains(button)) sessionStorage.setItem("cho-cuon", scrollY);
    leaving = true;
  }
}

form.addEventListener("change", (event) => { if (isField(event.target)) enqueue(event.target); });
form.addEventListener("input", (event) => { if (isField(event.target)) noteTyping(event.target); });
form.addEventListener("click", settleConflict);
form.addEventListener("submit", submit);
again.addEventListener("click", tryNow);
tabs.addEventListener("message", ({ data }) => hear(data));
addEventListener("online", tryNow);
addEventListener("offline", () => { if (unsent()) { state.offline = true; showStatus(); } });
document.addEventListener("visibilitychange", () => { if (document.hidden) commit(); });
addEventListener("beforeunload", (event) => { commit(); if (!leaving && (unsent() || acts.length)) event.preventDefault(); });
