const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
/** Neighbouring rows shall be far from each other in an index on user_id; prime, so that every user has a turn. */
const STEP = 7919;
/** As the generator writes them, U000001 and so on. */
const LEAST_DIGITS = 6;

/** Rows of a plain file whose first column, `user_id`, is replaced: each row is of another of `users` users. */
export class OtherUsers {
  #rests;
  #users;
  #room;

  constructor(body, users) {
    this.#rests = restsOf(body);
    this.#users = users;
    this.#room = body.length + this.#rests.length * (1 + Math.max(LEAST_DIGITS, String(users).length));
  }

  /** The rows again, as those with the numbers from `first` on: two rows with other numbers have other users, up to `users` of them. */
  block(first) {
    const block = Buffer.allocUnsafe(this.#room);
    let at = 0;
    this.#rests.forEach((rest, row) => {
      const user = (((first + row) * STEP) % this.#users) + 1;
      at += block.latin1Write(`U${String(user).padStart(LEAST_DIGITS, '0')}`, at);
      at += rest.copy(block, at);
    });
    return block.subarray(0, at);
  }
}

/** What follows the first column in each record; a line end inside of quotes ends none. */
function restsOf(body) {
  const rests = [];
  let isQuoted = false;
  let from = body.indexOf(COMMA);
  for (let at = 0; at < body.length; at += 1) {
    if (body[at] === QUOTE) isQuoted = !isQuoted;
    else if (body[at] === NEWLINE && !isQuoted) {
      rests.push(body.subarray(from, at + 1));
      from = body.indexOf(COMMA, at);
    }
  }
  return rests;
}
