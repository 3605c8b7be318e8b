const english = new Intl.NumberFormat('en');

/** `1,234`, whatever the language of the machine. */
export function grouped(count: number): string {
  return english.format(count);
}
