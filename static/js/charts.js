// What every chart shares: letters and colours of the page, a size that follows the window and the paper, arrow keys from
// point to point, and the chart as a picture (SVG, PNG) that says its subject, its period and as of when by itself.
(function () {
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const text = { color: token("--ink-3"), fontFamily: "So lieu, Be Vietnam Pro, Arial, sans-serif", fontSize: 12 };
  const WIDE = 960, HIGH = 480, EDGE = 24; // of a picture, in px; a PNG has twice as many points each way

  // The words beside the last point of a line, in place of a legend: the higher line's above it, the lower one's below.
  const veil = { backgroundColor: "rgba(255,255,255,0.75)", padding: [0, 2] }; // words stay readable where a line runs under them
  const endLabel = (ink, formatter, above) => ({ show: true, distance: 6, ...text, ...veil, fontWeight: 600, lineHeight: 15, color: token(ink), formatter, verticalAlign: above ? "bottom" : "top" });

  const targetLine = (value, words, ink, type) => ({
    silent: true, symbol: "none", data: [{ yAxis: value }], lineStyle: { color: token(ink), width: 1.5, type },
    label: { ...text, ...veil, color: token(ink), position: "insideStartTop", formatter: words },
  });

  function lines(words, font, width) { // broken where a line is full
    const pen = document.createElement("canvas").getContext("2d"), found = [];
    pen.font = font;
    words.split("\n").forEach((paragraph) => {
      let line = "";
      paragraph.split(" ").forEach((word) => {
        if (line && pen.measureText(`${line} ${word}`).width > width) { found.push(line); line = word; }
        else line = line ? `${line} ${word}` : word;
      });
      found.push(line);
    });
    return found;
  }

  function picture(option, said) { // the same drawing with what the page says around it
    const title = lines(said.title, `600 17px ${text.fontFamily}`, WIDE - 2 * EDGE);
    const below = lines(said.below, `13px ${text.fontFamily}`, WIDE - 2 * EDGE);
    const head = EDGE + 22 * title.length + 8 + 18 * below.length;
    return {
      ...option,
      backgroundColor: token("--surface"),
      tooltip: { show: false },
      title: {
        text: title.join("\n"), subtext: below.join("\n"), left: EDGE, top: EDGE, padding: 0, itemGap: 8,
        textStyle: { ...text, fontSize: 17, fontWeight: 600, lineHeight: 22, color: token("--ink") },
        subtextStyle: { ...text, fontSize: 13, lineHeight: 18, color: token("--ink-2") },
      },
      grid: { ...option.grid, left: option.grid.left + EDGE, right: option.grid.right + EDGE, top: head + 44, bottom: option.grid.bottom + EDGE },
    };
  }

  function save(blob, name) {
    const link = document.createElement("a"), url = URL.createObjectURL(blob);
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  async function download(kind, option, said) {
    const svg = kind === "svg";
    const chart = window.echarts.init(svg ? null : document.createElement("div"), null, { renderer: svg ? "svg" : "canvas", ssr: svg, locale: "VI", width: WIDE, height: HIGH, devicePixelRatio: 2 });
    chart.setOption(picture(option, said));
    if (svg) save(new Blob([chart.renderToSVGString()], { type: "image/svg+xml" }), `${said.file}.svg`);
    else save(await new Promise((done) => { chart.getRenderedCanvas({ pixelRatio: 2 }).toBlob(done, "image/png"); }), `${said.file}.png`);
    chart.dispose();
  }

  // `say(k)`: what point k is, in words, for those who hear it; `open(k)`: the page behind it, if it has one.
  function keys(box, chart, count, say, open) {
    const heard = document.createElement("p");
    heard.className = "visually-hidden";
    heard.setAttribute("aria-live", "polite");
    box.after(heard);
    box.tabIndex = 0;
    let at = count;
    box.addEventListener("keydown", (event) => {
      const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[event.key];
      if (event.key === "Enter" && at < count) open(at);
      else if (event.key === "Escape") chart.dispatchAction({ type: "hideTip" });
      if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      at = Math.max(0, Math.min(next, count - 1));
      const [x, y] = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [at, chart.getOption().yAxis[0].min]);
      chart.dispatchAction({ type: "showTip", x, y: y - 1 });
      heard.textContent = say(at);
    });
    box.addEventListener("blur", () => chart.dispatchAction({ type: "hideTip" }));
  }

  // `said`: title, below and file of the picture. `option(width)`: the drawing for a box of that width.
  function draw(box, said, option, { count, say, open = () => {} }) {
    const chart = window.echarts.init(box, null, { renderer: "svg", locale: "VI" }); // SVG prints sharp
    const fit = () => { // a viewBox lets the print style shrink the drawing
      chart.resize();
      chart.setOption(option(chart.getWidth()), true);
      const svg = box.querySelector("svg");
      if (svg) svg.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
    };
    fit();
    addEventListener("resize", fit);
    keys(box, chart, count, say, open);
    box.closest("section").querySelectorAll("[data-picture]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => download(button.dataset.picture, option(WIDE), said));
    });
    return chart;
  }

  window.charts = { draw, endLabel, targetLine, text, token };
})();
