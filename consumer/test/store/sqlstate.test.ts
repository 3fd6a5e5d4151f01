import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { isMisconfiguration, verdictOn } from '../../src/store/sqlstate.ts';

function error(sqlstate: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('a test', 0, 'error'), { code: sqlstate });
}

describe('the verdict on SQLSTATE', () => {
  it.each([
    ['22021', 'row', 'a NUL character'],
    ['22001', 'row', 'a value too long'],
    ['23514', 'row', 'a check constraint'],
    ['23502', 'row', 'a NOT NULL constraint'],
    ['54000', 'row', 'an index entry too large'],
    ['40001', 'conflict', 'a serialization failure'],
    ['40P01', 'conflict', 'a deadlock'],
    ['08006', 'outage', 'a lost connection'],
    ['25006', 'outage', 'a read-only transaction'],
    ['28P01', 'outage', 'a password that was changed'],
    ['42P01', 'outage', 'a table that is gone'],
    ['42501', 'outage', 'a privilege that was revoked'],
    ['53100', 'outage', 'a full disk'],
    ['53300', 'outage', 'too many connections'],
    ['54001', 'outage', 'a statement too complex'],
    ['55P03', 'outage', 'a lock that was not available'],
    ['57014', 'outage', 'a statement that took too long'],
    ['57P03', 'outage', 'a server that starts up'],
    ['58030', 'outage', 'an I/O error'],
    ['XX000', 'outage', 'an internal error'],
  ])('%s is %s: %s', (sqlstate, verdict) => {
    expect(verdictOn(error(sqlstate))).toBe(verdict);
  });

  it('is not asked of a socket error, which is an outage, or of a defect', () => {
    expect(verdictOn(new Error('Connection terminated unexpectedly'))).toBe('outage');
    expect(verdictOn(Object.assign(new Error(), { code: 'ECONNRESET' }))).toBe('outage');
    expect(verdictOn(new TypeError('undefined is not a function'))).toBe('defect');
  });
});

it.each([
  ['28P01', true],
  ['3D000', true],
  ['42P01', true],
  ['57P03', false],
  ['ECONNREFUSED', false],
])('at the start, %s means a wrong configuration: %s', (code, expected) => {
  expect(isMisconfiguration(error(code))).toBe(expected);
});
