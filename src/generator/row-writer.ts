import type { EventColumn } from '../ingest/event-columns.ts';
import { CATALOGUE, type Product } from './catalogue.ts';
import { type Dialect, encodeField, quoted } from './dialect.ts';
import { createTimeFormat } from './event-time.ts';
import type { Random } from './random.ts';
import type { RowPlan } from './row-plan.ts';
import type { ShopEvent } from './shop.ts';
import { untidy } from './untidy-values.ts';

/** Writes one event as a line of the file, without its line end; bytes that are no UTF-8 come as `rawByte`s. */
export type RowWriter = (event: ShopEvent, plan: RowPlan) => string;

// Rows whose values are clean only after trimming, shifting to UTC or rounding, as real shops send them now and then.
const UNTIDY_PERCENT = 2;

export function createRowWriter(dialect: Dialect, random: Random): RowWriter {
  const { delimiter, columns } = dialect;
  const places = new Map(columns.map((column, place) => [column, place]));
  const formatTime = createTimeFormat();
  const names = new Map(CATALOGUE.map((product) => [product, encodeField(product.name, delimiter)]));
  const prices = new Map(CATALOGUE.map((product) => [product, formatCents(product.priceCents)]));
  const plainInstead = plainSubstitutes();
  const at = (column: EventColumn): number => places.get(column) ?? -1;

  function fieldsOf(event: ShopEvent, product: Product): Record<(typeof columns)[number], string> {
    return {
      user_id: event.userId,
      event_type: event.eventType,
      event_timestamp: formatTime(event.time),
      product_id: product.id,
      product_name: names.get(product) ?? '',
      product_price: prices.get(product) ?? '',
      session_id: event.sessionId,
      device: event.device,
    };
  }

  return (event, { fault, lost }) => {
    const mustBePlain = lost !== 'nothing' || (fault !== undefined && fault.column === null);
    const product = mustBePlain ? (plainInstead.get(event.product) ?? event.product) : event.product;
    const fields = fieldsOf(event, product);

    if (lost === 'open') fields.product_name = quoted(product.name);
    if (fault === undefined && !mustBePlain && random.chance(UNTIDY_PERCENT)) untidy(fields, event.time, random);

    const inOrder = columns.map((column) => fields[column]);
    return (fault === undefined ? inOrder : fault.spoil(inOrder, at)).join(delimiter);
  };
}

/** For each product one whose name needs no quotes and has no awkward characters. */
function plainSubstitutes(): ReadonlyMap<Product, Product> {
  const plain = CATALOGUE.filter((product) => /^\w[\w -]*\w$/.test(product.name));
  return new Map(CATALOGUE.map((product, index) => [product, plain[index % plain.length] ?? product]));
}

function formatCents(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}
