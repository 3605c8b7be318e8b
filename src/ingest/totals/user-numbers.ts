import { randomInt } from 'node:crypto';

const FIRST_SLOTS = 4096;
const FIRST_ARENA_BYTES = 64 * 1024;
/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/, from another start in each process: a file of ids that meet in one slot should not be easy to make. */
const START = randomInt(2 ** 32);
const FNV_PRIME = 0x01000193;

/**
 * Numbers user ids from 0 in the order of their first appearance, straight from their bytes: a string a row would cost as much as
 * everything else that is counted of it.
 */
export class UserNumbers {
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #hashes = new Int32Array(FIRST_SLOTS / 2);
  /** the ids one behind the other; that of number n lies from `#ends[n - 1]` to `#ends[n]` */
  #arena = Buffer.allocUnsafeSlow(FIRST_ARENA_BYTES);
  #ends = new Int32Array(FIRST_SLOTS / 2);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The number of the user whose id are the bytes from `start` to `end`. */
  of(bytes: Uint8Array, start: number, end: number): number {
    let hash = START;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number;
      if (number === -1) return this.#add(slot, hash, bytes, start, end);
      if (this.#hashes[number] === hash && this.#is(number, bytes, start, end)) return number;
    }
  }

  /** The bytes of an id; good until the next one is numbered. */
  id(number: number): Buffer {
    return this.#arena.subarray(this.#startOf(number), this.#ends[number]);
  }

  clear(): void {
    this.#slots.fill(-1);
    this.#count = 0;
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : (this.#ends[number - 1] as number);
  }

  #is(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.#startOf(number);
    if ((this.#ends[number] as number) - at !== end - start) return false;
    for (let from = start; from < end; from += 1) if (this.#arena[at++] !== bytes[from]) return false;
    return true;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const number = this.#count;
    const at = this.#startOf(number);
    if (at + end - start > this.#arena.length) this.#arena = grown(this.#arena);
    this.#arena.set(bytes.subarray(start, end), at);
    this.#ends[number] = at + end - start;
    this.#hashes[number] = hash;
    this.#slots[slot] = number;
    this.#count += 1;
    if (this.#count === this.#ends.length) this.#grow();
    return number;
  }

  /** Half of the slots stay empty, so that a search is short. */
  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number += 1) {
      const hash = this.#hashes[number] as number;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
    const hashes = new Int32Array(slots.length / 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const ends = new Int32Array(slots.length / 2);
    ends.set(this.#ends);
    this.#ends = ends;
  }
}

function grown(arena: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(arena.length * 2);
  arena.copy(larger);
  return larger;
}
