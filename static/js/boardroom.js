// Meeting mode: one section at a time, by keys (arrows, a presenter's PageUp and PageDown, Home, End) and by buttons; the
// address keeps the place, Escape leaves. Without JavaScript the sections stand below each other.
(function () {
  const slides = [...document.querySelectorAll(".slide")];
  const place = document.querySelector("[data-place]");
  if (!slides.length || !place) return;
  const parts = [...document.querySelectorAll(".room-bar > a")];
  const buttons = [...document.querySelectorAll("[data-step]")];
  const last = slides.length - 1;
  let now = 0;

  const asked = () => { // the section the address names, or the one around what it names
    const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    return found ? slides.indexOf(found.closest(".slide")) : 0;
  };
  const show = (k) => {
    now = Math.min(Math.max(k, 0), last);
    const slide = slides[now];
    slides.forEach((one) => one.classList.toggle("now", one === slide));
    parts.forEach((a) => {
      if (a.hash === `#${slide.dataset.part}`) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    });
    buttons.forEach((button) => { button.disabled = now === (Number(button.dataset.step) < 0 ? 0 : last); });
    place.textContent = `${now + 1}/${slides.length}`;
    scrollTo(0, 0);
  };
  const go = (k) => {
    show(k);
    history.replaceState(null, "", `#${slides[now].id}`);
    const heading = slides[now].querySelector("h1, h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  const keys = {
    ArrowRight: () => now + 1, PageDown: () => now + 1, ArrowLeft: () => now - 1, PageUp: () => now - 1,
    Home: () => 0, End: () => last,
  };
  const scrolls = () => document.documentElement.scrollHeight > innerHeight + 1; // then up and down move what is read
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Escape") location.assign(document.querySelector("[data-leave]").href);
    const step = keys[event.key] || (!scrolls() && { ArrowDown: keys.ArrowRight, ArrowUp: keys.ArrowLeft }[event.key]);
    if (!step) return;
    event.preventDefault();
    go(step());
  });
  buttons.forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => go(now + Number(button.dataset.step)));
  });
  place.hidden = false;
  addEventListener("hashchange", () => show(asked()));
  document.body.classList.add("stepping");
  show(asked());
})();
