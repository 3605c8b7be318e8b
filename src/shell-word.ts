/** A word as it can be pasted into a shell: whatever is in it, it is one argument and no command. */
export function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
