export const HEADER = 'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id\n';

/** Rows that nothing is wrong with, each another one. */
export function plainRows(count: number, product = 'P'): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const minute = String(index % 60).padStart(2, '0');
    return `U${index},view,2026-01-01T00:${minute}:00Z,${product}${index},Kettle ${index},${1 + (index % 90)}.50,S${index}\n`;
  });
  return rows.join('');
}
