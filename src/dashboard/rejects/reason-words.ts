/** `missing_value` → missing value */
export const reasonWords = (reason: string): string => reason.replaceAll('_', ' ');
