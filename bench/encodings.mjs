// The same rows, written in other ways. Each takes a plain file and gives a header and a body that can be repeated.
import { parse } from 'csv-parse/sync';

const NAME_COLUMN = 4;
/** The generator makes names as long as a name may be, and ours grow. */
const NAME_CHARACTERS = 200;
const BYTE_ORDER_MARK = '\ufeff';

export const encodings = {
  plain(bytes) {
    const end = bytes.indexOf('\n') + 1;
    return { header: bytes.subarray(0, end), body: bytes.subarray(end) };
  },

  /** every field in quotes, as many exports write it */
  quoted: (bytes) => rewritten(bytes, (fields) => fields),

  /** every field in quotes, and quotes inside of every product name */
  escaped: (bytes) => rewritten(bytes, (fields) => fields.with(NAME_COLUMN, `${shortened(fields[NAME_COLUMN])} "new"`)),

  utf16(bytes) {
    const { header, body } = encodings.plain(bytes);
    return {
      header: Buffer.from(`${BYTE_ORDER_MARK}${header}`, 'utf16le'),
      body: Buffer.from(body.toString(), 'utf16le'),
    };
  },
};

function rewritten(bytes, change) {
  const [names, ...rows] = parse(bytes);
  const line = (fields) => `${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')}\n`;
  return {
    header: Buffer.from(line(names)),
    body: Buffer.from(rows.map((fields) => line(change(fields))).join('')),
  };
}

function shortened(name) {
  return name.length <= NAME_CHARACTERS ? name : [...name].slice(0, NAME_CHARACTERS).join('');
}
