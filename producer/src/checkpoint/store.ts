import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { within } from '@csv2db/libs/deadline.ts';
import { codeOf, FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { createClient } from '@redis/client';
import type { FoundFile } from '../source/files.ts';

/** Keeps one text outside the process. */
export interface CheckpointStore {
  /** What it is called in messages; without a password. */
  name: string;
  /** Whether its place has a password in it, which no message may show. */
  hasPassword: boolean;
  /** Whether it keeps anything at all. */
  isReal: boolean;
  /** The text that was saved last; undefined when there is none. */
  load(): Promise<string | undefined>;
  /** Replaces the text, as a whole or not at all. */
  save(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Where checkpoints are kept: nowhere, in the user's state folder, in one file, or in Redis. */
export type CheckpointPlace =
  | { kind: 'none' }
  | { kind: 'state folder' }
  | { kind: 'file'; path: string }
  | { kind: 'redis'; url: URL };

/** How long Redis may take for anything, in milliseconds. */
const REDIS_TIMEOUT = 2_000;
/** More than any checkpoint has: as many columns as a table may have are named in it. */
const MOST_BYTES = 256 * 1024;

/**
 * The store for the checkpoint of an import. Of what can be read only once there is none.
 *
 * @throws FatalError when saving would destroy the file itself, or one that holds something else.
 */
export async function openStore(
  place: CheckpointPlace,
  files: readonly FoundFile[],
  log: Logger,
): Promise<CheckpointStore> {
  const once = files.find(({ isRegular }) => !isRegular);
  if (once) {
    if (place.kind === 'file' || place.kind === 'redis') {
      log.warn(`${once.name} can be read only once: no checkpoint of it is kept`);
    }
    return nowhere;
  }
  const paths = files.map(({ path }) => path);
  const key = createHash('sha256').update(paths.join('\0')).digest('hex').slice(0, 32);
  switch (place.kind) {
    case 'none':
      return nowhere;
    case 'state folder': {
      const folder = stateFolder();
      if (folder !== undefined) return fileStore(join(folder, `${key}.json`));
      log.warn(
        'no checkpoint is kept, as this user has no home folder: name a place with --checkpoint',
      );
      return nowhere;
    }
    case 'file':
      await refuseOtherFile(place.path, files);
      return fileStore(place.path);
    case 'redis':
      return redisStore(place.url, `csv2db:checkpoint:${key}`);
  }
}

/** Saving replaces the file: it must be a checkpoint, or empty, or not there. */
async function refuseOtherFile(path: string, files: readonly FoundFile[]): Promise<void> {
  const stats = await statOf(path);
  if (!stats) return;
  const refuse = (what: string): never => {
    throw new FatalError(`--checkpoint file:${path} is ${what}: name another file`);
  };
  if (files.some(({ identity }) => identity === `${stats.dev}:${stats.ino}`)) {
    refuse('the file that is to be imported');
  }
  if (!stats.isFile()) refuse('no regular file');
  if (stats.size > MOST_BYTES) refuse('there already, and is no checkpoint');
  const text = stats.size === 0n ? '' : await readFile(path, 'utf8').catch(() => undefined);
  if (text !== '' && !/^\{"version":\d+,"importId":"/.test(text ?? '')) {
    refuse('there already, and is no checkpoint');
  }
}

/** What is at a path; undefined when nothing is, or nobody can tell: then saving says why. */
async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function stateFolder(): string | undefined {
  const state = process.env['XDG_STATE_HOME'] ?? '';
  // what is not absolute is to be ignored
  if (isAbsolute(state)) return join(state, 'csv2db');
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, '.local/state/csv2db') : undefined;
  } catch {
    // HOME is not set, and the user is not in /etc/passwd
    return undefined;
  }
}

const nowhere: CheckpointStore = {
  name: 'nowhere',
  hasPassword: false,
  isReal: false,
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function fileStore(path: string): CheckpointStore {
  return {
    name: path,
    hasPassword: false,
    isReal: true,
    load: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    save: async (text) => {
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${randomUUID()}`;
      try {
        await writeFile(draft, text, { flush: true, flag: 'wx' });
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };
}

function redisStore(url: URL, key: string): CheckpointStore {
  const client = createClient({
    url: url.href,
    // a command is refused at once while there is no connection: the next save comes soon
    disableOfflineQueue: true,
    socket: {
      connectTimeout: REDIS_TIMEOUT,
      reconnectStrategy: (tries) => Math.min(tries * 100, 2_000),
    },
  });
  // a command says that it failed; without a listener this would be uncaught
  client.on('error', () => {});
  let connecting: Promise<unknown> | undefined;
  const connected = async (): Promise<void> => {
    if (client.isReady) return;
    connecting ??= client.connect();
    await within(REDIS_TIMEOUT, connecting);
  };
  return {
    name: `${url.protocol}//${url.host}${url.pathname}`,
    hasPassword: url.password !== '',
    isReal: true,
    load: async () => {
      await connected();
      return (await within(REDIS_TIMEOUT, client.get(key))) ?? undefined;
    },
    save: async (text) => {
      await connected();
      await within(REDIS_TIMEOUT, client.set(key, text));
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}
