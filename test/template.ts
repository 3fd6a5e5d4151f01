import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { start } from './processes.ts';

/** A database with every migration applied, which databases of tests are copies of. */
export interface Template {
  /** The URL of its server. */
  server: string;
  name: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    template?: Template;
  }
}

/** Vitest runs this before all tests: those that share a server share its template. */
export default async function setup(project: TestProject) {
  const server = process.env['FC_TEST_DATABASE_URL'];
  // unit tests need none
  if (!server) return undefined;
  const template = await createTemplate(new URL(server));
  project.provide('template', template);
  return () => administer(template.server, `DROP DATABASE ${template.name} WITH (FORCE)`);
}

/** Has the consumer make one. A copy takes a fraction of the time that `consumer migrate` does. */
export async function createTemplate(server: URL): Promise<Template> {
  const name = `csv2db_template_${randomBytes(4).toString('hex')}`;
  await start('consumer', ['migrate', '--db-url', new URL(`/${name}`, server).href]).succeeds();
  // PostgreSQL copies no database that somebody is connected to
  await administer(server.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  return { server: server.href, name };
}

/** The template on the server that the tests share. */
export function sharedTemplate(): Template {
  const template = inject('template');
  if (!template) throw new Error('there is no database to copy: run the tests with "make test"');
  return template;
}

export async function copyTemplate({ server, name }: Template, database: string): Promise<void> {
  await administer(server, `CREATE DATABASE ${database} TEMPLATE ${name}`);
}

/** Runs a statement on a server, in a session of its own. */
export async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
