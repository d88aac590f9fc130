// What the parts of the entry page share: its elements, and for every cell what was saved, is waiting or was refused.
export const byId = (id) => document.getElementById(id);
export const form = byId("nhap");
export const login = byId("dang-nhap-lai");
export const snack = byId("tin-dan");
export const help = byId("giai-thich");

export const EDITABLE = ".cell input:not([readonly])";
export const field = (name) => form.elements[name];
export const columnOf = (el) => (el.name || "").split(".")[1];
export const isField = (el) =>
  el instanceof HTMLElement && el.form === form && el.matches(`${EDITABLE}, .reason, textarea`);

export const seen = JSON.parse(field("seen").value || "{}"); // what the server last said of each cell
export const seenText = (name) => seen[name] ?? "";
export const pending = new Map(); // typed, to be sent
export const sending = new Map(); // sent, no answer yet
export const unanswered = new Map(); // texts sent whose answer never came: the server may hold one of them
export const refused = new Map(); // answered "no": a text that is no number, or a cell somebody else changed
export const unsent = () => pending.size + sending.size;
// stopped: why saving gave up; why: what the server says of not being able to save now
export const state = { offline: false, stopped: "", why: "", savedAt: form.dataset.savedAt };

export const cookie = (name) =>
  document.cookie.split("; ").find((c) => c.startsWith(name + "="))?.slice(name.length + 1) ?? "";
