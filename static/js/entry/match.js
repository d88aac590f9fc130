// Which cell of the report each figure of a copied block belongs to: rows by code or name, columns by heading, and by
// their place only where the block has neither. What is not certain is refused with its reason. Knows nothing of the page.

const BLANKS = ["", "-", "–", "—"]; // they say nothing, which is not 0
const TOTALS = ["cong", "tong", "tong so", "tong cong"];

export const fold = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/[^a-z0-9_]+/g, " ").trim();
export const isBlank = (text) => BLANKS.includes(text.trim());

// A typed count, read as the server reads it: { value } or { error }.
export function readCount(text, { pattern, largest, no_count: noCount, too_large: tooLarge }) {
  const typed = text.replace(/\s/g, "");
  if (!new RegExp(`^(?:${pattern})$`).test(typed)) return { error: noCount.replace("{}", text.slice(0, 40)) };
  const value = Number(typed.replaceAll(".", ""));
  return value > largest ? { error: tooLarge.replace("{}", typed.slice(0, 40)) } : { value };
}

// `start`: { code, column } of the cell pasted into; `isHidden(code)`: does a filter hide this row?
// Gives { figures: [{ code, column, text }], refused: [{ why, where, count }], notes: [sentence] }.
export function match(tables, guide, start, isHidden) {
  const names = namesOf(guide), words = headsOf(guide);
  const isCount = (text) => "value" in readCount(text, guide.counts);
  const found = { figures: [], refused: [], notes: [] };
  const refuse = (why, where, count) => found.refused.push({ why, where, count });
  const saysSomething = (lines) => lines.some((line) => line.counts || line.code);
  const parts = tables.map((rows) => readRows(rows, names, words, isCount)).filter(saysSomething);
  const lines = parts.flat();
  if (!lines.length) return found;
  const refuseAll = (why) => {
    refuse(why, "", lines.reduce((sum, line) => sum + line.counts, 0));
    return found;
  };

  const isLabelled = lines.some((line) => line.code);
  if (!isLabelled && parts.length > 1) return refuseAll("Khối có nhiều bảng mà không có mã, tên dòng nào nhận ra được.");
  const placed = isLabelled ? byLabel(lines, refuse) : byPlace(lines, guide, start, isHidden, refuse);
  if (typeof placed === "string") return refuseAll(placed);

  const here = tableOf(guide, start.code);
  const plain = lines.filter((line) => !line.heads && (line.code || !isLabelled)); // rows no heading stands above
  const columns = plain.some(hasCounts) ? columnsByPlace(plain, guide.tables[here].columns, start.column, isCount) : null;
  if (typeof columns === "string") return refuseAll(columns);
  if (columns) {
    const labels = columns.names.map((name) => guide.tables[here].columns.find((column) => column.name === name).label);
    const named = labels.map((label) => `“${label}”`);
    const all = named.length > 1 && named.length < guide.tables[here].columns.length ? `. Các cột lần lượt là ${named.join(", ")}` : "";
    found.notes.push(`Khối không có dòng tiêu đề: cột xếp theo vị trí, bắt đầu từ ${named[0]}${all}.`);
  }
  if (!isLabelled) found.notes.push("Khối không có mã, tên dòng: dòng xếp theo vị trí, bắt đầu từ ô đã chọn.");

  const strange = new Map(); // heading of a column the report has not -> figures in it
  for (const { line, code } of placed) {
    const table = tableOf(guide, code);
    if (!line.heads && table !== here) {
      refuse("Dòng này ở bảng khác và khối không có dòng tiêu đề. Sao chép cả dòng tiêu đề.", code, line.counts);
      continue;
    }
    line.cells.forEach(({ text, covered }, x) => {
      if (covered) return;
      const column = line.heads ? line.heads[table][x] : columns.names[x - columns.from];
      if (column) found.figures.push({ code, column, text });
      else if (line.heads && x > line.labelAt && /^[\d.,\s]+%?$/.test(text)) {
        const heading = line.heads.texts[x] || "không có tiêu đề";
        strange.set(heading, (strange.get(heading) ?? 0) + 1);
      }
    });
  }
  for (const [heading, count] of strange) refuse("Không có cột nhập nào ứng với tiêu đề này.", heading, count);
  return found;
}

const hasCounts = (line) => line.counts > 0;
const tableOf = (guide, code) => guide.rows.find((row) => row.code === code).table;

function namesOf(guide) {
  const names = new Map(); // folded code or name -> code
  for (const { code, names: texts } of guide.rows) {
    for (const text of new Set([code, ...texts].map(fold))) names.set(text, names.has(text) ? null : code); // null: of two
  }
  return names;
}

// What headings mean, by table: headings from top to bottom, folded -> column; and every word that makes a row a heading.
function headsOf(guide) {
  const paths = {}, known = new Set();
  for (const [table, { columns }] of Object.entries(guide.tables)) {
    paths[table] = new Map();
    for (const { name, heads } of columns) {
      for (const path of heads) {
        paths[table].set(path.map(fold).join("|"), name);
        path.forEach((text) => known.add(fold(text)));
      }
    }
  }
  return { paths, known };
}

// Rows that may hold figures, each with the headings above it; headings, titles, sums and numbered rows are none.
function readRows(rows, names, words, isCount) {
  const lines = [];
  let heads = null, run = [];
  for (const cells of rows) {
    const counts = cells.filter((cell) => !cell.covered && isCount(cell.text)).length;
    const label = labelOf(cells, names);
    if (!label.code && !label.error && !counts && cells.some((cell) => words.known.has(fold(cell.text)))) {
      run.push(cells);
      continue;
    }
    if (run.length) {
      heads = columnsByHead(run, words.paths, heads);
    }
    run = [];
    const first = fold(cells.find((cell) => cell.text && !cell.covered && !isCount(cell.text))?.text ?? "");
    if (!label.code && TOTALS.includes(first)) continue;
    if (isNumbered(cells)) continue;
    const isSpanned = cells.length > 1 && cells.slice(1).every((cell) => cell.covered);
    lines.push({ cells, counts, heads, isSpanned, ...label });
  }
  // In a table with headings only titles and the keys of unit and month stand above the first of them.
  const from = lines.findIndex((line) => line.heads);
  for (const line of lines.slice(0, from < 0 ? 0 : from)) {
    if (line.code) Object.assign(line, { code: "", error: "Dòng này đứng trên dòng tiêu đề." });
  }
  return from < 0 ? lines : lines.filter((line) => line.heads || line.error);
}

// { code, labelAt, error }: the row's code or name, wherever it stands; labelAt: the last cell that names it.
function labelOf(cells, names) {
  let code = "", labelAt = -1, error = "";
  cells.forEach(({ text, covered }, x) => {
    if (covered || !text) return;
    const folded = fold(text);
    const named = names.get(folded.split(" ")[0]) ?? names.get(folded.replace(/^\d+ /, ""));
    if (!named) return;
    if (code && named !== code) error = "Dòng này có hai mã hoặc tên khác nhau.";
    code = named;
    labelAt = x;
  });
  return error ? { code: "", labelAt, error } : { code, labelAt, error };
}

// The row of official forms that numbers the columns: 'A', 'B', '1', '2', …, '9=1+2+3+4 −5−6−7−8−10', '10'.
function isNumbered(cells) {
  const texts = cells.filter((cell) => cell.text && !cell.covered).map((cell) => cell.text);
  const numbers = texts.filter((text) => !/^[A-Z]$/.test(text)).map((text) => Number(/^\(?(\d+)\)?\s*(?:[=:].*)?$/.exec(text)?.[1]));
  const follow = numbers.length > 1 && numbers.every((number, i) => !i || number === numbers[i - 1] + 1);
  return follow && texts.some((text) => /^[A-Z]$|=/.test(text));
}

// Column of each place by the headings above it, for each table; `texts`: the headings themselves. A heading that
// stands over two places says nothing of either.
function columnsByHead(run, paths, before) {
  const width = Math.max(...run.map((cells) => cells.length)), heads = { texts: [] };
  for (const table of Object.keys(paths)) heads[table] = [];
  const group = []; // of each row, what goes on to the right: plain text knows no merged cells
  for (let x = 0; x < width; x += 1) {
    const path = [];
    run.forEach((cells, y) => {
      const isOver = run.slice(y + 1).some((below) => below[x]?.text);
      group[y] = cells[x]?.text || (isOver ? group[y] : "") || "";
      if (group[y] && fold(group[y]) !== fold(path.at(-1) ?? "")) path.push(group[y]);
    });
    heads.texts[x] = path.join(", ") || before?.texts[x]; // the hidden row of the form names only some
    for (const [table, columns] of Object.entries(paths)) heads[table][x] = columns.get(path.map(fold).join("|"));
  }
  for (const table of Object.keys(paths)) {
    const columns = heads[table];
    heads[table] = columns.map((name) => (columns.indexOf(name) === columns.lastIndexOf(name) ? name : undefined));
  }
  return heads;
}

// Once one row has a code or name, no other is placed by where it stands.
function byLabel(lines, refuse) {
  const times = new Map();
  for (const { code } of lines) times.set(code, (times.get(code) ?? 0) + 1);
  return lines.flatMap((line) => {
    const { code, counts, error } = line;
    if (code && times.get(code) === 1) return [{ line, code }];
    const text = line.cells.filter((cell) => !cell.covered && /\p{L}/u.test(cell.text)).map((cell) => cell.text).join(" ");
    const why = error || (code ? "Mã hoặc tên này có ở nhiều dòng của khối." : "Không nhận ra mã hoặc tên dòng trong báo cáo này.");
    if (counts) refuse(why, text || line.cells.map((cell) => cell.text).join(" ").trim(), counts);
    return [];
  });
}

// Rows from the cell pasted into downwards, blank lines counted, and only as far as every table of the portal agrees on
// the order of the rows: sections and groups stand in different orders on the page, in the form and in the summary.
// Under a filter the copied rows may be all of them or those seen: both are likely, so neither is taken.
function byPlace(lines, guide, start, isHidden, refuse) {
  const from = lines.findIndex((line) => !line.isSpanned), used = from < 0 ? [] : lines.slice(from);
  const run = guide.rows.find((row) => row.code === start.code).run;
  const codes = guide.rows.filter((row) => row.run === run).map((row) => row.code);
  const first = codes.indexOf(start.code), end = used.findIndex((line) => line.isSpanned);
  const length = Math.min(end < 0 ? used.length : end, codes.length - first);
  if (length > 1 && codes.slice(first, first + length).some(isHidden)) {
    return "Đang lọc dòng nên không biết khối ứng với những dòng nào. Bấm “Tất cả” rồi dán lại, hoặc sao chép cả cột mã hay tên.";
  }
  const beyond = used.slice(length).reduce((sum, line) => sum + line.counts, 0);
  if (beyond) refuse("Quá dòng cuối của phần này. Sao chép cả cột mã hay tên, hoặc dán từng phần.", `từ dòng ${length + 1} của khối`, beyond);
  return used.slice(0, length).map((line, i) => ({ line, code: codes[first + i] }));
}

// { names: columns in order, from: place of the first }, or the sentence why nobody can tell.
function columnsByPlace(lines, columns, start, isCount) {
  const at = (x) => lines.map((line) => line.cells[x]?.text ?? "").filter((text) => !isBlank(text));
  const width = Math.max(...lines.map((line) => line.cells.length));
  const isText = (x) => at(x).length > 0 && !at(x).some(isCount);
  const ask = "Sao chép cả các dòng tiêu đề.";
  if (lines.some((line) => line.cells.some((cell) => cell.text.includes("%")))) return `Khối có cột tỷ lệ mà không có dòng tiêu đề. ${ask}`;
  let from = Math.max(...lines.map((line) => line.labelAt)) + 1, after = width;
  if (from) while (isText(from)) from += 1; // the name in other words, beside the code
  while (after > from && !lines.some((line) => line.cells[after - 1]?.text)) after -= 1;
  for (let x = from; x < after; x += 1) {
    if (isText(x)) return `Khối có cột chữ (“${at(x)[0].slice(0, 40)}”) mà không có mã, tên hay tiêu đề nhận ra được. ${ask}`;
  }
  // As wide as the table: a whole row of it, wherever in the row it was pasted (its first cell is often locked).
  const first = after - from === columns.length ? 0 : columns.findIndex((column) => column.name === start);
  if (after - from > columns.length - first) {
    return `Khối có ${after - from} cột số, từ ô đã chọn chỉ còn ${columns.length - first} cột. ${ask}`;
  }
  return { from, names: columns.slice(first, first + after - from).map((column) => column.name) };
}
