import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createGzip, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedChunks } from '../../../src/ingest/csv/decoded-chunks.ts';
import { cutAt } from '../../support/csv-reading.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const MIB = 1024 * 1024;

async function* stream(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function decode(chunks: Iterable<Buffer>): Promise<Buffer> {
  const decoded: Buffer[] = [];
  for await (const chunk of decodedChunks(stream(chunks))) decoded.push(chunk);
  return Buffer.concat(decoded);
}

function everyByteAlone(bytes: Buffer): Buffer[] {
  return cutAt(bytes, [...bytes.keys()]);
}

function utf16(text: string, order: 'LE' | 'BE', bom = true): Buffer {
  const bytes = Buffer.from(bom ? `\uFEFF${text}` : text, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
}

describe('D5 plain bytes', () => {
  it('pass as they are, whatever they are', async () => {
    for (const hex of ['', '61', '1f', 'ff', 'ef bb', 'fe', '00 00 fe', 'e9 00 ff fe 61']) {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      expect(await decode([bytes])).toEqual(bytes);
      expect(await decode(everyByteAlone(bytes))).toEqual(bytes);
    }
  });

  it('lose one UTF-8 byte order mark at the start, and only there', async () => {
    const bytes = Buffer.from('\uFEFF\uFEFFa\uFEFFb');
    expect((await decode([bytes])).toString()).toBe('\uFEFFa\uFEFFb');
    expect((await decode(everyByteAlone(bytes))).toString()).toBe('\uFEFFa\uFEFFb');
    expect(await decode([Buffer.from('\uFEFF')])).toHaveLength(0);
  });
});

describe('D5 UTF-16', () => {
  it.each(['LE', 'BE'] as const)('%s is known by its byte order mark and becomes UTF-8', async (order) => {
    const text = 'user_id,é€\r\n😀\uFEFF\uFFFDx';
    expect((await decode([utf16(text, order)])).toString()).toBe(text);
    expect((await decode(everyByteAlone(utf16(text, order)))).toString()).toBe(text);
  });

  it('becomes the same UTF-8 for any text and any chunks', async () => {
    const arguments_ = [fc.string({ unit: 'binary' }), fc.constantFrom('LE', 'BE'), fc.array(fc.nat())] as const;
    await fc.assert(
      fc.asyncProperty(...arguments_, async (text, order, places) => {
        // Behind the mark, a NUL would make the mark that of UTF-32.
        fc.pre(!text.startsWith('\0'));
        expect((await decode(cutAt(utf16(text, order), places))).toString()).toBe(text);
      }),
      propertyRuns(1000),
    );
  });

  it.each([
    ['a high surrogate before another character', 'a\uD800b', '61 eda080 62'],
    ['a low surrogate alone', 'a\uDC00b', '61 edb080 62'],
    ['a high surrogate at the end', 'a\uDBFF', '61 edafbf'],
    ['two high surrogates before a low one', '\uD800\uD83D\uDE00', 'eda080 f09f9880'],
  ])('with %s becomes bytes that are not valid UTF-8', async (_, text, hex) => {
    const expected = hex.replaceAll(' ', '');
    expect((await decode([utf16(text, 'LE')])).toString('hex')).toBe(expected);
    expect((await decode(everyByteAlone(utf16(text, 'BE')))).toString('hex')).toBe(expected);
  });

  it('that ends in half a character ends in a byte that is not UTF-8', async () => {
    expect((await decode([utf16('ab', 'LE').subarray(0, -1)])).toString('hex')).toBe('61ff');
  });
});

describe('D5 UTF-32', () => {
  it.each(['fffe0000 61000000', '0000feff 00000061'])('is refused: %s', async (hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    await expect(decode([bytes])).rejects.toMatchObject({ code: 'unsupported_encoding' });
    await expect(decode(everyByteAlone(bytes))).rejects.toMatchObject({ code: 'unsupported_encoding' });
  });
});

describe('gzip', () => {
  const text = 'user_id,event_type\n'.repeat(50);

  it('is known by its first two bytes and unpacked, however it is cut', async () => {
    const packed = gzipSync(text);
    expect((await decode([packed])).toString()).toBe(text);
    expect((await decode(everyByteAlone(packed))).toString()).toBe(text);
  });

  it('E5 may have several members, empty ones too', async () => {
    const members = [gzipSync('a'), gzipSync(''), gzipSync('b'.repeat(100_000)), gzipSync('c')];
    const whole = `a${'b'.repeat(100_000)}c`;
    expect((await decode(members)).toString()).toBe(whole);
    expect((await decode([Buffer.concat(members)])).toString()).toBe(whole);
    expect((await decode(everyByteAlone(Buffer.concat(members)))).toString()).toBe(whole);
  });

  it('may hold UTF-16, or text with a byte order mark', async () => {
    expect((await decode([gzipSync(utf16('é', 'BE'))])).toString()).toBe('é');
    expect((await decode([gzipSync('\uFEFFé')])).toString()).toBe('é');
  });

  it('E5 is unpacked once: gzip inside gzip is refused', async () => {
    const packed = gzipSync(gzipSync('a'));
    const refusal = { code: 'unsupported_encoding', message: expect.stringContaining('gzip inside gzip') };
    await expect(decode([packed])).rejects.toMatchObject(refusal);
    await expect(decode(everyByteAlone(packed))).rejects.toMatchObject(refusal);
  });

  it('may be padded with zeros', async () => {
    const padded = Buffer.concat([gzipSync('a'), gzipSync('b'), Buffer.alloc(1000)]);
    expect((await decode([padded])).toString()).toBe('ab');
    expect((await decode(everyByteAlone(padded))).toString()).toBe('ab');
  });

  it.each([
    ['text', Buffer.from('garbage')],
    ['one byte', Buffer.from('x')],
    ['zeros and then text', Buffer.concat([Buffer.alloc(10), Buffer.from('x')])],
    ['zeros and then another member', Buffer.concat([Buffer.alloc(10), gzipSync('b')])],
    ['half a member', gzipSync('b').subarray(0, 12)],
    ['one magic byte', Buffer.from([0x1f])],
  ])('E5 with %s behind its end is corrupt', async (_, trailing) => {
    const bytes = Buffer.concat([gzipSync('a'), trailing]);
    await expect(decode([bytes])).rejects.toMatchObject({ code: 'corrupt_gzip' });
    await expect(decode([gzipSync('a'), trailing])).rejects.toMatchObject({ code: 'corrupt_gzip' });
    await expect(decode(everyByteAlone(bytes))).rejects.toMatchObject({ code: 'corrupt_gzip' });
  });

  it('E5 that is cut off anywhere is corrupt, and the message says what happened', async () => {
    const packed = gzipSync(text);
    for (let length = 2; length < packed.length; length++) {
      const cut = packed.subarray(0, length);
      await expect(decode([cut]), `cut at ${length}`).rejects.toMatchObject({
        code: 'corrupt_gzip',
        message: expect.stringContaining('ends too early'),
      });
    }
  });

  it.each([
    ['its CRC', -8],
    ['its length', -1],
    ['its data', 14],
  ])('E5 with a fault in %s is corrupt', async (_, place) => {
    const packed = gzipSync(text);
    const at = place < 0 ? packed.length + place : place;
    packed[at] = (packed[at] ?? 0) ^ 0xff;
    await expect(decode([packed])).rejects.toMatchObject({
      code: 'corrupt_gzip',
      message: expect.stringContaining('damaged'),
    });
  });

  it('E5 I6 takes memory for some chunks only when it unpacks to far more than it is', async () => {
    const bomb = await packedZeros(256 * MIB);
    const before = process.memoryUsage().rss;
    let size = 0;
    let peak = before;
    for await (const chunk of decodedChunks(stream([bomb]))) {
      size += chunk.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(size).toBe(256 * MIB);
    expect(peak - before).toBeLessThan(128 * MIB);
  });
});

describe('leaving early', () => {
  const long = Buffer.from('user_id,event_type\n'.repeat(100_000));

  it.each([
    ['plain', long],
    ['packed', gzipSync(long, { level: constants.Z_BEST_SPEED })],
    ['UTF-16', utf16(long.toString(), 'LE')],
  ])('closes a %s source', async (_, bytes) => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-decoded-'));
    try {
      await writeFile(join(directory, 'file'), Buffer.concat([bytes, bytes]));
      const source = createReadStream(join(directory, 'file'), { highWaterMark: 4096 });
      for await (const chunk of decodedChunks(source)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(source.destroyed).toBe(true);

      const failing = createReadStream(join(directory, 'file'), { highWaterMark: 4096 });
      const reading = async () => {
        for await (const _chunk of decodedChunks(failing)) throw new TypeError('the consumer fails');
      };
      await expect(reading()).rejects.toThrow('the consumer fails');
      expect(failing.destroyed).toBe(true);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('closes the source when the file is refused', async () => {
    let isClosed = false;
    async function* source() {
      try {
        yield Buffer.from([0xff, 0xfe, 0, 0]);
        yield Buffer.from('never asked for');
      } finally {
        isClosed = true;
      }
    }
    const reading = async () => {
      for await (const chunk of decodedChunks(source())) expect.unreachable(chunk.toString());
    };
    await expect(reading()).rejects.toMatchObject({ code: 'unsupported_encoding' });
    expect(isClosed).toBe(true);
  });

  it.each([
    ['plain', Buffer.from('abcd')],
    ['packed', gzipSync('abcd').subarray(0, 15)],
  ])('passes an error of a %s source on unchanged', async (_, bytes) => {
    const fault = new RangeError('the disk fails');
    async function* source() {
      yield bytes;
      throw fault;
    }
    const reading = async () => {
      for await (const chunk of decodedChunks(source())) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(reading()).rejects.toBe(fault);
  });
});

async function packedZeros(size: number): Promise<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  const packed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  const zeros = Buffer.alloc(MIB);
  for (let written = 0; written < size; written += MIB) {
    await new Promise<void>((resolve) => gzip.write(zeros, () => resolve()));
  }
  await new Promise<void>((resolve) => gzip.on('end', resolve).end());
  return Buffer.concat(packed);
}
