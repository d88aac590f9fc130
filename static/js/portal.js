// Small conveniences on every page; nothing here is needed to read or to submit.
(function () {
  // A select of the context bar, or one that says so, acts at once; without JavaScript the button beside it does.
  document.addEventListener("change", (event) => {
    const select = event.target.closest(".ctx select, select[data-at-once]");
    if (select) select.form.requestSubmit();
  });
  // A button that prints is of use only with JavaScript.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
  // A page that comes back by the Back button asks the server again; without a network, once there is one.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    if (navigator.onLine) location.reload();
    else addEventListener("online", () => location.reload(), { once: true });
  });
  // The account menu closes on Escape and on a click elsewhere.
  const menu = document.querySelector("details.user");
  if (menu) {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") menu.open = false; });
  }
})();
