import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dashboard, grafanaFile, queriesOf } from './dashboard.ts';
import { CONFIGURATION } from './prometheus.ts';

const { panels } = dashboard;

it('every panel of the dashboard has a number, a title and a description of its own', () => {
  for (const key of ['id', 'title', 'description'] as const) {
    expect(new Set(panels.map((panel) => panel[key])).size).toBe(panels.length);
  }
  for (const { targets } of panels) {
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

it('the panels fill the grid of 24 columns, and none lies on another one', () => {
  const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => (y + Math.floor(cell / w)) * 24 + x + (cell % w)),
  );
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 24 * height }, (_, n) => n));
});

it('every panel takes the data source that is chosen above it, which is the provisioned one', () => {
  expect(dashboard.templating.list).toContainEqual(
    expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
  );
  for (const { datasource } of panels) {
    expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
  }
  const source = grafanaFile('datasources/prometheus.yml');
  expect(source).toContain('type: prometheus\n');
  expect(source).toContain('isDefault: true\n');
});

it('Grafana knows how often Prometheus scrapes, so that rates look back far enough', async () => {
  const configuration = await readFile(`${CONFIGURATION}prometheus.yml`, 'utf8');
  const scraped = /scrape_interval: (\w+)/.exec(configuration)?.[1];
  expect(/timeInterval: (\w+)/.exec(grafanaFile('datasources/prometheus.yml'))?.[1]).toBe(scraped);
});

it('seconds are shown as seconds, rates of rows as rows per second', () => {
  for (const panel of panels) {
    const unit = panel.fieldConfig.defaults.unit ?? panel.options.yAxis?.unit;
    const queries = queriesOf(panel).join();
    const isTime = queries.includes('_seconds');
    expect(unit === 's', panel.title).toBe(isTime);
    const isRate = /\brate\(csv2db_\w+_rows\w*_total/.test(queries);
    expect(unit === 'rowsps', panel.title).toBe(isRate);
  }
});
