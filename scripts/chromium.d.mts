import type { Browser } from 'playwright-core';

/**
 * The path of an installed Chromium: CHROMIUM, or the first of its usual names in PATH.
 * @throws where there is none, saying what to install
 */
export function chromiumPath(env?: Readonly<Record<string, string | undefined>>): string;

/** A headless Chromium; whoever launches it closes it. */
export function launchChromium(): Promise<Browser>;
