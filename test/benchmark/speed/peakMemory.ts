/** Loaded before a program: writes the peak of its resident memory, in kilobytes, to a file when it ends. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/** Linux hands `maxRSS` on from the process that started this one; its high-water mark is the program's own. */
function peakKilobytes(): number {
  const own = existsSync(STATUS) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) : null;
  return own === null ? process.resourceUsage().maxRSS : Number(own[1]);
}

process.on('exit', () => writeFileSync(process.env['PEAK_MEMORY_FILE']!, String(peakKilobytes())));
