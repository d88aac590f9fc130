// Pasting a block of cells from a spreadsheet, with one button to undo it.
import { EDITABLE, form, snack } from "./page.js";
import { enqueue } from "./saving.js";
import { shownRows } from "./keys.js";

const withoutLastBreak = (text) => text.replace(/[\r\n]+$/, "");
const isBlock = (text) => /[\t\n\r]/.test(withoutLastBreak(text));
const linesOf = (text) => withoutLastBreak(text).split(/\r\n|\n|\r/).map((line) => line.split("\t"));

function fill(start, lines) {
  const row = start.closest("tr"), table = row.closest("table");
  const rows = shownRows().filter((tr) => tr.closest("table") === table), firstRow = rows.indexOf(row);
  const firstColumn = [...row.querySelectorAll(".cell")].indexOf(start.closest(".cell"));
  const before = []; // [input, its value]
  let skipped = 0, blank = 0;
  lines.forEach((line, i) => {
    const cells = rows[firstRow + i]?.querySelectorAll(".cell") ?? [];
    line.forEach((raw, j) => {
      const value = raw.replace(/\u00a0/g, " ").trim();
      const input = cells[firstColumn + j]?.querySelector("input:not([readonly])");
      if (value === "") blank += 1;
      else if (!input) skipped += 1;
      else {
        before.push([input, input.value]);
        input.value = value;
        enqueue(input, "paste");
      }
    });
  });
  return { before, skipped, blank };
}

function say({ before, skipped, blank }) {
  const parts = [`Đã dán ${before.length} ô`];
  if (skipped) parts.push(`bỏ qua ${skipped} ô tự tính, bị khóa hoặc nằm ngoài bảng`);
  if (blank) parts.push(`bỏ qua ${blank} ô trống`);
  snack.querySelector("span").textContent = parts.join(", ") + ".";
  snack.hidden = false;
}

form.addEventListener("paste", (event) => {
  const el = event.target, text = event.clipboardData?.getData("text/plain") ?? "";
  if (!el.matches(EDITABLE) || !isBlock(text)) return;
  event.preventDefault();
  const pasted = fill(el, linesOf(text));
  say(pasted);
  snack.querySelector("[data-undo]").onclick = () => {
    for (const [input, value] of pasted.before) {
      input.value = value;
      enqueue(input, "paste");
    }
    snack.hidden = true;
    el.focus();
  };
});
