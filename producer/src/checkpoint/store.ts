import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient } from '@redis/client';
import { codeOf } from '@csv2db/libs/errors.ts';

/** Keeps one text outside the process. */
export interface CheckpointStore {
  /** What it is called in messages; without a password. */
  name: string;
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

/** The store for the checkpoint of a file. */
export async function openStore(place: CheckpointPlace, path: string): Promise<CheckpointStore> {
  const key = createHash('sha256')
    .update(await realpath(path))
    .digest('hex')
    .slice(0, 32);
  switch (place.kind) {
    case 'none':
      return nowhere;
    case 'state folder':
      return fileStore(join(stateFolder(), `${key}.json`));
    case 'file':
      return fileStore(place.path);
    case 'redis':
      return redisStore(place.url, `csv2db:checkpoint:${key}`);
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function stateFolder(): string {
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'csv2db');
}

const nowhere: CheckpointStore = {
  name: 'nowhere',
  isReal: false,
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function fileStore(path: string): CheckpointStore {
  return {
    name: path,
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
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, text, { flush: true });
      await rename(draft, path);
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
    await within(connecting);
  };
  return {
    name: `${url.protocol}//${url.host}${url.pathname}`,
    isReal: true,
    load: async () => {
      await connected();
      return (await within(client.get(key))) ?? undefined;
    },
    save: async (text) => {
      await connected();
      await within(client.set(key, text));
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** Waits for an answer of Redis, but not for ever. */
async function within<T>(answer: Promise<T>): Promise<T> {
  const deadline = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('it does not answer')), REDIS_TIMEOUT).unref();
  });
  return await Promise.race([answer, deadline]);
}
