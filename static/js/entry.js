// The entry page: every cell is saved as it is left. Without this file the page is one plain form.
(() => {
  document.querySelectorAll("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });
  const form = document.getElementById("nhap");
  if (!form || !document.getElementById("trang-thai")) return;
  const page = form.dataset;
  const byId = (id) => document.getElementById(id);
  const status = byId("trang-thai");
  const login = byId("dang-nhap-lai");
  const snack = byId("tin-dan");
  const help = byId("giai-thich");
  const box = `nhap:${page.report}:${page.user}`; // what this person typed in this report and the server has not confirmed
  const seen = JSON.parse(form.elements.seen.value || "{}"); // what the server last said of each cell
  const pending = new Map(); // typed, to be sent
  let sending = new Map(); // sent, no answer yet
  const refused = new Map(); // answered "no": a text that is no number, or a cell somebody else changed
  const theirs = {}; // cells somebody else changed: their value
  let via = "page", offline = false, stopped = "", savedAt = page.savedAt, wait = 2000, timer = 0, batch = 0, leaving = false, afterwards = [];

  const field = (name) => form.elements[name];
  const isField = (el) => el instanceof HTMLElement && el.form === form && el.matches(".cell input:not([readonly]), .reason, textarea");
  const unsent = () => pending.size + sending.size;
  const plural = (n) => `${n} ô`;

  // What is shown ------------------------------------------------------------------------------------------------
  const ICONS = { "is-saving": "spin", "is-saved": "check", "is-problem": "x", "is-warning": "warn", "is-missing": "blank", "is-waiting": "clock" };
  const icon = (name) => `<svg class="i" aria-hidden="true"><use href="${page.icons}#i-${name}"></use></svg>`;

  function mark(el, state) {
    const cell = el && el.closest(".cell");
    if (!cell) return;
    cell.classList.remove(...Object.keys(ICONS));
    cell.querySelector(":scope > .i")?.remove();
    if (state) {
      cell.classList.add(state);
      cell.insertAdjacentHTML("afterbegin", icon(ICONS[state]));
    }
    if (el.matches("input")) state === "is-problem" ? el.setAttribute("aria-invalid", "true") : el.removeAttribute("aria-invalid");
  }

  function show() {
    const saved = savedAt ? `Đã lưu ${savedAt}` : "Chưa lưu ô nào";
    let text = saved, look = "t-ok", sign = savedAt ? "check" : "blank";
    if (stopped) { text = stopped; look = "t-bad"; sign = "x"; }
    else if (login.open) { text = `Phiên làm việc đã hết hạn. ${plural(unsent())} chưa gửi, vẫn giữ trên máy này.`; look = "t-warn"; sign = "lock"; }
    else if (offline) { text = `Mất kết nối. ${plural(unsent())} chưa gửi về máy chủ, vẫn giữ trên máy này. Đừng đóng trang.`; look = "t-warn"; sign = "warn"; }
    else if (unsent()) { text = `${savedAt ? saved + " · " : ""}đang lưu ${plural(unsent())}`; look = "t-info"; sign = "spin"; }
    else if (refused.size) { text = `${saved} · ${plural(refused.size)} chưa lưu được`; look = "t-bad"; sign = "x"; }
    status.className = look;
    status.innerHTML = icon(sign) + " ";
    status.append(text);
  }

  function keep() {
    const all = Object.fromEntries([...refused, ...sending, ...pending].map(([name, text]) => [name, [text, seen[name] ?? ""]]));
    try {
      Object.keys(all).length ? localStorage.setItem(box, JSON.stringify(all)) : localStorage.removeItem(box);
    } catch { /* no storage: the cells still wait in this page */ }
  }

  // Saving: one request at a time, everything typed meanwhile goes with the next -----------------------------------
  function enqueue(el, how = "page") {
    const { name, value } = el;
    if (!name || (!pending.has(name) && !refused.has(name) && (sending.has(name) ? sending.get(name) : seen[name] ?? "") === value)) return;
    if (how === "paste") via = "paste";
    refused.delete(name);
    pending.set(name, value);
    mark(el, offline ? "is-waiting" : "is-saving");
    keep();
    show();
    clearTimeout(batch);
    batch = setTimeout(send, 60);
  }

  const cookie = (name) => document.cookie.split("; ").find((c) => c.startsWith(name + "="))?.slice(name.length + 1) ?? "";

  function post(url, body) {
    const json = typeof body === "string";
    return fetch(url, {
      method: "POST", redirect: "manual", credentials: "same-origin", body, signal: AbortSignal.timeout(30000),
      headers: { "X-CSRFToken": cookie("csrftoken"), Accept: "application/json", ...(json && { "Content-Type": "application/json" }) },
    });
  }

  const isJson = (response) => (response.headers.get("Content-Type") || "").startsWith("application/json");
  const isLogin = (response) => response.type === "opaqueredirect" || response.status === 401 || (response.status === 403 && !isJson(response));

  function putBack() {
    for (const [name, text] of sending) {
      if (!pending.has(name)) pending.set(name, text);
      mark(field(name), "is-waiting");
    }
    sending = new Map();
  }

  async function send() {
    if (sending.size || !pending.size || stopped || login.open) return;
    sending = new Map([...refused, ...pending]); // refused ones go along so that their row's message stays
    const how = via;
    pending.clear();
    via = "page";
    show();
    const body = { user: page.user, via: how, fields: Object.fromEntries(sending), seen: {} };
    for (const name of sending.keys()) body.seen[name] = seen[name] ?? "";
    await answer(() => post(page.save, JSON.stringify(body)));
    if (pending.size && !offline && !login.open) send();
    else if (!unsent()) { afterwards.forEach((act) => act()); afterwards = []; }
  }

  async function answer(request) {
    let response, data;
    try {
      response = await request();
      if (isLogin(response)) { putBack(); askLogin(); return; }
      if (!isJson(response)) {
        if (response.status < 400 || response.status >= 500) throw new Error(String(response.status));
        data = { message: `Máy chủ không nhận (mã ${response.status}). Số liệu vẫn giữ trên máy này; tải lại trang.` };
      } else data = await response.json();
      if (response.status >= 500) throw new Error(String(response.status));
    } catch {
      putBack();
      offline = true;
      clearTimeout(timer);
      timer = setTimeout(send, wait);
      wait = Math.min(wait * 2, 60000);
      show();
      return;
    }
    offline = false;
    wait = 2000;
    if (!response.ok) {
      putBack();
      stopped = data.message;
      afterwards = [];
    } else receive(data);
    keep();
    show();
  }

  function receive(data) {
    for (const [name, text] of Object.entries(data.saved)) {
      const el = field(name), typed = sending.get(name);
      seen[name] = text;
      refused.delete(name);
      delete theirs[name];
      if (!el) continue;
      if (!pending.has(name) && (typed === undefined || el.value === typed)) el.value = text;
      if (!pending.has(name)) mark(el, typed === undefined ? "" : "is-saved");
    }
    for (const name of Object.keys(data.refused)) refused.set(name, sending.get(name));
    for (const [name, conflict] of Object.entries(data.conflicts)) { refused.set(name, sending.get(name)); theirs[name] = conflict.theirs; }
    sending = new Map();
    savedAt = data.saved_at || savedAt;
    for (const [code, row] of Object.entries(data.rows)) showRow(code, row);
    for (const [id, html] of Object.entries(data.parts)) { const part = byId(id); if (part && !part.contains(document.activeElement)) part.innerHTML = html; }
  }

  function showRow(code, row) {
    const tr = byId(code);
    if (!tr) return;
    for (const [id, text] of Object.entries(row.derived)) { const out = byId(id); if (out) out.textContent = text; }
    for (const el of tr.querySelectorAll(".cell input:not([readonly]), .cell output")) {
      const state = row.states[el.id];
      if (pending.has(el.name)) continue;
      if (state) mark(el, state);
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
    const typed = active && [active.name, active.value, active.selectionStart];
    old?.remove();
    tr.classList.toggle("has-msg", Boolean(html));
    if (html) tr.insertAdjacentHTML("afterend", html);
    const again = typed && typed[0] && field(typed[0]);
    if (again) { again.value = typed[1]; again.focus(); again.setSelectionRange?.(typed[2], typed[2]); }
  }

  // The session ended: log in again on this page, then everything waiting is sent -----------------------------------
  function askLogin() {
    keep();
    if (!login.open) login.showModal();
    show();
    login.querySelector("input[type=password]").focus();
  }

  function loggedIn() {
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((el) => { el.value = cookie("csrftoken"); });
    login.querySelector("[role=alert]").hidden = true;
    login.querySelector("input[type=password]").value = "";
    login.close();
    show();
    send();
  }

  login.addEventListener("submit", async (event) => {
    event.preventDefault();
    const message = login.querySelector("[role=alert]");
    try {
      const blank = await (await fetch(page.login, { credentials: "same-origin" })).text();
      const token = new DOMParser().parseFromString(blank, "text/html").querySelector("form [name=csrfmiddlewaretoken]")?.value;
      if (!token) { loggedIn(); return; } // already logged in, in another tab
      const body = new URLSearchParams(new FormData(event.target));
      body.set("csrfmiddlewaretoken", token);
      const response = await fetch(page.login, { method: "POST", redirect: "manual", credentials: "same-origin", body });
      if (response.type === "opaqueredirect") { loggedIn(); return; }
      message.textContent = "Mật khẩu chưa đúng. Số liệu đã nhập vẫn giữ trên máy này.";
    } catch {
      message.textContent = "Không nối được máy chủ. Số liệu đã nhập vẫn giữ trên máy này.";
    }
    message.hidden = false;
  });
  login.querySelector("[data-retry]").addEventListener("click", loggedIn);
  login.addEventListener("close", () => { show(); });

  // Events ------------------------------------------------------------------------------------------------------
  form.addEventListener("change", (event) => { if (isField(event.target)) enqueue(event.target); });
  form.addEventListener("focusin", (event) => { if (event.target.matches(".cell input")) event.target.select(); });
  addEventListener("online", () => { clearTimeout(timer); send(); });
  addEventListener("offline", () => { if (unsent()) { offline = true; show(); } });
  addEventListener("focus", () => { if (login.open && cookie("csrftoken")) show(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) commit(); });
  addEventListener("beforeunload", (event) => { commit(); if (!leaving && unsent()) event.preventDefault(); });

  function commit() {
    const el = document.activeElement;
    if (isField(el) && el.value !== (seen[el.name] ?? "")) enqueue(el);
  }

  function whenSaved(act) {
    commit();
    if (!unsent()) return act();
    afterwards = [act];
    clearTimeout(batch);
    send();
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    commit();
    if (button?.name === "service") { event.preventDefault(); whenSaved(() => zeroFill(button)); return; }
    if (unsent()) { event.preventDefault(); whenSaved(() => form.requestSubmit(button)); return; }
    form.elements.seen.value = JSON.stringify(seen);
    leaving = true;
  });

  function zeroFill(button) {
    const body = new FormData();
    body.set("service", button.value);
    return answer(() => post(button.formAction, body)).then(() => byId(button.value)?.querySelector("input:not([readonly])")?.focus());
  }

  form.addEventListener("click", (event) => {
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
  });

  // Moving like in a spreadsheet ---------------------------------------------------------------------------------
  const rows = () => [...form.querySelectorAll(".svcrow")].filter((tr) => !tr.hidden);
  const inputs = (tr) => [...tr.querySelectorAll(".cell input:not([readonly])")];

  function down(el, step) {
    const all = rows(), column = el.name.split(".")[1], place = inputs(el.closest("tr")).indexOf(el);
    for (let i = all.indexOf(el.closest("tr")) + step; all[i]; i += step) {
      const there = inputs(all[i]), same = there.find((other) => other.name.endsWith("." + column)) ?? there[Math.min(place, there.length - 1)];
      if (same) { same.focus(); return; }
    }
  }

  function along(el, step) {
    const all = rows().flatMap(inputs);
    all[all.indexOf(el) + step]?.focus();
  }

  form.addEventListener("keydown", (event) => {
    const el = event.target;
    if (event.key === "Escape") { help.hidden = snack.hidden = true; }
    if (!el.matches(".cell input") || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const whole = el.selectionStart === 0 && el.selectionEnd === el.value.length, caret = el.selectionStart === el.selectionEnd;
    const act = {
      Enter: () => down(el, event.shiftKey ? -1 : 1),
      ArrowDown: () => down(el, 1),
      ArrowUp: () => down(el, -1),
      ArrowLeft: () => (whole || (caret && el.selectionStart === 0)) && !event.shiftKey && (along(el, -1), true),
      ArrowRight: () => (whole || (caret && el.selectionEnd === el.value.length)) && !event.shiftKey && (along(el, 1), true),
      Escape: () => { if (!el.readOnly && el.value !== (seen[el.name] ?? "")) { el.value = seen[el.name] ?? ""; enqueue(el); } },
      F1: () => explain(el),
      "?": () => explain(el),
    }[event.key];
    if (act && act() !== false) event.preventDefault();
  });

  // What a cell means, one key away
  function explain(el) {
    const tr = el.closest("tr"), column = (el.name || "").split(".")[1], text = byId(`cach-ghi-${column}`);
    const own = tr.querySelector(".def")?.cloneNode(true);
    own?.querySelector("summary")?.remove();
    help.querySelector("b").textContent = el.getAttribute("aria-label");
    help.querySelector("p").textContent = [text?.textContent, own?.textContent.replace(/\s+/g, " ").trim()].filter(Boolean).join(" ");
    help.hidden = false;
  }

  // Pasting a block from a spreadsheet -----------------------------------------------------------------------------
  form.addEventListener("paste", (event) => {
    const el = event.target, text = event.clipboardData?.getData("text/plain") ?? "";
    if (!el.matches(".cell input:not([readonly])") || !/[\t\n\r]/.test(text.replace(/[\r\n]+$/, ""))) return;
    event.preventDefault();
    const block = text.replace(/[\r\n]+$/, "").split(/\r\n|\n|\r/).map((line) => line.split("\t"));
    const first = el.closest("tr"), table = first.closest("table"), all = rows().filter((tr) => tr.closest("table") === table);
    const column = [...first.querySelectorAll(".cell")].indexOf(el.closest(".cell")), before = [];
    let skipped = 0, blank = 0;
    block.forEach((line, i) => {
      const cells = all[all.indexOf(first) + i]?.querySelectorAll(".cell") ?? [];
      line.forEach((raw, j) => {
        const value = raw.replace(/\u00a0/g, " ").trim(), target = cells[column + j]?.querySelector("input:not([readonly])");
        if (value === "") { blank += 1; return; }
        if (!target) { skipped += 1; return; }
        before.push([target, target.value]);
        target.value = value;
        enqueue(target, "paste");
      });
    });
    const notes = [skipped && `bỏ qua ${skipped} ô tự tính, bị khóa hoặc nằm ngoài bảng`, blank && `bỏ qua ${blank} ô trống`].filter(Boolean);
    snack.querySelector("span").textContent = `Đã dán ${before.length} ô${notes.length ? ", " + notes.join(", ") : ""}.`;
    snack.hidden = false;
    snack.querySelector("[data-undo]").onclick = () => {
      for (const [target, value] of before) { target.value = value; enqueue(target, "paste"); }
      snack.hidden = true;
      el.focus();
    };
  });
  document.querySelectorAll("[data-close]").forEach((button) => button.addEventListener("click", () => { button.parentElement.hidden = true; }));

  // Showing only what is missing or wrong ----------------------------------------------------------------------------
  const filters = [...document.querySelectorAll("[data-loc]")];
  let filter = filters.find((a) => a.getAttribute("aria-current"))?.dataset.loc ?? "";
  function applyFilter() {
    if (!filter) return;
    const wanted = filter === "thieu" ? ".is-missing" : ".is-problem, .is-warning";
    for (const tr of form.querySelectorAll(".svcrow")) {
      const message = byId(`${tr.id}-tin`), hide = !tr.querySelector(wanted) && !tr.contains(document.activeElement);
      tr.hidden = hide;
      if (message) message.hidden = hide;
    }
  }
  filters.forEach((a) => a.addEventListener("click", (event) => {
    event.preventDefault();
    filter = a.dataset.loc;
    filters.forEach((other) => (other.dataset.loc === filter ? other.setAttribute("aria-current", "true") : other.removeAttribute("aria-current")));
    if (filter) applyFilter();
    else form.querySelectorAll(".svcrow, .rowmsg").forEach((tr) => { tr.hidden = false; });
  }));

  // What was typed before and never reached the server comes back and is sent ------------------------------------------
  for (const el of form.querySelectorAll("[aria-invalid=true]")) if (el.name && !("conflict" in el.dataset) && el.value !== (seen[el.name] ?? "")) refused.set(el.name, el.value);
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
  show();
  document.querySelector(".errors[data-focus]")?.focus();
})();
