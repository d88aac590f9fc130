// Tables of many cells, each leading to its reports: one stop of the Tab key, arrows from cell to cell, Enter follows.
// 14.000 links would make the page heavy, so a cell's link is made when pointer or focus comes to it. Without JavaScript
// the heads of rows and columns are links.
(function () {
  const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -99], End: [0, 99] };
  document.querySelectorAll("table[data-grid]").forEach((table) => {
    const address = table.dataset.grid, heads = table.tHead.rows[0].cells;
    let current = null;

    function target(cell) { // the link of a cell; the cell itself where it leads nowhere
      let link = cell.querySelector("a");
      const so = heads[cell.cellIndex].dataset.so, part = cell.parentNode.dataset.d, text = cell.textContent.trim();
      if (!link && address && cell.tagName === "TD" && so && part !== undefined && cell.colSpan === 1 && text && text !== "–") {
        link = document.createElement("a");
        link.href = address + so + (part && "&" + part);
        link.tabIndex = -1;
        link.append(...cell.childNodes);
        cell.append(link);
      }
      return link || cell;
    }
    function stop(element) { // the one stop of the Tab key
      if (current) current.tabIndex = -1;
      current = element;
      current.tabIndex = 0;
    }

    table.setAttribute("role", "grid");
    table.querySelectorAll("a").forEach((link) => { link.tabIndex = -1; });
    const first = table.tBodies[0].rows[0];
    if (first) stop(target(first.cells[0]));
    table.addEventListener("pointerover", (event) => {
      const cell = event.target.closest("td");
      if (cell) target(cell);
    });
    table.addEventListener("focusin", (event) => stop(event.target));
    table.addEventListener("click", (event) => { // a click beside the text, or a touch that came before the link
      const cell = event.target.closest("td");
      const link = cell && !event.target.closest("a") && target(cell);
      if (link && link !== cell) link.click();
    });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td, th");
      const step = KEYS[event.key];
      if (!cell || !step || event.altKey || event.metaKey) return;
      event.preventDefault();
      const within = (index, length) => Math.max(0, Math.min(index, length - 1));
      const end = event.ctrlKey && step[0] === 0 && Math.abs(step[1]) > 1 ? Math.sign(step[1]) * 1e6 : step[0];
      const row = table.rows[within(cell.parentNode.rowIndex + end, table.rows.length)];
      const next = target(row.cells[within(cell.cellIndex + step[1], row.cells.length)]);
      stop(next);
      next.focus();
    });
  });

  // Tiles: one stop of the Tab key; the arrows go to the next one, up and down to the one above and below.
  document.querySelectorAll("[data-tiles]").forEach((list) => {
    const tiles = [...list.children], linkOf = (tile) => tile && tile.querySelector("a");
    let stop = null;
    list.querySelectorAll("a").forEach((link) => { link.tabIndex = stop ? -1 : 0; stop ||= link; });
    const inRow = () => Math.max(1, Math.round(list.clientWidth / tiles[0].getBoundingClientRect().width));
    list.addEventListener("keydown", (event) => {
      const at = tiles.indexOf(event.target.closest("li")), last = tiles.length - 1;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -inRow(), ArrowDown: inRow() }[event.key];
      let to = { Home: 0, End: last }[event.key] ?? at + step;
      if (Number.isNaN(to) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      while (tiles[to] && !linkOf(tiles[to])) to += step ? Math.sign(step) : event.key === "Home" ? 1 : -1; // leads nowhere
      if (!tiles[to]) return;
      stop.tabIndex = -1;
      stop = linkOf(tiles[to]);
      stop.tabIndex = 0;
      stop.focus();
    });
  });
})();
