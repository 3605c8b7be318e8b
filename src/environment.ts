import { existsSync } from 'node:fs';

/** Adds what a `.env` file in the working directory says to the environment; what is set already stays. */
export function readDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
