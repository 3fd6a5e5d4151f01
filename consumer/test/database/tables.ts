import type { Column, Facts } from '../../src/database/facts.ts';
import { Table } from '../../src/database/table.ts';

/** A table with columns of text, and nothing unique. */
export function tableOf(...names: string[]): Table {
  const facts: Facts = {
    name: 't',
    kind: 'r',
    isUnlogged: false,
    isAsync: false,
    hasRowSecurity: false,
    hasPolicy: false,
    columns: names.map(columnOf),
    indexes: [],
    rules: [],
    hasTrigger: false,
    hasPlpgsql: true,
    insteadOf: [],
    fingerprint: '',
  };
  return new Table(facts, {
    host: '127.0.0.1',
    port: 5432,
    user: 'u',
    password: () => 'p',
    name: 'd',
    table: 't',
    tls: undefined,
    statementTimeout: 5_000,
    flags: { address: '', login: '', name: '' },
  });
}

function columnOf(name: string): Column {
  return {
    name,
    type: 'text',
    declared: 'text',
    isText: true,
    isCastOtherwise: false,
    isInsertable: true,
    isSelectable: true,
    isGenerated: false,
    isIdentityAlways: false,
    hasDefault: false,
    isRequired: false,
  };
}
