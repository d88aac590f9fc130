// Tables of class "sorts" sort by every column: a button in each head, a list of columns on a phone, where a table of
// cards shows no heads. A third press gives the order of the server back. Blank cells and "–" come last, whatever the
// order; group heads and totals stay where they are.
(function () {
  const collator = new Intl.Collator("vi", { numeric: true });
  const text = (cell) => cell.textContent.replace(/\s+/g, " ").trim();

  function number(words) {
    const found = words.replaceAll(".", "").replace("−", "-").match(/-?\d+(,\d+)?/);
    return found ? Number(found[0].replace(",", ".")) : null;
  }

  function lowestHeads(head) { // column -> the head right above it
    const grid = [...head.rows].map(() => []);
    [...head.rows].forEach((row, r) => {
      let column = 0;
      for (const th of row.cells) {
        while (grid[r][column]) column += 1;
        for (let i = 0; i < th.rowSpan; i += 1) for (let j = 0; j < th.colSpan; j += 1) grid[r + i][column + j] = th;
        column += th.colSpan;
      }
    });
    return grid.at(-1);
  }

  function make(table) {
    const heads = lowestHeads(table.tHead);
    const bodies = [...table.tBodies].map((body) => [body, [...body.rows].filter((row) => !row.matches(".group, .total"))]);
    const rows = bodies.flatMap(([, own]) => own);
    let list = null;
    if (rows.length < 2) return;

    function key(row, column) {
      const words = text(row.cells[column]);
      return heads[column].matches(".num") ? number(words) : words || null;
    }

    function sort(column, order) {
      for (const th of heads) th.removeAttribute("aria-sort");
      if (order) heads[column].setAttribute("aria-sort", order);
      const sign = order === "descending" ? -1 : 1;
      for (const [body, own] of bodies) {
        const known = [], rest = [];
        for (const row of own) (key(row, column) === null ? rest : known).push([key(row, column), row]);
        const compare = heads[column].matches(".num") ? (a, b) => a[0] - b[0] : (a, b) => collator.compare(a[0], b[0]);
        if (order) known.sort((a, b) => sign * compare(a, b));
        const sorted = order ? [...known, ...rest].map(([, row]) => row) : own;
        const last = [...body.rows].find((row) => row.matches(".total")) ?? null;
        for (const row of sorted) body.insertBefore(row, last);
      }
      if (list) list.value = order ? `${column} ${order}` : "";
    }

    function first(column) { // what one looks for: the lowest rate, the first name, the largest number
      if (!heads[column].matches(".num") || heads[column].matches(".rank")) return "ascending";
      return rows.some((row) => /^[\d.,]+%/.test(text(row.cells[column]))) ? "ascending" : "descending";
    }

    heads.forEach((th, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...th.childNodes);
      th.append(button);
      button.addEventListener("click", () => {
        const now = th.getAttribute("aria-sort"), begin = first(column);
        const other = begin === "ascending" ? "descending" : "ascending";
        sort(column, now === begin ? other : now ? "" : begin);
      });
    });

    if (table.matches(".cards")) {
      list = document.createElement("select");
      list.className = "input";
      list.add(new Option("thứ tự chung", ""));
      heads.forEach((th, column) => {
        const other = first(column) === "ascending" ? "descending" : "ascending";
        const words = heads[column].matches(".num") ? { ascending: "thấp trước", descending: "cao trước" } : { ascending: "từ A", descending: "từ Z" };
        for (const order of [first(column), other]) list.add(new Option(`${text(th)}, ${words[order]}`, `${column} ${order}`));
      });
      list.addEventListener("change", () => {
        const [column, order] = list.value.split(" ");
        sort(Number(column) || 0, order ?? "");
      });
      const label = document.createElement("label");
      label.className = "sort-list no-print";
      label.append("Xếp bảng theo ", list);
      table.closest(".scroll").before(label);
    }
  }

  for (const table of document.querySelectorAll("table.sorts")) make(table);
})();
