// What the page shows of saving: the sign in every cell, the status line at the bottom, the messages under a row.
import { byId, field, form, login, pending, refused, sending, state, unsent } from "./page.js";
import { applyFilter } from "./filter.js";

const ICONS = {
  "is-saving": "spin",
  "is-saved": "check",
  "is-problem": "x",
  "is-warning": "warn",
  "is-missing": "blank",
  "is-waiting": "clock",
};
const icon = (name) => `<svg class="i" aria-hidden="true"><use href="${form.dataset.icons}#i-${name}"></use></svg>`;

export function mark(el, look) {
  const cell = el && el.closest(".cell");
  if (!cell) return;
  cell.classList.remove(...Object.keys(ICONS));
  cell.querySelector(":scope > .i")?.remove();
  if (look) {
    cell.classList.add(look);
    cell.insertAdjacentHTML("afterbegin", icon(ICONS[look]));
  }
  if (!el.matches("input")) return;
  if (look === "is-problem") el.setAttribute("aria-invalid", "true");
  else el.removeAttribute("aria-invalid");
}

// Read aloud: one message for what came of a save, with the errors that are new; the line at the bottom changes too often.
const tidy = (el) => el.textContent.replace(/\s+/g, " ").trim();
const errors = () => [...document.querySelectorAll("#chung .notice span:first-child, .rowmsg .notice span:first-child")].map(tidy);
let told = tidy(byId("trang-thai")), isSaving = false, known = errors();

function tell(look, sign, text) {
  const isNews = text !== told || (isSaving && look !== "t-warn"); // the same minute, another save
  isSaving = sign === "spin";
  if (isSaving || !isNews) return;
  const found = errors(), line = byId("doc-to"), before = line.textContent;
  const words = [text.replace(/\.?$/, "."), ...new Set(found.filter((error) => !known.includes(error)))].join(" ");
  [told, known] = [text, found];
  line.textContent = words === before ? `${words}\u00a0` : words; // the same words again are read only if they differ
}

export function showStatus() {
  const [look, sign, text] = status();
  tell(look, sign, text);
  const line = byId("trang-thai");
  line.className = look;
  line.innerHTML = icon(sign) + " ";
  line.append(text);
  const again = byId("thu-lai"), hadFocus = document.activeElement === again;
  again.hidden = !state.offline || Boolean(state.stopped) || login.open;
  line.tabIndex = -1;
  if (again.hidden && hadFocus) line.focus(); // where what became of it stands
}

function status() {
  const { savedAt } = state, saved = savedAt ? `Đã lưu ${savedAt}` : "Chưa lưu ô nào", cells = `${unsent()} ô`;
  const here = `${cells} chưa gửi, vẫn giữ trên máy này.`;
  const far = `${cells} chưa gửi về máy chủ, vẫn giữ trên máy này. Đừng đóng trang.`;
  if (state.stopped) return ["t-bad", "x", state.stopped];
  if (login.open) return ["t-warn", "lock", `Phiên làm việc đã hết hạn. ${here}`];
  if (state.offline && sending.size) return ["t-warn", "spin", `Mất kết nối, đang thử lại. ${far}`];
  if (state.offline) return ["t-warn", "warn", `${state.why || "Mất kết nối."} ${unsent() ? far : "Việc vừa bấm được làm khi có mạng lại."}`];
  if (unsent()) return ["t-info", "spin", `${savedAt ? saved + " · " : ""}đang lưu ${cells}`];
  if (refused.size) return ["t-bad", "x", `${saved} · ${refused.size} ô chưa lưu được`];
  return ["t-ok", savedAt ? "check" : "blank", saved];
}

export function showRow(code, row) {
  const tr = byId(code);
  if (!tr) return;
  for (const [id, text] of Object.entries(row.derived)) {
    const output = byId(id);
    if (output) output.textContent = text;
  }
  for (const el of tr.querySelectorAll(".cell input:not([readonly]), .cell output")) {
    const look = row.states[el.id];
    if (row.described[el.id]) el.setAttribute("aria-describedby", row.described[el.id]);
    if (pending.has(el.name)) continue;
    if (look) mark(el, look);
    else if (!el.closest(".is-saved")) mark(el, "");
  }
  const zero = tr.querySelector(".zero[name=service]");
  if (zero) zero.hidden = !row.missing;
  showMessages(tr, row.messages);
  applyFilter();
}

// The line under a row is drawn by the server; a reason being typed in it keeps its text and the cursor.
function showMessages(tr, html) {
  const old = byId(`${tr.id}-tin`);
  if (old && old.outerHTML === html) return;
  const active = old?.contains(document.activeElement) ? document.activeElement : null;
  const typed = active?.name && { name: active.name, text: active.value, caret: active.selectionStart };
  old?.remove();
  tr.classList.toggle("has-msg", Boolean(html));
  if (html) tr.insertAdjacentHTML("afterend", html);
  const again = typed && field(typed.name);
  if (!again) return;
  again.value = typed.text;
  again.focus();
  again.setSelectionRange?.(typed.caret, typed.caret);
}
