import { type Random, shuffled } from './random.ts';
import type { RowFault } from './row-fault.ts';

/**
 * How a row is to be written. `lost` says what a reader that meets this row may still have to recover from:
 * `nothing`; `broken` the row above was no record, so this line must be a whole record by itself; `open` a quote above is
 * still open, so this row must show a quoted field, whose opening quote ends the confusion.
 */
export interface RowPlan {
  readonly fault: RowFault | undefined;
  readonly lost: 'nothing' | 'broken' | 'open';
}

/** Deals the faults like cards: each comes once before any comes again, so that even a small file meets many of them. */
export interface FaultDeck {
  draw(fits: (fault: RowFault) => boolean): RowFault | undefined;
}

export function createFaultDeck(faults: readonly RowFault[], random: Random): FaultDeck {
  const cards: RowFault[] = [];
  return {
    draw(fits) {
      if (!cards.some(fits)) cards.push(...shuffled(faults, random));
      const place = cards.findIndex(fits);
      return place === -1 ? undefined : cards.splice(place, 1)[0];
    },
  };
}

/**
 * Plans the rows of one file: exactly `round(rows × dirty)` of them get a fault, at random places (selection sampling,
 * Knuth, The Art of Computer Programming, volume 2, 3.4.2, algorithm S).
 *
 * After a line that is no record the reader goes back to the next physical line and resumes at the first one that is a whole
 * record, so the row below a broken one is always such a line. Below an unclosed quote a row with a quoted field follows as well:
 * its opening quote has text behind it and proves the quote above to be an error. Without it, a later closing quote could
 * end the field legally and swallow clean rows.
 */
export function* planRows(rows: number, dirty: number, deck: FaultDeck, random: Random): Generator<RowPlan, void> {
  let faultsLeft = Math.round(rows * dirty);
  let lost: RowPlan['lost'] = 'nothing';
  let quoteOpen = false;

  for (let rowsLeft = rows; rowsLeft > 0; rowsLeft -= 1) {
    let fault: RowFault | undefined;
    if (faultsLeft > 0 && random.below(rowsLeft) < faultsLeft) {
      fault = deck.draw(FITS[lost]);
      faultsLeft -= 1;
    }
    yield { fault, lost };

    if (lost === 'broken' && quoteOpen) {
      lost = 'open';
      quoteOpen = false;
    } else {
      quoteOpen = fault?.shape === 'open';
      lost = quoteOpen || fault?.shape === 'broken' ? 'broken' : 'nothing';
    }
  }
}

const FITS = {
  nothing: () => true,
  broken: (fault: RowFault) => fault.shape === 'whole',
  open: (fault: RowFault) => fault.shape === 'whole' && fault.column !== 'product_name',
} as const;
