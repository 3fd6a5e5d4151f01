/** Text of so many characters that does not compress, so that an index entry can't hold 9,000 of them. */
export function incompressible(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state % 36).toString(36);
  }).join('');
}
