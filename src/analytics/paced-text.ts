import { Readable } from 'node:stream';

export interface PacedLimits {
  /** within which a piece that is ready has to be taken */
  readonly untakenMs: number;
  /** for the whole text: as long as its snapshot is open, PostgreSQL clears away nothing that has been deleted since */
  readonly wholeMs: number;
}

export interface TextPieces {
  readonly first: string;
  /** undefined at the end */
  readonly next: () => Promise<string | undefined>;
  /** called once, whatever has become of the stream */
  readonly close: () => void;
}

/** A text was broken off: whoever takes it so slowly would hold what it is read from for too long. */
export class TakenTooSlowlyError extends Error {
  readonly code = 'taken_too_slowly';
}

/** A text as a stream, each piece asked for when the one before was taken, which fails where that takes too long. */
export function pacedText({ first, next, close }: TextPieces, { untakenMs, wholeMs }: PacedLimits): Readable {
  const breakOff = () => void stream.destroy(new TakenTooSlowlyError('the download was taken too slowly'));
  const whole = setTimeout(breakOff, wholeMs);
  let untaken = setTimeout(breakOff, untakenMs);
  let isBegun = false;
  const nextPiece = async () => {
    if (isBegun) return await next();
    isBegun = true;
    return first;
  };
  const stream = new Readable({
    read: () => {
      clearTimeout(untaken);
      nextPiece().then(
        (piece) => {
          if (stream.destroyed) return;
          if (piece !== undefined) untaken = setTimeout(breakOff, untakenMs);
          stream.push(piece ?? null);
        },
        (error: Error) => stream.destroy(error),
      );
    },
    destroy: (error, done) => {
      clearTimeout(whole);
      clearTimeout(untaken);
      close();
      done(error);
    },
  });
  return stream;
}
