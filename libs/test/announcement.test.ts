import { expect, it } from 'vitest';
import { parseAnnouncement } from '../src/announcement.ts';

const ANNOUNCEMENT = {
  begun: '2026-11-26T15:55:13.000Z',
  ended: '2026-11-26T15:56:13Z',
  files: [{ name: 'contacts.csv', bytes: 12 }],
  fileCount: 1,
  bytes: 12,
  firstRow: 1,
  lastRow: 3,
};

it('an announcement is read, without what is not known of it', () => {
  const header = JSON.stringify({ ...ANNOUNCEMENT, later: 1 });
  expect(parseAnnouncement(header)).toEqual(ANNOUNCEMENT);
});

it.each(['2026-12-31T23:59:60Z', '9999-99-99T99:99:99Z', '2026-11-26', 'Thu, 26 Nov 2026', 5])(
  'one that begins or ends at %s is none',
  (time) => {
    for (const member of ['begun', 'ended']) {
      const header = JSON.stringify({ ...ANNOUNCEMENT, [member]: time });
      expect(parseAnnouncement(header)).toBe(undefined);
    }
  },
);
