/** A file as the API shows it, as far as tests of its changes look at it. */
export interface FileReply {
  readonly fileId: number;
  readonly status: string;
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rowsWithheld: number;
  readonly rowsExpired: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What a call that changes a file answered; a problem has a code. */
export interface ChangeReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: FileReply & { readonly code?: string; readonly detail?: string };
}

/** Takes the rows of a file out, or discards a held one. */
export async function revert(url: string, fileId: number): Promise<ChangeReply> {
  return await call(`${url}/ingestion/files/${fileId}`, 'DELETE');
}

/** Loads a held file all the same. */
export async function release(url: string, fileId: number): Promise<ChangeReply> {
  return await call(`${url}/ingestion/files/${fileId}/release`, 'POST');
}

/** Uploads one file and waits for its end; answers with it. */
export async function upload(url: string, name: string, content: string | Buffer, query = ''): Promise<FileReply> {
  const reply = await fetch(`${url}/uploads/${name}?wait=30${query}`, { method: 'PUT', body: content });
  const { files } = (await reply.json()) as { files?: FileReply[] };
  const [file] = files ?? [];
  if (file === undefined) throw new TypeError(`the upload of ${name} was answered with ${reply.status}`);
  return file;
}

async function call(address: string, method: string): Promise<ChangeReply> {
  const reply = await fetch(address, { method });
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as ChangeReply['body'] };
}
