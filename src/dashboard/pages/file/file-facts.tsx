import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import type { FileReply } from '../../api/reply-types.ts';
import { formatBytes } from '../../format/bytes.ts';
import { formatCount, formatCounted } from '../../format/numbers.ts';
import { CopyButton } from './copy-button.tsx';

const ORIGINS = {
  directory: 'the watched folder',
  upload: 'an upload',
  cli: 'the load command',
} as const satisfies Record<FileReply['origin'], string>;

/** What is known of a file beside its rows. */
export function FileFacts({ file }: { readonly file: FileReply }) {
  const { sizeBytes, sha256, origin, attempts, ignoredColumns, duplicateOf, follows, corrects, maxRejectPercent } =
    file;
  return (
    <section class="card" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl class="facts">
        <Fact term="Number">{file.fileId}</Fact>
        <Fact term="Came by">{ORIGINS[origin]}</Fact>
        <Fact term="Size">
          {formatBytes(sizeBytes)} <span class="muted">({formatCount(sizeBytes)} bytes)</span>
        </Fact>
        <Fact term="SHA-256">
          {sha256 === null ? (
            <span class="muted">known when it has been read</span>
          ) : (
            <>
              <code>{sha256}</code> <CopyButton text={sha256} what="SHA-256" />
            </>
          )}
        </Fact>
        <Fact term="Attempts">{formatCounted(attempts, 'attempt')}</Fact>
        {maxRejectPercent === null ? null : <Fact term="Held above">{maxRejectPercent} % rejected rows</Fact>}
        {ignoredColumns.length === 0 ? null : (
          <Fact term="Ignored columns">
            <code>{ignoredColumns.join(', ')}</code>
          </Fact>
        )}
        <FileLink term="Same bytes as" fileId={duplicateOf} />
        <FileLink term="New version of" fileId={follows} />
        <FileLink term="Corrects rows of" fileId={corrects} />
      </dl>
    </section>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function FileLink({ term, fileId }: { readonly term: string; readonly fileId: number | null }) {
  if (fileId === null) return null;
  return (
    <Fact term={term}>
      <Link href={`/files/${fileId}`}>file {fileId}</Link>
    </Fact>
  );
}
