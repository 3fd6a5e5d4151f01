import { basename } from 'node:path';
import { parseAnnouncement } from '@csv2db/libs/announcement.ts';
import { FatalError } from '@csv2db/libs/errors.ts';
import { visible } from '@csv2db/libs/visible.ts';
import type pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { read } from './read.ts';

/** Most imports that a message names. */
const MOST_NAMED = 5;

interface Known {
  importId: string;
  announcement: unknown;
}

/** Every import, with each thing that was told of it; the newest first. */
const KNOWN = `
  SELECT import AS "importId", announcement::text FROM csv2db_announcements
    FULL JOIN (SELECT import, min(recorded) AS first FROM csv2db_ledger GROUP BY import) AS entry USING (import)
  WHERE import <> ''
  ORDER BY coalesce(csv2db_announcements.announcement ->> 'begun', to_char(first AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) DESC, import`;

/**
 * Finds an import.
 *
 * @param wanted its id, the name of one of its files, of which it is the newest import, or the beginning of its id;
 * undefined for the newest.
 * @returns its id; undefined where there is none.
 * @throws FatalError when several ids begin with that, or there is no ledger; the error of pg.
 */
export async function findImport(
  client: pg.ClientBase,
  database: DatabaseConfig,
  wanted: string | undefined,
): Promise<string | undefined> {
  const known = await read(client, database, (query) => query<Known>(KNOWN));
  const ids = [...new Set(known.map(({ importId }) => importId))];
  if (wanted === undefined) return ids[0];
  if (ids.includes(wanted)) return wanted;
  const withFile = known.find(({ announcement }) => hasFile(announcement, wanted));
  if (withFile) return withFile.importId;
  const candidates = ids.filter((id) => id.startsWith(wanted));
  if (candidates.length > 1) throw ambiguous(wanted, candidates);
  return candidates[0];
}

function hasFile(announcement: unknown, wanted: string): boolean {
  const files = parseAnnouncement(announcement)?.files ?? [];
  return files.some(({ name }) => name === wanted || basename(name) === wanted);
}

function ambiguous(wanted: string, ids: readonly string[]): FatalError {
  const named = ids.slice(0, MOST_NAMED).map(visible).join(', ');
  const more = ids.length > MOST_NAMED ? ', …' : '';
  return new FatalError(`${ids.length} imports begin with ${visible(wanted)}: ${named}${more}`);
}
