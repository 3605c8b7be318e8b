// `npm start` and its siblings: makes the clone runnable, then runs an entry of `dist` in this very process, so that
// signals and exit codes pass through nobody else.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildWhereNeeded, installWhereNeeded, requireNode, root } from './prepare.mjs';

const [entry = 'main'] = process.argv.splice(2, 1);
requireNode();
installWhereNeeded();
buildWhereNeeded();
await import(pathToFileURL(join(root, 'dist', `${entry}.js`)).href);
