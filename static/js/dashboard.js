// Trend of two rates. Data comes from the page; a missing month is null and stays a gap; the last provisional month is
// hollow. The table under the chart tells the same without JavaScript.
(function () {
  const box = document.getElementById("bieu-do");
  const source = document.getElementById("bieu-do-so-lieu");
  if (!box || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const vi = (v) => (v === null || v === undefined ? "không có số liệu" : v.toLocaleString("vi-VN", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + "%");
  const text = { color: token("--ink-3"), fontFamily: "So lieu, Be Vietnam Pro, Arial, sans-serif", fontSize: 12 };
  const known = [...data.in_time, ...data.online, data.in_time_target, data.online_target].filter((v) => v !== null);
  const lowest = Math.min(...known);
  const floor = lowest >= 96 ? 96 : lowest >= 90 ? 90 : Math.max(0, Math.floor(lowest / 10) * 10);
  const last = data.months.length - 1;
  const line = (name, values, ink, dash) => ({
    type: "line", name, connectNulls: false, symbol: "circle", symbolSize: 7,
    lineStyle: { color: token(ink), width: 2, type: dash }, itemStyle: { color: token(ink) },
    data: values.map((v, k) => k === last && v !== null && data.provisional[k]
      ? { value: v, symbolSize: 10, itemStyle: { color: token("--surface"), borderColor: token(ink), borderWidth: 2 } } : v),
  });
  const aim = (series, value) => { // the target of the year
    if (value === null) return;
    series.markLine = {
      silent: true, symbol: "none", lineStyle: { color: series.lineStyle.color, type: "dotted", width: 1.5 },
      label: { ...text, position: "insideStartTop", formatter: `chỉ tiêu ${value.toLocaleString("vi-VN")}%` }, data: [{ yAxis: value }],
    };
  };
  const gaps = [];
  data.months.forEach((month, k) => {
    if (data.in_time[k] === null && data.online[k] === null && k > 0 && k < last) gaps.push([{ xAxis: data.months[k - 1] }, { xAxis: data.months[k + 1] }]);
  });
  const inTime = line("Trước và đúng hạn", data.in_time, "--ink-2", "solid");
  inTime.markArea = { silent: true, itemStyle: { color: token("--sunken") }, data: gaps };
  const online = line("Trực tuyến", data.online, "--info", "dashed");
  aim(inTime, data.in_time_target);
  aim(online, data.online_target);
  const chart = window.echarts.init(box, null, { renderer: "svg", locale: "VI" }); // SVG prints sharp
  chart.setOption({
    animation: false,
    grid: { left: 52, right: 24, top: 36, bottom: 28 },
    legend: { top: 0, left: 0, textStyle: { ...text, color: token("--ink-2") }, itemWidth: 26 },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: vi },
    xAxis: { type: "category", data: data.months, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--line-3") } }, axisLabel: { ...text, hideOverlap: true } },
    yAxis: { type: "value", min: floor, max: 100, axisLabel: { ...text, formatter: "{value}%" }, splitLine: { lineStyle: { color: token("--line") } } },
    series: [inTime, online],
  });
  chart.on("click", ({ dataIndex }) => { // a point opens its month, as the table under the chart does
    if (data.pages[dataIndex]) location.assign(data.pages[dataIndex]);
  });
  const fit = () => { // a viewBox lets the print style shrink the drawing
    chart.resize();
    const svg = box.querySelector("svg");
    if (svg) svg.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  };
  fit();
  addEventListener("resize", fit);
})();
