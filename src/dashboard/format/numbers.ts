const LOCALE = 'en';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
/** What is less than that would be rounded to nothing, and what misses the whole by less to all. */
const LEAST_SHARE = 0.0005;

/** 1234567 → 1,234,567 */
export const formatCount = (value: number): string => whole.format(value);

/** 1234567 → 1.2M, where there is little room and the exact number stands elsewhere */
export const formatShortCount = (value: number): string => short.format(value);

/** A share of 0 to 1; 0.1234 → 12.3%. Some is never shown as none, and not all never as all: <0.1%, >99.9% */
export function formatPercent(share: number): string {
  if (share > 0 && share < LEAST_SHARE) return `<${percent.format(0.001)}`;
  if (share < 1 && share > 1 - LEAST_SHARE) return `>${percent.format(0.999)}`;
  return percent.format(share);
}

/** Money as the server sends it, a decimal in a text: the text is cut into groups, never made a float. `1234567.50` → 1,234,567.50 */
export function formatMoney(value: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
  if (match === null) return value;
  const [, sign = '', digits = '', cents = ''] = match;
  const groups = digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${sign}${groups}.${cents.padEnd(2, '0').slice(0, 2)}`;
}

/** `1 row`, `2,000 rows` */
export function formatCounted(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}
