import type { ChunkDecoder } from './text-decoder.ts';

const BOM = 0xfeff;
// No byte of UTF-8, so the record in which it stands is rejected instead of half a character being lost.
const HALF_CODE_UNIT = 0xff;

/**
 * UTF-16 to UTF-8 (Unicode Standard, sections 3.9 and 3.10), with surrogate pairs and code units cut anywhere by the
 * chunks. A surrogate without its other half becomes the three bytes that its number would have (ED A0 80 to ED BF BF),
 * which are not valid UTF-8: U+FFFD would let the damage pass as text.
 */
export class Utf16Decoder implements ChunkDecoder {
  readonly #isLittleEndian: boolean;
  #oddByte: number | undefined;
  #highSurrogate = 0;
  #isFirst = true;
  #out: Buffer = Buffer.alloc(0);
  #size = 0;

  constructor(order: 'little-endian' | 'big-endian') {
    this.#isLittleEndian = order === 'little-endian';
  }

  decode(chunk: Buffer): Buffer {
    // Three bytes for each code unit, that of the odd byte and the surrogate that waits included.
    this.#out = Buffer.allocUnsafe(3 * (Math.ceil(chunk.length / 2) + 2));
    this.#size = 0;
    let at = 0;
    if (this.#oddByte !== undefined && chunk.length > 0) {
      this.#codeUnit(this.#unit(this.#oddByte, chunk[0] ?? 0));
      this.#oddByte = undefined;
      at = 1;
    }
    for (; at + 1 < chunk.length; at += 2) this.#codeUnit(this.#unit(chunk[at] ?? 0, chunk[at + 1] ?? 0));
    if (at < chunk.length) this.#oddByte = chunk[at];
    return this.#out.subarray(0, this.#size);
  }

  end(): Buffer {
    this.#out = Buffer.allocUnsafe(4);
    this.#size = 0;
    this.#flushHighSurrogate();
    if (this.#oddByte !== undefined) this.#byte(HALF_CODE_UNIT);
    return this.#out.subarray(0, this.#size);
  }

  #unit(first: number, second: number): number {
    return this.#isLittleEndian ? first | (second << 8) : (first << 8) | second;
  }

  #codeUnit(unit: number): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && unit === BOM) return;
    if (unit >= 0xdc00 && unit <= 0xdfff && this.#highSurrogate !== 0) {
      this.#codePoint(0x10000 + ((this.#highSurrogate - 0xd800) << 10) + (unit - 0xdc00));
      this.#highSurrogate = 0;
      return;
    }
    this.#flushHighSurrogate();
    if (unit >= 0xd800 && unit <= 0xdbff) this.#highSurrogate = unit;
    else this.#codePoint(unit);
  }

  #flushHighSurrogate(): void {
    if (this.#highSurrogate !== 0) this.#codePoint(this.#highSurrogate);
    this.#highSurrogate = 0;
  }

  #codePoint(code: number): void {
    if (code < 0x80) {
      this.#byte(code);
      return;
    }
    if (code < 0x800) {
      this.#byte(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
      this.#byte(0xe0 | (code >> 12));
      this.#byte(0x80 | ((code >> 6) & 0x3f));
    } else {
      this.#byte(0xf0 | (code >> 18));
      this.#byte(0x80 | ((code >> 12) & 0x3f));
      this.#byte(0x80 | ((code >> 6) & 0x3f));
    }
    this.#byte(0x80 | (code & 0x3f));
  }

  #byte(value: number): void {
    this.#out[this.#size++] = value;
  }
}
