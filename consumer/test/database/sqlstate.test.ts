import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isUnanswered, verdictOn } from '../../src/database/sqlstate.ts';

function error(sqlstate: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('a test', 0, 'error'), { code: sqlstate });
}

describe('the verdict on SQLSTATE', () => {
  it.each([
    ['P0001', 'row', 'an exception that a trigger raises'],
    ['ZZ042', 'row', 'a code that a trigger made up'],
    ['22021', 'row', 'a NUL character'],
    ['22001', 'row', 'a value too long'],
    ['22012', 'row', 'a division by zero'],
    ['21000', 'row', 'a subquery of a trigger with two rows'],
    ['23514', 'row', 'a check constraint'],
    ['23502', 'row', 'a NOT NULL constraint'],
    ['44000', 'row', 'the check option of a view'],
    ['54000', 'row', 'an index entry too large'],
    ['54001', 'row', 'a trigger that calls itself too deep'],
    ['40001', 'conflict', 'a serialization failure'],
    ['40P01', 'conflict', 'a deadlock'],
    ['53200', 'slow', 'too little memory'],
    ['25P03', 'outage', 'an idle transaction'],
    ['57014', 'slow', 'a statement that took too long'],
    ['0A000', 'set-up', 'a rule, where ON CONFLICT is'],
    ['28P01', 'set-up', 'a password that was changed'],
    ['28000', 'set-up', 'a host that may not come in'],
    ['39P01', 'set-up', 'a trigger that returns nonsense'],
    ['3D000', 'set-up', 'a database that is gone'],
    ['3F000', 'set-up', 'a schema that is gone'],
    ['42P01', 'set-up', 'a table that is gone'],
    ['42P10', 'set-up', 'a unique index that is gone'],
    ['42501', 'set-up', 'a privilege that was revoked'],
    ['42703', 'set-up', 'a column that is gone'],
    ['42809', 'set-up', 'a table that became a view'],
    ['55000', 'set-up', 'an object that is not in the state for it'],
    ['XX000', 'set-up', 'an internal error'],
    ['08006', 'outage', 'a lost connection'],
    ['25006', 'outage', 'a read-only transaction'],
    ['25P02', 'outage', 'a transaction that failed before'],
    ['26000', 'outage', 'a prepared statement that a pooler lost'],
    ['53100', 'outage', 'a full disk'],
    ['53300', 'outage', 'too many connections'],
    ['55P03', 'outage', 'a lock that was not available'],
    ['57P03', 'outage', 'a server that starts up'],
    ['58030', 'outage', 'an I/O error'],
    ['XX001', 'outage', 'corrupted data'],
  ])('%s is %s: %s', (sqlstate, verdict) => {
    expect(verdictOn(error(sqlstate))).toBe(verdict);
  });

  it('is not asked of a socket error, which is an outage, or of a defect', () => {
    expect(verdictOn(new Error('Connection terminated unexpectedly'))).toBe('outage');
    expect(verdictOn(Object.assign(new Error(), { code: 'ECONNRESET' }))).toBe('outage');
    expect(verdictOn(new TypeError('undefined is not a function'))).toBe('defect');
  });

  it('is not asked of a statement that is not answered in time, which was too much', () => {
    const unanswered = new Error('Query read timeout');
    expect(verdictOn(unanswered)).toBe('slow');
    expect(isUnanswered(unanswered)).toBe(true);
    expect(isUnanswered(error('57014'))).toBe(false);
  });
});
