/** Loaded before a program: writes the peak of its resident memory, in kilobytes, to a file when it ends. */

import { writeFileSync } from 'node:fs';

process.on('exit', () => writeFileSync(process.env['PEAK_MEMORY_FILE']!, String(process.resourceUsage().maxRSS)));
