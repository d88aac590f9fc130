// A list of reports to choose from: choose all, and a button that says how many are chosen (its `data-chosen`, with
// "#" for the number). Without this the plain button does the same.
(function () {
  const all = document.querySelector(".pick-all input");
  if (!all) return;
  const form = all.form;
  const boxes = Array.from(form.querySelectorAll("input[name=bao_cao]"));
  const label = form.querySelector(".pick-label");
  const number = new Intl.NumberFormat("vi-VN");
  all.closest(".pick-all").hidden = false;
  function show() {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    label.textContent = chosen ? label.dataset.chosen.replace("#", number.format(chosen)) : "Chưa chọn báo cáo nào";
  }
  all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); show(); });
  boxes.forEach((box) => box.addEventListener("change", show));
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault(); // a double click approves once; the server would refuse the second anyway
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; });
  show();
})();
