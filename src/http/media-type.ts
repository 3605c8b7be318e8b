/**
 * Which of two media types an Accept header asks for (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1): the one of the
 * higher weight, then the one that is named more exactly; where that decides nothing, or the header is missing, the first.
 */
export function preferred<const Type extends string>(accept: string | undefined, first: Type, second: Type): Type {
  const ranges = parseAccept(accept ?? '');
  const [one, other] = [bestMatch(ranges, first), bestMatch(ranges, second)];
  const isSecond = other.weight > one.weight || (other.weight === one.weight && other.exactness > one.exactness);
  return isSecond && other.weight > 0 ? second : first;
}

interface MediaRange {
  readonly name: string;
  readonly weight: number;
}

interface Match {
  readonly weight: number;
  readonly exactness: number;
}

function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').map((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    return { name, weight: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0 };
  });
}

function bestMatch(ranges: readonly MediaRange[], type: string): Match {
  const names = ['*/*', `${type.split('/')[0]}/*`, type];
  let best: Match = { weight: 0, exactness: -1 };
  for (const { name, weight } of ranges) {
    const exactness = names.indexOf(name);
    if (exactness > best.exactness) best = { weight, exactness };
  }
  return best;
}
