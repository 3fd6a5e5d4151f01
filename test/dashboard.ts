import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Dashboard {
  templating: { list: { name: string; type: string; query: string }[] };
  panels: Panel[];
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { type: string; uid: string };
  targets: { refId: string; expr: string; legendFormat?: string }[];
  fieldConfig: { defaults: { unit?: string } };
  options: { yAxis?: { unit?: string } };
}

const GRAFANA = new URL('../env/observability/grafana/', import.meta.url);

/** A file of what the project sets up Grafana with. */
export function grafanaFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, GRAFANA)), 'utf8');
}

export const dashboard = JSON.parse(grafanaFile('dashboards/csv2db.json')) as Dashboard;

/** The queries of a panel, with its variables as Grafana fills them in. */
export function queriesOf({ targets }: Panel): string[] {
  return targets.map(({ expr }) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$queue', 'csv2db'),
  );
}
