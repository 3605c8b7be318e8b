const LOCALE = 'en';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const decimal = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const money = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** 1234567 → 1,234,567 */
export const formatCount = (value: number): string => whole.format(value);

/** 1234567 → 1.2M, where there is little room and the exact number stands elsewhere */
export const formatShortCount = (value: number): string => short.format(value);

export const formatDecimal = (value: number): string => decimal.format(value);

/** A share of 0 to 1; 0.1234 → 12.3% */
export const formatPercent = (share: number): string => percent.format(share);

/** Money as the server sends it, a decimal in a text: the text is cut into groups, never made a float. `1234567.50` → 1,234,567.50 */
export function formatMoney(value: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
  if (match === null) return value;
  const [, sign = '', digits = '', cents = ''] = match;
  const groups = digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${sign}${groups}.${cents.padEnd(2, '0').slice(0, 2)}`;
}

/** The same for a sum that was made for a plot. */
export const formatMoneyNumber = (value: number): string => money.format(value);

/** `1 row`, `2,000 rows` */
export function formatCounted(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}
