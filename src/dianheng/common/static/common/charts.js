// Draws the figures of {% chart %}; loaded after the engine, only where there is a chart.
"use strict";
(() => {
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function options(data, width) {
    const ink = colour("ink");
    const muted = colour("muted");
    const line = colour("line");
    const axis = {
      axisLine: { lineStyle: { color: colour("line-strong") } },
      axisTick: { show: false },
      axisLabel: { color: muted, fontSize: 12 },
      splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: muted },
      nameLocation: "middle",
    };
    const isTrend = data.kind === "trend";
    const isDistribution = data.kind === "distribution";
    const value = (mark) => ({
      value: mark.value,
      url: mark.url,
      itemStyle: mark.tone ? { color: colour(mark.tone) } : undefined,
    });
    // A limit stands between two bars: its place among the edges, not the nearest label.
    const place = (at) => {
      const { edges } = data;
      return (at - edges[0]) / (edges[1] - edges[0]) - 0.5;
    };
    const marks = data.lines.map((one) => ({
      name: one.label,
      ...(isDistribution ? { xAxis: place(one.at) } : { yAxis: one.at }),
      lineStyle: { color: colour(one.tone || "bad"), type: one.tone === "bad" ? "solid" : "dashed", width: 1.5 },
      label: { formatter: one.label, color: ink, fontSize: 12, position: isDistribution ? "end" : "insideEndTop", distance: isDistribution && one.tone !== "bad" ? 18 : 4 },
    }));
    const series = {
      type: isTrend ? "line" : "bar",
      data: isDistribution ? data.marks.map((mark, n) => ({ ...value(mark), value: [n, mark.value] })) : data.marks.map(value),
      barCategoryGap: isDistribution ? "8%" : "35%",
      color: colour("accent"),
      symbolSize: 7,
      cursor: "pointer",
      // Without it lines are rounded to two decimals.
      markLine: { symbol: "none", silent: true, precision: 12, data: marks },
    };
    const count = data.marks.length;
    const xAxis = isDistribution
      ? {
          ...axis, type: "value", min: -1.5, max: count + 0.5, interval: Math.max(1, Math.ceil(count / 10)), name: data.xLabel, nameGap: 28,
          splitLine: { show: false },
          axisLabel: { ...axis.axisLabel, formatter: (n) => shortEdge(data, n) },
        }
      : { ...axis, type: "category", data: data.marks.map((mark) => mark.label), name: data.xLabel, nameGap: 28, splitLine: { show: false } };
    if (isDistribution) series.barWidth = Math.max(1, ((width - 80) / (count + 2)) * 0.92);
    if (isTrend) series.showAllSymbol = true;
    return {
      animation: false,
      aria: { enabled: false },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
      grid: { left: 56, right: 24, top: isDistribution ? 40 : 20, bottom: data.xLabel ? 48 : 30 },
      tooltip: {
        trigger: "item", confine: true, backgroundColor: colour("paper"), borderColor: colour("line-strong"), textStyle: { color: ink },
        formatter: ({ dataIndex }) => escape(`${data.marks[dataIndex].label}: ${data.marks[dataIndex].value}`),
      },
      xAxis,
      yAxis: { ...axis, type: "value", scale: isTrend, name: data.yLabel, nameRotate: 0, nameLocation: "end", nameGap: 12, minInterval: isDistribution ? 1 : undefined },
      // An unseen series makes the axis of a trend reach to its lines.
      series: isTrend && marks.length ? [series, { type: "line", data: data.lines.map((one) => [0, one.at]), symbol: "none", silent: true, lineStyle: { opacity: 0 } }] : [series],
    };
  }
  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  // Labels of a distribution name the lower edge of their bar.
  function shortEdge(data, n) {
    const at = data.edges[Math.round(n + 0.5)];
    return at === undefined ? "" : String(Number(at.toPrecision(6)));
  }

  function draw(figure) {
    const box = figure.querySelector(".chart-picture");
    const source = document.getElementById(figure.dataset.chart);
    if (!box || !source || !window.echarts) return;
    const data = JSON.parse(source.textContent);
    let chart = drawn.get(box);
    if (!chart) {
      chart = window.echarts.init(box, null, { renderer: "svg" });
      chart.on("click", ({ data: mark }) => mark?.url && (location.href = mark.url));
      drawn.set(box, chart);
      new ResizeObserver(() => {
        chart.resize();
        chart.setOption(options(data, box.clientWidth), true);
      }).observe(box);
    }
    chart.setOption(options(data, box.clientWidth), true);
  }
  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);
  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
