/** Has the browser save a reply under the name that the server gave it. */
export async function saveReply(response: Response, nameWithout: string): Promise<void> {
  const address = URL.createObjectURL(await response.blob());
  try {
    const link = document.createElement('a');
    link.href = address;
    link.download = nameOf(response.headers.get('content-disposition')) ?? nameWithout;
    document.body.append(link);
    link.click();
    link.remove();
  } finally {
    // The click has handed it to the browser; it would stay in memory for as long as the page is open.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

/** The name in `filename*`, which may have any letter (https://www.rfc-editor.org/rfc/rfc6266#section-4.3). */
function nameOf(disposition: string | null): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  return encoded === undefined ? undefined : decodeURIComponent(encoded);
}
