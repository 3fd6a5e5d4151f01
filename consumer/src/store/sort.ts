/** Bytes behind the common prefix that are looked at, two at a time. */
const DEPTH = 12;
/** For each value of two bytes, where the next item with it goes. */
const places = new Uint32Array(2 ** 16 + 1);

/**
 * Orders texts by their bytes: a radix sort, since comparing texts would take several times as long
 * as storing them saves. Texts that are the same for 12 bytes behind what they all begin with stay
 * as they are.
 *
 * @param bytes what the texts lie in.
 * @param texts the offset of each text, and the one behind it.
 * @param given the order that texts which are the same stay in. Default: as they come.
 * @returns the indexes of the texts, in order.
 */
export function orderOf(
  bytes: Uint8Array,
  { begins, ends }: { begins: readonly number[]; ends: readonly number[] },
  given?: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  const count = begins.length;
  const prefix = commonPrefix(bytes, begins, ends);
  let order = given ?? Uint32Array.from({ length: count }, (_, index) => index);
  let other = new Uint32Array(count);
  const digits = new Uint16Array(count);
  for (let depth = prefix + DEPTH - 2; depth >= prefix; depth -= 2) {
    places.fill(0);
    for (let place = 0; place < count; place += 1) {
      const text = order[place] ?? 0;
      const at = (begins[text] ?? 0) + depth;
      const left = (ends[text] ?? 0) - at;
      const digit = (left > 0 ? (bytes[at] ?? 0) << 8 : 0) | (left > 1 ? (bytes[at + 1] ?? 0) : 0);
      digits[place] = digit;
      places[digit + 1] = (places[digit + 1] ?? 0) + 1;
    }
    for (let digit = 1; digit < places.length; digit += 1) {
      places[digit] = (places[digit] ?? 0) + (places[digit - 1] ?? 0);
    }
    for (let place = 0; place < count; place += 1) {
      const digit = digits[place] ?? 0;
      const next = places[digit] ?? 0;
      other[next] = order[place] ?? 0;
      places[digit] = next + 1;
    }
    [order, other] = [other, order];
  }
  return order;
}

/** How many bytes all texts begin with. */
function commonPrefix(
  bytes: Uint8Array,
  begins: readonly number[],
  ends: readonly number[],
): number {
  const [first = 0] = begins;
  let length = (ends[0] ?? 0) - first;
  for (let text = 1; text < begins.length && length > 0; text += 1) {
    const begin = begins[text] ?? 0;
    let same = 0;
    const most = Math.min(length, (ends[text] ?? 0) - begin);
    while (same < most && bytes[begin + same] === bytes[first + same]) same += 1;
    length = same;
  }
  return length;
}
