import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passwordInFile } from '../src/password.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'password');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  [' p@:/% #ß \n\n', ' p@:/% #ß \n'],
])('the password in a file of %j is %j', async (content, password) => {
  await writeFile(file, content);
  expect(await passwordInFile('--db-pass-file', file)()).toBe(password);
});

it('the file is read each time', async () => {
  const password = passwordInFile('--db-pass-file', file);
  for (const content of ['one', 'two']) {
    await writeFile(file, content);
    expect(await password()).toBe(content);
  }
});

it.each([
  ['is empty', '\n', / is empty: it must hold a password$/],
  ['is not UTF-8', Buffer.from([0xff]), / is not UTF-8$/],
])('a file that %s is named', async (_, content, message) => {
  await writeFile(file, content);
  expect(passwordInFile('--db-pass-file', file)).toThrow(message);
  expect(passwordInFile('--db-pass-file', file)).toThrow(`--db-pass-file ${file}`);
});

it('a file that can not be read is named, with the reason', () => {
  const message = `--db-pass-file ${folder} can't be read: it is a folder`;
  expect(passwordInFile('--db-pass-file', folder)).toThrow(message);
});
