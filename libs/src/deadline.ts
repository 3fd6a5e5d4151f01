/**
 * The longest delay that a timer of Node.js takes, in milliseconds; it fires at once for a longer
 * one.
 */
export const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Waits for an answer, but not for ever. What gives it goes on all the same.
 *
 * @param milliseconds longest time to wait; of more than 24 days, 24 days.
 * @throws Error when the answer has not come by then; what it failed with, when it came.
 */
export async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const tooLate = (): void => reject(new Error('it does not answer'));
    timer = setTimeout(tooLate, Math.min(milliseconds, LONGEST_DELAY));
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
