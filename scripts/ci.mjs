// Everything that must hold before a change lands: node scripts/ci.mjs
// Each part is a target of the Makefile, and says how long it took. The last line is
// "N passed, N failed": tests, and each check that has none counts as one.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Builds the base images of the containers, and starts a Docker engine, where one can be had. */
const BASES = '../shared/container-bases/build';
/** Runs a command on a copy of this checkout's HEAD, beside the servers of another Debian. */
const IN_DEBIAN = '../shared/in-debian';
/** Where vitest puts its counts: in the copy as here, and not under version control. */
const COUNTS = 'volumes/ci.json';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
let passed = 0;
let failed = 0;

check('check');
tests('test');
// as "make start" and the benchmark send them
tests('test-faults', { rowsPerMessage: 1000 });
check('bench-guard');
if (canRun(BASES) && succeeds(BASES, [])) tests('test-containers');
else console.log('left out: test-containers, because no base images can be built here');
// the other half of the faults, and the tests, beside newer servers: all of it would take an hour
if (canMake('trixie')) tests('test-faults', { suite: 'trixie' });
else tests('test-faults');
if (canMake('sid')) tests('test', { suite: 'sid' });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Runs a target that ends with status 0, or not.
 *
 * @param {string} target
 */
function check(target) {
  timed(target, () => add(succeeds('make', [target]) ? { passed: 1, failed: 0 } : undefined));
}

/**
 * Runs a target that runs vitest, and counts its tests.
 *
 * @param {string} target
 * @param {{ suite?: string, rowsPerMessage?: number }} [how] the suite is the Debian whose servers
 * are used
 */
function tests(target, how) {
  const { suite, rowsPerMessage } = how ?? {};
  const script = `rm -f ${COUNTS}; make ${target} >&2; status=$?; cat ${COUNTS} && exit $status`;
  const [command, ...args] = [...(suite ? [IN_DEBIAN, suite] : []), 'sh', '-c', script];
  const env = {
    TEST_ARGS: `--reporter=default --reporter=json --outputFile.json=${COUNTS}`,
    ...(rowsPerMessage && { FAULTS_ROWS_PER_MESSAGE: String(rowsPerMessage) }),
  };
  const what = [
    target,
    ...(rowsPerMessage ? [`with ${rowsPerMessage} rows a message`] : []),
    ...(suite ? [`on ${suite}`] : []),
  ].join(' ');
  timed(what, () => {
    const { status, stdout } = spawnSync(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: Infinity,
    });
    add(counts(stdout), status === 0);
  });
}

/**
 * Adds up; a run that ends badly without a failed test, or that says nothing, failed all the same.
 *
 * @param {{ passed: number, failed: number } | undefined} counted
 */
function add(counted, isSuccess = counted !== undefined) {
  passed += counted?.passed ?? 0;
  failed += counted?.failed || (isSuccess ? 0 : 1);
}

/**
 * What vitest's JSON counted.
 *
 * @param {string} json
 */
function counts(json) {
  try {
    /** @type {unknown} */
    const result = JSON.parse(json);
    if (typeof result !== 'object' || result === null) return undefined;
    if (!('numPassedTests' in result) || !('numFailedTests' in result)) return undefined;
    return { passed: Number(result.numPassedTests), failed: Number(result.numFailedTests) };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} what
 * @param {() => void} work
 */
function timed(what, work) {
  const began = performance.now();
  const before = { passed, failed };
  work();
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `--- ${what}: ${passed - before.passed} passed, ${failed - before.failed} failed, ${seconds} s`,
  );
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function succeeds(command, args) {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/**
 * Whether another Debian can be made here, which is said where it can't.
 *
 * @param {string} suite
 */
function canMake(suite) {
  if (canRun(IN_DEBIAN) && process.getuid?.() === 0 && succeeds(IN_DEBIAN, [suite, 'true'])) {
    return true;
  }
  console.log(`left out: the servers of ${suite}, because that Debian can't be made here`);
  return false;
}

/** @param {string} path */
function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
