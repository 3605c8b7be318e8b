import type { Rejection, TransformResult } from './clean-event.ts';
import { cleanEventType } from './event-type.ts';
import { createLocalTime } from './local-time.ts';
import { cleanPriceCents } from './price.ts';
import { cleanIdentifier, cleanVerbatimText } from './text.ts';
import { cleanTimestampMs, timestampMicros } from './timestamp.ts';

/**
 * Makes the function that turns the seven values of a row into a clean event, or names the first rule that the row
 * breaks. The values come in the order of `EVENT_COLUMNS`, and that is the order of the checks; '' stands for a value
 * that is absent.
 *
 * The values must be well-formed Unicode without NUL (the CSV reader rejects anything else as `invalid_encoding`):
 * PostgreSQL stores neither. The result depends on nothing but the values and `timeZone`, never on the host.
 *
 * @param options.timeZone the IANA zone of timestamps that name none, see `isTimeZone`
 * @throws RangeError if `timeZone` is not a time zone
 */
export function createEventTransform(options: { timeZone: string }): (values: readonly string[]) => TransformResult {
  const instantOfLocalTime = createLocalTime(options.timeZone);

  return (values) => {
    const userId = cleanIdentifier('user_id', values[0] ?? '');
    if (typeof userId === 'object') return rejected(userId);

    const eventType = cleanEventType(values[1] ?? '');
    if (typeof eventType === 'object') return rejected(eventType);

    const timestampText = values[2] ?? '';
    const timestampMs = cleanTimestampMs(timestampText, instantOfLocalTime);
    if (typeof timestampMs === 'object') return rejected(timestampMs);

    const productId = cleanIdentifier('product_id', values[3] ?? '');
    if (typeof productId === 'object') return rejected(productId);

    const productName = cleanVerbatimText('product_name', values[4] ?? '');
    if (typeof productName === 'object') return rejected(productName);

    const priceCents = cleanPriceCents(values[5] ?? '');
    if (typeof priceCents === 'object') return rejected(priceCents);

    const sessionId = cleanVerbatimText('session_id', values[6] ?? '');
    if (typeof sessionId === 'object') return rejected(sessionId);

    return {
      ok: true,
      event: {
        userId,
        eventType,
        timestampMs,
        timestampMicros: timestampMicros(timestampText),
        productId,
        productName,
        priceCents,
        sessionId,
      },
    };
  };
}

function rejected(rejection: Rejection): TransformResult {
  return { ok: false, rejection };
}
