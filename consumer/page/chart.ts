import uPlot from 'uplot';
import { short } from './format.ts';
import type { Series } from './series.ts';

const FONT = '12px system-ui, sans-serif';
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

/** Areas over the time of day, as wide and high as the element that they are in. */
export class Chart {
  readonly #host: HTMLElement;
  readonly #colours: readonly string[];
  #plot: uPlot | undefined;

  /** @param colours names of custom properties of CSS, one for each area; the first is drawn first. */
  constructor(host: HTMLElement, colours: readonly string[]) {
    this.#host = host;
    this.#colours = colours;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot?.redraw(false);
    });
  }

  /** @param words what the chart says, for those who do not see it. */
  show(data: Series, words: string): void {
    this.#host.setAttribute('aria-label', words);
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new uPlot(this.#options(), data, this.#host);
  }

  #size(): { width: number; height: number } {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #colour(property: string): string {
    return getComputedStyle(this.#host).getPropertyValue(property);
  }

  #options(): uPlot.Options {
    const axis = {
      font: FONT,
      stroke: () => this.#colour('--quiet'),
      grid: { stroke: () => this.#colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const paths = uPlot.paths.stepped?.({ align: 1 });
    return {
      ...this.#size(),
      cursor: { show: false },
      legend: { show: false },
      padding: [8, 18, 0, 0],
      scales: { y: { range: (_, _least, most) => [0, Math.max(1, most * 1.1)] } },
      series: [
        {},
        ...this.#colours.map((property) => ({
          fill: () => this.#colour(property),
          points: { show: false },
          width: 0,
          ...(paths && { paths }),
        })),
      ],
      axes: [
        {
          ...axis,
          size: 28,
          space: 48,
          incrs: [60, 120, 300],
          grid: { show: false },
          values: (_, times) => times.map(clock),
        },
        { ...axis, size: 48, space: 32, values: (_, numbers) => numbers.map(short) },
      ],
    };
  }
}

function clock(seconds: number): string {
  return CLOCK.format(seconds * 1000);
}
