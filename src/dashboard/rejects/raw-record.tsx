import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../format/numbers.ts';
import { excerptOf, type Span } from './raw-excerpt.ts';
import { visiblePieces } from './visible-text.ts';
import './rejects.css';

export interface RawRecordProps {
  readonly raw: string;
  /** where the wrong field stands in it; null where the row as a whole is wrong */
  readonly span: Span | null;
  /** the server keeps the first 4 KiB only */
  readonly isCut: boolean;
}

/** A record as it stands in the file, with the field that is wrong marked and nothing left invisible; a long one shortened at first. */
export function RawRecord({ raw, span, isCut }: RawRecordProps) {
  const [isWhole, setWhole] = useState(false);
  const { before, marked, after, isShortened } = excerptOf(raw, span, isWhole);
  return (
    <>
      <code class="raw-record">
        <Pieces text={before} spaces="plain" />
        {marked === undefined ? null : (
          <mark>
            {marked === '' ? <span class="raw-remark">nothing</span> : <Pieces text={marked} spaces="shown" />}
          </mark>
        )}
        <Pieces text={after} spaces="plain" />
        {isCut && !isShortened ? <span class="raw-remark"> … it goes on beyond 4 KiB</span> : null}
      </code>
      {isShortened ? (
        <button type="button" class="text-button small" onClick={() => setWhole(true)}>
          Show all {formatCount(raw.length)} characters
        </button>
      ) : null}
    </>
  );
}

function Pieces({ text, spaces }: { readonly text: string; readonly spaces: 'shown' | 'plain' }) {
  return (
    <>
      {visiblePieces(text, spaces).map((piece, index) =>
        piece.name === undefined ? (
          <Fragment key={index}>{piece.text}</Fragment>
        ) : (
          <span key={index} class="raw-invisible" title={piece.name}>
            {piece.text}
          </span>
        ),
      )}
    </>
  );
}
