// Burn-up of a campaign: the running sum, the goal, the even line to it. A day nobody entered is null and stays a gap.
// The table under the chart tells the same without JavaScript.
(function () {
  const box = document.getElementById("cao-diem");
  const source = document.getElementById("cao-diem-so-lieu");
  if (!box || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const { draw, endLabel, targetLine, text, token } = window.charts;
  const number = (v) => v.toLocaleString("vi-VN");
  const vi = (v) => (v === null || v === undefined ? "chưa nhập" : `${number(v)} ${data.unit}`);
  const last = data.done.findLastIndex((v) => v !== null);
  const isAhead = !data.goal || data.done[last] >= data.even[last];
  function option(width) { // a narrow chart has no room for names beside the lines
    const wide = width >= 560;
    const series = [{
      type: "line", name: "Cộng dồn", data: data.done, connectNulls: false, symbol: "circle", symbolSize: 7,
      lineStyle: { color: token("--ink-2"), width: 2 }, itemStyle: { color: token("--ink-2") },
      endLabel: endLabel("--ink-2", ({ value }) => `${wide ? "Cộng dồn\n" : ""}${number(value)}`, isAhead),
    }];
    if (data.goal) {
      series.push({
        type: "line", name: "Đều mỗi ngày", data: data.even, symbol: "none",
        lineStyle: { color: token("--info"), width: 2, type: "dashed" }, itemStyle: { color: token("--info") },
        endLabel: { ...endLabel("--info", "Đều mỗi ngày", false), show: wide },
        markLine: targetLine(data.goal, `Chỉ tiêu ${number(data.goal)}`, "--ok", "solid"),
      });
    }
    return {
      animation: false,
      grid: { left: 8, right: wide ? 108 : 56, top: 36, bottom: 8, containLabel: true },
      legend: { show: !wide, top: 0, left: 0, textStyle: { ...text, color: token("--ink-2") }, itemWidth: 26 },
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: vi },
      xAxis: { type: "category", data: data.days, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--line-3") } }, axisLabel: { ...text, hideOverlap: true, showMaxLabel: true } },
      yAxis: { type: "value", min: 0, axisLabel: { ...text, formatter: number }, splitLine: { lineStyle: { color: token("--line") } } },
      series,
    };
  }
  const say = (k) => `Ngày ${data.days[k]}: cộng dồn ${vi(data.done[k])}${data.goal ? `; đều mỗi ngày ${vi(data.even[k])}` : ""}`;
  draw(box, data.picture, option, { count: data.days.length, say });
})();
