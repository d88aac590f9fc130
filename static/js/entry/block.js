// A copied block as a spreadsheet, a web page or plain text gives it, read into tables of cells. Knows nothing of the page.

// Cells: { text, covered }; covered ones lie under a merged cell and repeat its text, so that headings can be read down.
export function readTables(html, text) {
  const found = html ? new DOMParser().parseFromString(html, "text/html").querySelectorAll("table") : [];
  const tables = [...found].filter((table) => !table.querySelector("table")).map(readTable);
  return tables.some((rows) => rows.length) ? tables : [readText(text)];
}

function readTable(table) {
  const grid = [...table.rows].map(() => []);
  [...table.rows].forEach((tr, y) => {
    let x = 0;
    for (const cell of tr.cells) {
      while (grid[y][x]) x += 1;
      const text = textOf(cell), right = x + cell.colSpan;
      const below = Math.min(grid.length, y + (cell.rowSpan || grid.length));
      for (let j = y; j < below; j += 1) {
        for (let i = x; i < right; i += 1) grid[j][i] = { text, covered: i > x || j > y };
      }
      x = right;
    }
  });
  return grid.map((row) => Array.from(row, (cell) => cell ?? { text: "", covered: false }));
}

// The value itself where the program gives it (LibreOffice, old Excel, Google Sheets): what is shown may be rounded or in
// English form, where "1.234" is no thousand.
function textOf(cell) {
  const sheets = /^\{"1":\s*3,\s*"3":\s*([\d.]+)\}$/.exec(cell.getAttribute("data-sheets-value"))?.[1]; // type 3: a number
  const value = cell.getAttribute("sdval") || cell.getAttribute("x:num") || sheets;
  if (value && /^[\d.,\s]+$/.test(cell.textContent)) return value.replace(".", ",");
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("style, script").forEach((el) => el.remove());
  copy.querySelectorAll("br").forEach((br) => br.replaceWith(" "));
  return tidy(copy.textContent);
}

const tidy = (text) => text.replace(/\s+/g, " ").trim();

// Tabs and lines; a cell in quotes may hold both, and two quotes in it are one.
function readText(text) {
  const rows = [[]];
  const cells = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/y;
  while (cells.lastIndex <= text.length) {
    const [, quoted, plain, end] = cells.exec(text);
    rows.at(-1).push({ text: tidy(quoted?.replaceAll('""', '"') ?? plain), covered: false });
    if (!end) break;
    if (end !== "\t") rows.push([]);
  }
  const isEmpty = (row) => row.length <= 1 && !row[0]?.text;
  while (rows.length && isEmpty(rows.at(-1))) rows.pop();
  return rows;
}
