import { readFile } from 'node:fs/promises';

/** What a process has in memory now, and the most it ever had, in bytes (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html). */
export async function memoryOf(pid: number | undefined): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}
