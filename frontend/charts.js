// The part of ECharts that the pages draw with; loaded only where there is a chart.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
} from "echarts/components";
import * as core from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

core.use([
  AriaComponent, BarChart, CustomChart, DataZoomComponent, GridComponent, LegendComponent,
  LineChart, MarkAreaComponent, MarkLineComponent, ScatterChart, SVGRenderer, TitleComponent,
  TooltipComponent,
]);
window.echarts = core;
