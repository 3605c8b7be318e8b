// The results as people and programs read them.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resultCells, TABLE_HEADER } from './table.mjs';

/** Writes `<time>-<commit>.json` and `.md` into the directory and returns their paths. */
export async function writeReport(directory, report) {
  await mkdir(directory, { recursive: true });
  const time = report.startedAt.replaceAll(/[-:]|\.\d+/g, '');
  const path = join(directory, `${time}-${report.commit.commit}`);
  await writeFile(`${path}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(`${path}.md`, markdown(report));
  return [`${path}.json`, `${path}.md`];
}

function markdown({ startedAt, seconds, commandLine, commit, machine, psql, server, results, errors, skipped }) {
  const settings = Object.entries(server).map(([name, value]) => `${name} ${value}`);
  const notes = results.flatMap(({ scenario, what, notes: lines }) =>
    lines.map((line) => `- ${scenario}, ${what}: ${line}`),
  );
  return [
    `# Benchmark of ${startedAt}`,
    '',
    `- \`${commandLine}\`, ${Math.round(seconds)} s`,
    `- commit ${commit.commit}${commit.changed ? ' with changes' : ''}`,
    `- ${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 1e9).toFixed(1)} GB, ${machine.system}, Node ${machine.node}`,
    `- load average at the start ${machine.loadAverage.map((value) => value.toFixed(2)).join(' ')}`,
    `- ${psql}; PostgreSQL: ${settings.join(', ')}`,
    ...(skipped.length === 0 ? [] : [`- not measured, the time of --quick being over: ${skipped.join(', ')}`]),
    ...errors.map(({ scenario, message }) => `- **${scenario} failed: ${message}**`),
    '',
    markdownRow(TABLE_HEADER),
    markdownRow(TABLE_HEADER.map(() => '---')),
    ...results.map((result) => markdownRow(resultCells(result))),
    '',
    ...notes,
    '',
  ].join('\n');
}

function markdownRow(cells) {
  return `| ${cells.join(' | ')} |`;
}
