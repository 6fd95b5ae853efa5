/** A plot as SVG. ECharts draws without a browser, and the same data give the same bytes. */
import { init } from 'echarts'
import type { Plot } from './figures.ts'

export function svgOf({ title, lines }: Plot): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 440 })
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 'center', textStyle: { fontSize: 14 } },
    legend: { bottom: 0, data: lines.map(({ name }) => name) },
    grid: { left: 70, right: 30, top: 50, bottom: 75 },
    xAxis: { type: 'log', name: 'states', nameLocation: 'middle', nameGap: 28, min: 'dataMin', ...powers },
    yAxis: { type: 'log', ...powers },
    series: lines.map(({ name, points }) => ({
      type: 'line',
      name,
      symbolSize: 7,
      data: points.map((point) => [...point]),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}

/** 1000 -> 10^3 */
const powers = { axisLabel: { formatter: (value: number) => `10^${Math.round(Math.log10(value))}` } }
