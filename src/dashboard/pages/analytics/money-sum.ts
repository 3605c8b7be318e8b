/** The exact sum of decimals with two places, which floats would round. */
export function moneySum(amounts: readonly string[]): string {
  let cents = 0n;
  for (const amount of amounts) cents += BigInt(amount.replace('.', ''));
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
