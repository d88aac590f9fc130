// Pasting a block of cells: where each figure goes is shown first, then it is written, and one act takes it all back.
import { byId, EDITABLE, form, refused, snack } from "./page.js";
import { enqueue } from "./saving.js";
import { readTables } from "./block.js";
import { isBlank, match, readCount } from "./match.js";

const dialog = byId("xem-truoc-dan");
const guide = JSON.parse(dialog.dataset.guide); // columns and rows in official order, what they are called, what locks them
const rowOf = Object.fromEntries(guide.rows.map((row) => [row.code, row]));
const shown = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ".");
const part = (name) => dialog.querySelector(`[data-part=${name}]`);
let preview = null; // { start, writes, refusals, blank } while the dialog is open
let last = null; // the paste that can be taken back: { start, cells: [input, before, after], isTypedSince, found }

function readPaste(data, start) {
  const tables = readTables(data.getData("text/html"), data.getData("text/plain"));
  const cells = tables.flat(2);
  if (cells.length < 2 && !/["\n]/.test(data.getData("text/plain").trim())) return null; // one cell: as typed
  const [code, column] = start.name.split(".");
  const isHidden = (other) => byId(other)?.hidden;
  const { figures, refused, notes } = match(tables, guide, { code, column }, isHidden);
  const found = { start, writes: [], refusals: new Map(), blank: 0, same: 0, notes };
  const refuse = (why, where, count) => {
    const known = found.refusals.get(why) ?? { count: 0, places: new Set() };
    known.count += count;
    if (where) known.places.add(where);
    found.refusals.set(why, known);
  };
  for (const { why, where, count } of refused) refuse(why, where, count);
  for (const figure of figures) judge(figure, found, refuse);
  if (!found.writes.length && !refused.length && !found.refusals.size && !found.same) refuse("Khối không có số nào.", "", 0);
  return found;
}

function judge({ code, column, text }, found, refuse) {
  const row = rowOf[code], { label, locked } = guide.tables[row.table].columns.find(({ name }) => name === column);
  const input = byId(`${code}-${column}`), where = `${code}, ${label[0].toLowerCase()}${label.slice(1)}`;
  if (isBlank(text)) found.blank += 1;
  else if (!input) refuse("Dòng này không có ô ở cột này.", where, 1);
  else if (!input.matches(EDITABLE)) refuse(row.locked || locked, row.locked ? code : label, 1);
  else {
    const { value, error } = readCount(text, guide.counts);
    if (error) refuse(error, where, 1);
    else if (readCount(input.value, guide.counts).value === value) found.same += 1;
    else found.writes.push({ input, row, label, text: shown(value) });
  }
}

const refusedCells = ({ refusals }) => [...refusals.values()].reduce((sum, { count }) => sum + count, 0);

function show(found) {
  const { writes, refusals, blank, same, notes } = found, no = refusedCells(found);
  part("title").textContent =
    (writes.length ? `Dán ${writes.length} ô` : "Không có ô nào để ghi") + (no ? `, ${no} ô không dán được` : "");
  const asides = [...notes];
  if (same) asides.push(`${same} ô đã có đúng số này.`);
  if (blank) asides.push(`${blank} ô trống bỏ qua.`);
  part("notes").replaceChildren(...asides.map((text) => made("li", text)));
  part("refused").replaceChildren(...[...refusals].map(([why, { count, places }]) => {
    const li = made("li");
    if (count) li.append(made("b", `${count} ô`), ": ");
    li.append(why);
    if (places.size) li.append(made("span", [...places].slice(0, 12).join("; ") + (places.size > 12 ? "; …" : "")));
    return li;
  }));
  part("refused-box").hidden = !refusals.size;
  part("table").hidden = !writes.length;
  part("rows").replaceChildren(...writes.flatMap(({ input, row, label, text }, i) => {
    const tr = made("tr"), heading = made("th", label);
    heading.scope = "row";
    tr.append(heading, made("td", input.value || "trống"), made("td", text));
    if (writes[i - 1]?.row === row) return [tr];
    const group = made("tr"), name = made("th", `${row.code} ${row.name}`);
    Object.assign(group, { className: "group" });
    Object.assign(name, { colSpan: 3, scope: "rowgroup" });
    group.append(name);
    return [group, tr];
  }));
  part("write").textContent = `Ghi ${writes.length} ô`;
  part("write").hidden = !writes.length;
  part("drop").textContent = writes.length ? "Bỏ" : "Đóng";
  preview = found;
  dialog.returnValue = "";
  dialog.showModal();
  part(writes.length ? "title" : "drop").focus(); // not the write button: Enter is pressed all day, and this is to be read
  part("body").scrollTop = 0;
}

function made(tag, text = "") {
  const el = document.createElement(tag);
  el.textContent = text;
  return el;
}

function write(found) {
  last = { start: found.start, cells: [], isTypedSince: false, found };
  for (const { input, text } of found.writes) {
    last.cells.push([input, input.value, text]);
    input.value = text;
    enqueue(input, "paste");
  }
  say(found);
  snack.hidden = false;
}

// Cells that the server did not take are pasted in vain too.
function say(found) {
  const inVain = found.writes.filter(({ input }) => refused.has(input.name)).length;
  const no = refusedCells(found) + inVain, said = [`Đã dán ${found.writes.length - inVain} ô`];
  if (no) said.push(`không dán ${no} ô`);
  if (found.blank) said.push(`bỏ qua ${found.blank} ô trống`);
  snack.querySelector("span").textContent = `${said.join(", ")}.`;
}

// Every cell that still holds what was pasted gets back what it held; a figure typed since stays.
function takeBack() {
  const { start, cells } = last;
  last = null;
  for (const [input, before, after] of cells) {
    if (input.value !== after) continue;
    input.value = before;
    enqueue(input, "paste");
  }
  snack.hidden = true;
  start.focus();
}

form.addEventListener("paste", (event) => {
  const el = event.target;
  if (!el.matches(EDITABLE) || !event.clipboardData) return;
  const found = readPaste(event.clipboardData, el);
  if (!found) return;
  event.preventDefault();
  show(found);
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "write") write(preview);
  preview = null;
});
snack.querySelector("[data-undo]").addEventListener("click", () => { if (last) takeBack(); });
form.addEventListener("answered", () => { if (last && !snack.hidden) say(last.found); });
form.addEventListener("input", () => { if (last) last.isTypedSince = true; });
document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!isUndo || !last || last.isTypedSince || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  takeBack();
});
