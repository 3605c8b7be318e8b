/** Where the corrected file comes in. */
export function CorrectedFileDrop() {
  return <div class="drop-zone">Drop it anywhere on this page</div>;
}
