// Trend of two rates. Data comes from the page; a missing month is null and stays a gap; the last provisional month is
// hollow. The table under the chart tells the same without JavaScript.
(function () {
  const box = document.getElementById("bieu-do");
  const source = document.getElementById("bieu-do-so-lieu");
  if (!box || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const { draw, endLabel, targetLine, text, token } = window.charts;
  const vi = (v) => (v === null || v === undefined ? "không có số liệu" : v.toLocaleString("vi-VN", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + "%");
  const last = data.months.length - 1;
  const latest = (values) => values.findLast((v) => v !== null) ?? -1;
  const isHigher = latest(data.in_time) >= latest(data.online); // early and on time above online, at the end
  const parts = [0, ...data.cuts, data.months.length]; // a line is cut where territory came or went in part
  const inPart = (values, n) => values.map((v, k) => (k >= parts[n] && k < parts[n + 1] ? v : null));
  const line = (name, all, target, ink, dash, label, above) => {
    const values = inPart(all, parts.length - 2);
    const series = {
      type: "line", name, connectNulls: false, symbol: "circle", symbolSize: 7,
      lineStyle: { color: token(ink), width: 2, type: dash }, itemStyle: { color: token(ink) },
      endLabel: endLabel(ink, ({ value }) => `${label}${vi(value.value ?? value)}`, above),
      data: values.map((v, k) => k === last && v !== null && data.provisional[k]
        ? { value: v, symbolSize: 10, itemStyle: { color: token("--surface"), borderColor: token(ink), borderWidth: 2 } } : v),
    };
    if (target !== null) series.markLine = targetLine(target, `chỉ tiêu ${target.toLocaleString("vi-VN")}%`, ink, "dotted"); // of the year
    const earlier = data.cuts.map((_, n) => ({
      type: "line", name, connectNulls: false, symbol: "circle", symbolSize: 7,
      lineStyle: series.lineStyle, itemStyle: series.itemStyle, data: inPart(all, n),
    }));
    return [series, ...earlier];
  };
  const gaps = [];
  data.months.forEach((month, k) => {
    if (data.in_time[k] === null && data.online[k] === null && k > 0 && k < last) gaps.push([{ xAxis: data.months[k - 1] }, { xAxis: data.months[k + 1] }]);
  });
  data.cuts.forEach((k) => gaps.push([{ xAxis: data.months[k - 1] }, { xAxis: data.months[k] }]));
  function option(width) { // a narrow chart has no room for names beside the lines
    const wide = width >= 560;
    const inTime = line("Trước và đúng hạn", data.in_time, data.in_time_target, "--ink-2", "solid", wide ? "Trước và đúng hạn\n" : "", isHigher);
    inTime[0].markArea = { silent: true, itemStyle: { color: token("--sunken") }, data: gaps };
    return {
      animation: false,
      grid: { left: 52, right: wide ? 132 : 64, top: 36, bottom: 28 },
      legend: { show: !wide, top: 0, left: 0, textStyle: { ...text, color: token("--ink-2") }, itemWidth: 26 },
      tooltip: { trigger: "axis", renderMode: "richText", formatter: ([{ dataIndex: k }]) => `${data.months[k]}\nTrước và đúng hạn: ${vi(data.in_time[k])}\nTrực tuyến: ${vi(data.online[k])}` },
      xAxis: { type: "category", data: data.months, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--line-3") } }, axisLabel: { ...text, hideOverlap: true, showMaxLabel: true } },
      yAxis: { type: "value", min: data.floor, max: 100, axisLabel: { ...text, formatter: "{value}%" }, splitLine: { lineStyle: { color: token("--line") } } },
      series: [...inTime, ...line("Trực tuyến", data.online, data.online_target, "--info", "dashed", wide ? "Trực tuyến\n" : "", !isHigher)],
    };
  }
  const open = (k) => { if (data.pages[k]) location.assign(data.pages[k]); };
  const say = (k) => `Tháng ${data.months[k]}: trước và đúng hạn ${vi(data.in_time[k])}; trực tuyến ${vi(data.online[k])}`;
  const chart = draw(box, data.picture, option, { count: data.months.length, say, open });
  chart.on("click", ({ dataIndex }) => open(dataIndex)); // a point opens its month, as the table under the chart does
})();
