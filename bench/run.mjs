// `npm run bench`: makes the clone runnable, then runs the suite. The suite is a module of its own because it needs what
// is installed here, and because whoever has built already (a test) can run it alone.
import { buildWhereNeeded, installWhereNeeded, requireNode } from '../scripts/prepare.mjs';

requireNode();
installWhereNeeded();
buildWhereNeeded();
await import('./suite.mjs');
