// Burn-up of a campaign: the running sum, the goal, the even line to it. A day nobody entered is null and stays a gap.
// The table under the chart tells the same without JavaScript.
(function () {
  const box = document.getElementById("cao-diem");
  const source = document.getElementById("cao-diem-so-lieu");
  if (!box || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const vi = (v) => (v === null || v === undefined ? "chưa nhập" : `${v.toLocaleString("vi-VN")} ${data.unit}`);
  const text = { color: token("--ink-3"), fontFamily: "So lieu, Be Vietnam Pro, Arial, sans-serif", fontSize: 12 };
  const series = [{
    type: "line", name: "Cộng dồn", data: data.done, connectNulls: false, symbol: "circle", symbolSize: 7,
    lineStyle: { color: token("--ink-2"), width: 2 }, itemStyle: { color: token("--ink-2") },
  }];
  if (data.goal) {
    series.push({
      type: "line", name: "Đều mỗi ngày", data: data.even, symbol: "none",
      lineStyle: { color: token("--info"), width: 2, type: "dashed" }, itemStyle: { color: token("--info") },
      markLine: {
        silent: true, symbol: "none", data: [{ yAxis: data.goal }], lineStyle: { color: token("--ok"), type: "solid", width: 2 },
        label: { formatter: `Chỉ tiêu ${data.goal.toLocaleString("vi-VN")}`, position: "insideStartTop", ...text, color: token("--ok") },
      },
    });
  }
  const chart = window.echarts.init(box, null, { renderer: "svg", locale: "VI" }); // SVG prints sharp
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: { ...text, color: token("--ink-2") }, itemWidth: 26 },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: vi },
    xAxis: { type: "category", data: data.days, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--line-3") } }, axisLabel: { ...text, hideOverlap: true } },
    yAxis: { type: "value", min: 0, axisLabel: { ...text, formatter: (v) => v.toLocaleString("vi-VN") }, splitLine: { lineStyle: { color: token("--line") } } },
    series,
  });
  const fit = () => { // a viewBox lets the print style shrink the drawing
    chart.resize();
    const svg = box.querySelector("svg");
    if (svg) svg.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  };
  fit();
  addEventListener("resize", fit);
})();
