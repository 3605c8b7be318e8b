/** Whether a header can carry it, as the server demands of `API_KEY`. A browser throws at any other one before it asks. */
export const isPossibleKey = (key: string): boolean => /^[\x21-\x7e]+$/.test(key);
