// The letters of the sheet as large as one page of A4 has room for. Without JavaScript they keep the size of sheet.css.
(function () {
  const sheet = document.getElementById("to-giay");
  if (!sheet) return;
  const LARGEST = 8.5, SMALLEST = 5.5, STEP = 0.125; // pt
  const ROOM = 268; // mm: A4 with the margins of print.css, and a line to spare for the words of a demonstration

  function fit() {
    sheet.classList.add("measured"); // as wide as on paper
    const mm = sheet.getBoundingClientRect().width / 186;
    for (let size = LARGEST; size >= SMALLEST; size -= STEP) {
      sheet.style.setProperty("--sheet", `${size}pt`);
      if (sheet.scrollHeight <= ROOM * mm) break;
    }
    sheet.classList.remove("measured");
  }
  document.fonts.ready.then(fit);
  addEventListener("beforeprint", fit);
})();
