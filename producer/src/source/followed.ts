import type { Source } from './open.ts';

/**
 * A file of which somebody follows how far it is read.
 *
 * @param onRead told how many bytes are in front of what is read next.
 */
export function followed(source: Source, onRead: (place: number) => void): Source {
  return {
    ...source,
    async *read(from, blockSize, signal) {
      let place = from;
      for await (const block of source.read(from, blockSize, signal)) {
        place += block.length;
        onRead(place);
        yield block;
      }
    },
  };
}
