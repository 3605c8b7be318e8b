import { expect, test } from 'vitest';
import { NOTHING_LOADED } from '../../../src/dashboard/uploads/load.ts';
import type { Upload, UploadState } from '../../../src/dashboard/uploads/upload.ts';
import { uploadNews } from '../../../src/dashboard/uploads/upload-news.ts';
import { fileReply } from './support/file-reply.ts';

const upload = (id: number, state: UploadState): Upload => ({
  id,
  name: `${id}.csv`,
  sizeBytes: 10,
  maxRejectPercent: undefined,
  losses: 0,
  state,
});
const waiting: UploadState = { phase: 'waiting' };
const refused: UploadState = { phase: 'refused', message: 'It is larger than 10 GB.', remedy: 'none' };
const taken = (status: 'loading' | 'loaded' | 'reverted'): UploadState => ({
  phase: 'taken',
  file: fileReply({ name: '1-2.csv', status }),
  load: NOTHING_LOADED,
});

test('a file that is refused is told, whether it was sent before or not', () => {
  const told = '1.csv: not sent: It is larger than 10 GB.';
  expect(uploadNews([upload(1, waiting)], [upload(1, refused)])).toBe(told);
  expect(uploadNews([], [upload(1, refused)])).toBe(told);
  expect(uploadNews([upload(1, refused)], [upload(2, waiting), upload(1, refused)])).toBeUndefined();
});

test('the end of a load is told once, under the name that the server gave it', () => {
  expect(uploadNews([upload(1, taken('loading'))], [upload(1, taken('loaded'))])).toBe('1-2.csv: 10 rows loaded');
  expect(uploadNews([upload(1, taken('loaded'))], [upload(1, taken('reverted'))])).toBeUndefined();
  expect(uploadNews([upload(1, waiting)], [upload(1, taken('loading'))])).toBeUndefined();
});

test('of many that are refused at once the first is told, and how many others', () => {
  const many = [1, 2, 3].map((id) => upload(id, refused));
  expect(uploadNews([], many)).toBe('1.csv: not sent: It is larger than 10 GB. And 2 other files.');
});

test('what somebody has cancelled is no news to them', () => {
  expect(uploadNews([upload(1, waiting)], [upload(1, { phase: 'cancelled' })])).toBeUndefined();
});
