// Processes by their pid files, and ports of 127.0.0.1.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problem.mjs';

/**
 * The pid in a file, if that process lives and its command line holds a text, so that a pid that
 * was reused is not mistaken for ours.
 *
 * @param {string} file
 * @param {string} text
 */
export function pidIn(file, text) {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return pid > 0 && commandOf(pid).includes(text) ? pid : undefined;
}

/**
 * Ends a process with a signal, and after 30 seconds with SIGKILL.
 *
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 * @throws {Problem} when it does not end.
 */
export async function end(pid, signal) {
  send(pid, signal);
  if (await isGone(pid, 30)) return;
  send(pid, 'SIGKILL');
  if (!(await isGone(pid, 5))) throw new Problem(`process ${pid} does not end`);
}

/**
 * Waits until a condition holds.
 *
 * @param {() => Promise<boolean> | boolean} condition
 * @param {number} seconds
 * @returns {Promise<boolean>} false after so many seconds.
 */
export async function holds(condition, seconds) {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(100);
  }
  return true;
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isTaken(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * @param {number} pid
 * @param {number} seconds
 */
function isGone(pid, seconds) {
  // one that ended, and that its parent has not taken leave of, has no command line
  return holds(() => commandOf(pid) === '', seconds);
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

/** @param {number} pid */
function commandOf(pid) {
  if (!existsSync('/proc/self/cmdline')) {
    const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.trim();
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
