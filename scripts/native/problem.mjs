/** What went wrong, in one line for whoever called, and what to do about it. */
export class Problem extends Error {}

/**
 * Runs a program. A problem, and what the system refuses, is told without a stack, with status 1.
 *
 * @param {() => Promise<number> | number} main gives the status to end with
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isTold = error instanceof Problem || (error instanceof Error && 'syscall' in error);
    if (!isTold) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}
