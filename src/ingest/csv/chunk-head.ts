/** The same bytes, with at least `size` of them in the first chunk where there are as many; no empty chunks. */
export async function* withHead(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === undefined) {
      if (chunk.length > 0) yield chunk;
      continue;
    }
    // What has to be kept until the next chunk is a copy: the source may use the buffer again.
    head = head.length === 0 && chunk.length >= size ? chunk : Buffer.concat([head, chunk]);
    if (head.length < size) continue;
    yield head;
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield head;
}
